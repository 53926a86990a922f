//! What a site's server asked and was told, as an event. No token and no secret is in it.

use spigot_challenge::Errand;
use spigot_decision::{Action, Body, Decision, Plan, Prefix, Sender, Subject, Who};
use spigot_event::{ChallengeStep, DecisionId};
use spigot_state::State;

use super::Call;
use super::verify::{Accepted, Denied};
use crate::entropy::random;
use crate::pipeline::{Decided, End, Seen};
use crate::site_keys::SiteKey;

impl<S: State> Call<'_, S> {
    /// `site` is that of the secret, when it is one's.
    pub(super) fn record(self, answer: &Result<Accepted, Denied>, site: Option<&SiteKey>) {
        let snapshot = self.snapshot;
        let errand = site.map(|site| Errand { site: &site.key, action: "", data: "", press: false });
        let host = match answer {
            Ok(Accepted::Real(redeemed)) => &redeemed.token().host,
            _ => self.seen.host,
        };
        let seen = &Seen { host, errand, ..*self.seen };
        let route = snapshot.policy.route_for(seen.host, seen.method, seen.matched);
        let decision = Decision {
            action: Action::Allow,
            effective: Action::Allow,
            route,
            risk: 0,
            reasons: Vec::new(),
            demand: None,
            trickle: None,
            retry_after_seconds: None,
        };
        let step = ChallengeStep {
            kind: "token",
            log2_work: 0,
            result: match answer {
                Ok(Accepted::Real(_)) => "redeemed",
                Ok(Accepted::Test) => "redeemed_for_tests",
                Err(denied) => denied.name(),
            },
            solve_millis: None,
            claimed_millis: None,
            provider: None,
        };
        let address = self.gateway.keys.subject(Subject::Address(Prefix::client(seen.client)));
        let plan = Plan {
            route,
            counts: Default::default(),
            subjects: Default::default(),
            hour: false,
            budget: None,
            trickle_key: 0,
            who: Who { client: address, address },
            account: None,
        };
        let decided = Box::new(Decided {
            id: DecisionId::new(seen.now, random()),
            decision,
            plan: Box::new(plan),
            sender: Sender::Api,
            clearance: None,
            account: None,
            place: snapshot.networks.place(seen.client),
            body: Body::default(),
            breached: false,
            open: None,
        });
        self.gateway.record(
            snapshot,
            seen,
            decided,
            End { challenge: Some(Box::new(step)), ..End::default() },
        );
    }
}
