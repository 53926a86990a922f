//! A challenge for a widget; or a token at once, when the one before was spent on a form that came back.

use http::Response;
use serde_json::{Value, json};
use spigot_challenge::token::{self, Grounds};
use spigot_challenge::{Challenge, to_text};
use spigot_decision::{Action, Demand, Millis, Source};
use spigot_state::{Spend, State};

use super::asked::{Asked, For};
use super::trouble::Trouble;
use super::{PROTOCOL, answer};
use crate::body::Through;
use crate::challenge_routes::ask::parameters;
use crate::challenge_routes::fallback::{Refused, offered};
use crate::challenge_routes::grant::Step;
use crate::challenge_routes::terms::own;
use crate::entropy::random;
use crate::metrics::Metrics;
use crate::pipeline::{Decided, Gateway, Seen, Snapshot};
use crate::site_keys::{Press, SiteKey};

impl<S: State> Gateway<S> {
    pub(super) async fn give_challenge(
        &self,
        snapshot: &Snapshot,
        seen: &Seen<'_>,
        asked: &Asked,
        errand: &For<'_>,
        decided: Box<Decided>,
    ) -> Result<Response<Through>, Trouble> {
        if let Some(again) = &asked.again
            && let Some(given) =
                self.given_again(snapshot, &errand.seen(seen, false), &errand.site, again).await
        {
            self.record_step(snapshot, &errand.seen(seen, false), decided, Step::of_token("given_again"));
            return Ok(answer(&given));
        }
        let press = asked.interactive || asks_for_press(&errand.site, &decided);
        let here = errand.seen(seen, press);
        let challenge = self.challenge_for(snapshot, &here, &errand.site, &decided);
        let described = describe(snapshot, &challenge, press, seen.now);
        self.record_step(
            snapshot,
            &errand.seen(seen, false),
            decided,
            Step::of(Some(&challenge), "issued", seen.now, None),
        );
        Ok(answer(&described))
    }

    /// The site's level, and what the risk makes of it.
    pub(super) fn challenge_for(
        &self,
        snapshot: &Snapshot,
        here: &Seen<'_>,
        site: &SiteKey,
        decided: &Decided,
    ) -> Challenge {
        let doublings = decided.decision.demand.map_or(0, |demand| demand.doublings);
        let demand = Demand { level: site.level, doublings };
        let demand = self.with_held(demand, here, decided);
        let terms = own(&snapshot.policy.challenge, demand, here.software.device);
        let challenge = self.issue(snapshot, here, &terms);
        self.holds(here, decided, &challenge);
        challenge
    }

    pub(super) async fn give_fallback(
        &self,
        snapshot: &Snapshot,
        seen: &Seen<'_>,
        asked: &Asked,
        errand: &For<'_>,
        decided: Box<Decided>,
    ) -> Result<Response<Through>, Trouble> {
        let challenge = asked.challenge();
        let press = self.is_for_press(snapshot, seen, errand, &challenge);
        match self.exchanged(snapshot, &errand.seen(seen, press), &challenge).await {
            Ok(fresh) => {
                let described = describe(snapshot, &fresh, press, seen.now);
                self.record_step(
                    snapshot,
                    &errand.seen(seen, false),
                    decided,
                    Step::of(Some(&fresh), "issued", seen.now, None),
                );
                Ok(answer(&described))
            }
            Err(Refused::Rejected(rejection)) => {
                Err(self.reject(snapshot, seen, asked, errand, decided, rejection).await)
            }
            Err(Refused::NotOffered) => Err(Trouble::NoFallback),
            Err(Refused::TooOften) => Err(Trouble::TooOften),
        }
    }

    /// Another token for one that was spent, when that may be.
    async fn given_again(
        &self,
        snapshot: &Snapshot,
        here: &Seen<'_>,
        site: &SiteKey,
        again: &str,
    ) -> Option<Value> {
        let now = here.now;
        let renewable =
            token::renewable(&snapshot.keyring, again, &here.binding(), self.start.0, now.0).ok()?;
        // Asked before anything is spent: one that is not spent is as good as before, and stays renewable.
        let spent = self.state.is_spent(renewable.token_id(), now).await.ok()?;
        if !spent {
            return None;
        }
        let (id, end) = renewable.to_spend();
        let first = self.state.spend(&id, Millis(end), now).await.ok()? == Spend::First;
        let renewed = renewable.granted(spent, first)?;
        Some(self.token(snapshot, here, site, Grounds::Renewed(&renewed)))
    }

    /// A token as the widget gets it.
    pub(super) fn token(
        &self,
        snapshot: &Snapshot,
        here: &Seen<'_>,
        site: &SiteKey,
        grounds: Grounds<'_>,
    ) -> Value {
        Metrics::one(&self.metrics.tokens_given);
        let (text, _) =
            token::seal(&snapshot.keyring, grounds, &here.binding(), site.token_millis, random(), here.now.0);
        json!({ "protocol": PROTOCOL, "token": text, "expires_in_millis": site.token_millis })
    }
}

/// Whether the visitor has to press a button although the page did not ask for it.
pub(super) fn asks_for_press(site: &SiteKey, decided: &Decided) -> bool {
    match site.press {
        Press::Never => false,
        Press::Always => true,
        Press::Managed => {
            // That the whole site asks for challenges says nothing about this visitor.
            let decision = &decided.decision;
            decision.action >= Action::Challenge
                && decision.deciding().is_some_and(|reason| reason.source != Source::SensitiveRoute)
        }
    }
}

/// A challenge as the widget gets it.
pub(super) fn describe(snapshot: &Snapshot, challenge: &Challenge, press: bool, now: Millis) -> Value {
    let mut described = json!({
        "protocol": PROTOCOL,
        "challenge": to_text(&challenge.bytes),
        "kind": challenge.kind.name(),
        "expires_in_millis": challenge.expires_millis.saturating_sub(now.0),
        "interaction": if press { "press" } else { "none" },
        "fallback": offered(snapshot, challenge),
    });
    if let (Some(object), Value::Object(more)) = (described.as_object_mut(), parameters(snapshot, challenge))
    {
        object.extend(more);
    }
    described
}
