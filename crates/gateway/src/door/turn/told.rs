//! What the application is told of a decision, in header fields.

use http::HeaderName;
use spigot_decision::{Action, ReasonKind, Source};

use crate::pipeline::{Decided, Seen, Snapshot};
use crate::upstream::Fields;

static X_SPIGOT_ACTION: HeaderName = HeaderName::from_static("x-spigot-action");
static X_SPIGOT_DECISION: HeaderName = HeaderName::from_static("x-spigot-decision");
static X_SPIGOT_RISK: HeaderName = HeaderName::from_static("x-spigot-risk");
static X_SPIGOT_REASONS: HeaderName = HeaderName::from_static("x-spigot-reasons");
static X_SPIGOT_SHADOW: HeaderName = HeaderName::from_static("x-spigot-shadow");
static X_SPIGOT_PASSWORD: HeaderName = HeaderName::from_static("x-spigot-password");
static X_SPIGOT_TRUSTED: HeaderName = HeaderName::from_static("x-spigot-trusted");

/// Writes what the application is told of the decision, and of the client's fingerprints.
pub(in crate::door) fn tell(
    snapshot: &Snapshot,
    seen: &Seen<'_>,
    decided: &Decided,
    fields: &mut impl Fields,
) {
    let (decision, policy) = (&decided.decision, &snapshot.policy);
    fields.set(&X_SPIGOT_ACTION, decision.effective.name().as_bytes());
    fields.set(&X_SPIGOT_DECISION, &decided.id.letters());
    match decision.risk {
        0 => fields.set(&X_SPIGOT_RISK, b"0"),
        risk => fields.set(&X_SPIGOT_RISK, risk.to_string().as_bytes()),
    }
    let trusted = decision.reasons.iter().find(|reason| {
        matches!(reason.source, Source::Trusted(_) | Source::TrustedKey(_))
            && reason.kind != ReasonKind::Tells
    });
    if let Some(reason) = trusted {
        fields.set(&X_SPIGOT_TRUSTED, policy.source_name(reason.source).as_bytes());
    }
    let mut reasons = String::new();
    for reason in decision.reasons.iter().filter(|reason| reason.kind != ReasonKind::Tells) {
        if !reasons.is_empty() {
            reasons.push_str(", ");
        }
        reasons.push_str(policy.source_name(reason.source));
    }
    fields.set(&X_SPIGOT_REASONS, reasons.as_bytes());
    if decision.effective == Action::Shadow {
        fields.set(&X_SPIGOT_SHADOW, b"1");
    }
    if decided.breached {
        fields.set(&X_SPIGOT_PASSWORD, b"breached");
    }
    seen.marks.forward(seen.told, seen.header_order, fields);
}
