//! One request on its way through, whatever the door: from what it is to what is done about it, short of passing it on.

mod act;
mod form;
mod shadow;
mod told;
mod understand;

use std::time::Instant;

use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use spigot_decision::Sender;
use spigot_decision::policy::Route;
use spigot_state::State;

pub(super) use self::act::{Verdict, is_form};
pub(super) use self::form::carried;
pub(super) use self::told::tell;
pub(super) use self::understand::{
    Gone, OTHERWISE, authority, host_name, injects, is_coded, sender, understood, wanted_upgrade,
};
use crate::fields::Came;
use crate::http1::told_length;
use crate::pipeline::{Decided, Gateway, Held, Seen, Snapshot};
use crate::respond::Refusal;
use crate::stash::Kept;
use crate::trusted::{Brought, Found};

pub(super) const UNCLEAR: Refusal = Refusal {
    status: StatusCode::BAD_REQUEST,
    code: "bad_request",
    title: "This request cannot be understood in one way only",
    detail: "",
};

/// One request on its way through.
pub(super) struct Turn<'a, S> {
    pub(super) gateway: &'a Gateway<S>,
    pub(super) snapshot: &'a Snapshot,
    pub(super) seen: &'a Seen<'a>,
    pub(super) arrived: Instant,
    /// The peer may speak for clients in header fields that the settings name.
    pub(super) from_trusted_proxy: bool,
}

/// The request as it came, and what was made of its body.
pub(super) struct Original<'a> {
    pub(super) parts: &'a Parts,
    /// The form that stands in for the body, when one was kept.
    pub(super) kept: Option<&'a Kept>,
    /// Bytes that were taken out of the body.
    pub(super) removed: u64,
    /// The protocol that the client wants to switch to.
    pub(super) upgrade: Option<&'a HeaderValue>,
    /// The field that held a proof which the application is not to see.
    pub(super) left_out: Option<HeaderName>,
}

impl<'o> Original<'o> {
    /// The body's length as it was told, less what was taken out.
    pub(super) fn told_length(&self) -> Option<u64> {
        self.kept.map_or_else(
            || told_length(&self.parts.headers).map(|told| told.saturating_sub(self.removed)),
            |kept| Some((kept.body.len() as u64).saturating_sub(self.removed)),
        )
    }

    pub(super) fn content_type(&self) -> Option<&'o HeaderValue> {
        match self.kept {
            Some(kept) => Some(&kept.content_type),
            None => self.parts.headers.get(header::CONTENT_TYPE),
        }
    }
}

/// What is known of a body when it is decided.
pub(super) struct Looked<'a> {
    /// Its beginning.
    pub(super) inspected: &'a Bytes,
    /// Whether that is all of it.
    pub(super) complete: bool,
    /// Whoever describes the request does not show it.
    pub(super) unseen: bool,
    /// Somebody wrote into the field that people cannot see.
    pub(super) in_trap: bool,
    /// Which account it is about, by the word of whoever describes it: it counts before what fields say.
    pub(super) account: Option<&'a str>,
}

impl<S: State> Turn<'_, S> {
    /// Who the client proved to be.
    pub(super) async fn proofs(&self, parts: &Parts) -> Found {
        if self.snapshot.settings.trusted.is_empty() {
            return Found::default();
        }
        let brought = Brought {
            seen: self.seen,
            uri: &parts.uri,
            certificate: self.seen.marks.certificate.as_ref(),
            from_trusted_proxy: self.from_trusted_proxy,
        };
        // Nearly no request needs the room. `in_box` would not let it go to another thread, as the layer in
        // applications does.
        Box::pin(self.gateway.proofs(self.snapshot, &brought)).await
    }

    /// The request's route, before the plan finds it: only a body has to know it then.
    pub(super) fn route(&self) -> &Route {
        let (policy, seen) = (&self.snapshot.policy, self.seen);
        policy.route(policy.route_for(seen.host, seen.method, seen.matched))
    }

    /// What is taken like a form's fields from its target by many applications, where it may change something.
    pub(super) fn parameters(&self) -> &str {
        if matches!(self.seen.method, "GET" | "HEAD") { "" } else { self.seen.query }
    }

    /// Decides, with what its body and its parameters show; `route` is there when it has any.
    pub(super) async fn decide(
        &self,
        original: &Original<'_>,
        looked: Looked<'_>,
        route: Option<&Route>,
        sender: Sender,
        held: Held,
    ) -> Box<Decided> {
        let most = route.map_or(0, |route| route.settings.body_bytes);
        let (looked_at, facts) = self.body_facts(original, looked.inspected, looked.complete, most);
        let mut fields = route.map_or_else(Default::default, |route| {
            let passwords = self.snapshot.settings.breach.is_some();
            let plain = (facts.complete || looked.unseen) && !is_coded(&original.parts.headers);
            let content_type = original.content_type().map_or(&b""[..], HeaderValue::as_bytes);
            let came = Came { content_type, bytes: &looked_at, plain, query: self.parameters() };
            understand::body_fields(&route.settings, came, passwords)
        });
        fields.honeypot_filled |= looked.in_trap;
        if let Some(account) = looked.account {
            fields.name_account(account);
        }
        self.gateway.decide(self.snapshot, self.seen, facts, fields, sender, held).await
    }
}

/// Path and query as they are shown and forwarded: one text for both.
pub(super) fn target(seen: &Seen<'_>) -> String {
    if seen.query.is_empty() { seen.path.to_owned() } else { format!("{}?{}", seen.path, seen.query) }
}

/// What a client calls itself; nothing when it has characters that no name has.
pub(super) fn user_agent(headers: &HeaderMap) -> &str {
    headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or_default()
}
