//! The way without JavaScript: a wait, timed by the server, in one signed step or several. A kept form rides along and
//! is sent on at the end with a button, because without a script nobody else can.

use std::sync::Arc;

use http::{HeaderValue, Response, StatusCode, header};
use spigot_challenge::{Challenge, Kind, Rejection, Terms, from_text, genuine, kind::wait::Wait, to_text};
use spigot_decision::{Demand, Ending};
use spigot_event::{Asked, DecisionId};
use spigot_state::State;

use super::ask::Errand;
use super::grant::Step;
use super::is_return_address;
use crate::body::Through;
use crate::languages::Texts;
use crate::pages::{self, Lost, escape};
use crate::pipeline::{Gateway, Seen, Snapshot};
use crate::respond::page;

/// Steps at most: with the longest wait of two minutes each they stay within the time for which a form is kept.
const STEPS_MAX: u8 = 4;

/// What rides along from step to step, in the address.
struct Baggage {
    to: String,
    stash: Option<String>,
    /// A form was sent that could not be kept.
    unsent: bool,
    decision: String,
}

impl Baggage {
    fn hidden(&self) -> [(&'static str, &str); 4] {
        [
            ("to", &self.to),
            ("stash", self.stash.as_deref().unwrap_or_default()),
            ("unsent", if self.unsent { "1" } else { "" }),
            ("decision", &self.decision),
        ]
    }
}

impl<S: State> Gateway<S> {
    /// What the interstitial holds for browsers without JavaScript: the first step, where the route accepts a wait for
    /// the level that is demanded: for what it is `asked`, then.
    pub(super) fn plain_way(
        &self,
        snapshot: &Snapshot,
        seen: &Seen<'_>,
        demand: Demand,
        asked: Option<Arc<Asked>>,
        decision: &str,
        errand: &Errand<'_>,
    ) -> String {
        let texts = texts(seen);
        let (Some(millis), Some(asked)) = (snapshot.policy.challenge.wait_millis, asked) else {
            return pages::needs_script(texts);
        };
        let steps = (demand.level as u8).saturating_add(demand.doublings).min(STEPS_MAX);
        let first = self.step(snapshot, seen, Wait::first(millis, steps), demand.level as u8);
        self.open.open(&first, asked, seen.now);
        let baggage = Baggage {
            to: errand.return_to.to_owned(),
            stash: errand.stash.map(|id| to_text(&id)),
            unsent: errand.stash.is_none() && !matches!(errand.method, "GET" | "HEAD"),
            decision: decision.to_owned(),
        };
        let lost = match (errand.too_large, baggage.unsent) {
            (true, _) => Some(Lost::TooLarge(snapshot.settings.bounds.stash_bytes)),
            (false, true) => Some(Lost::NotKept),
            (false, false) => None,
        };
        pages::plain(texts, &to_text(&first.bytes), &baggage.hidden(), millis.div_ceil(1000), steps, lost)
    }

    fn step(&self, snapshot: &Snapshot, seen: &Seen<'_>, wait: Wait, level: u8) -> Challenge {
        // The wait and then as long again as a puzzle may take.
        let life_millis = wait.millis.saturating_add(snapshot.policy.challenge.life_millis);
        self.issue(snapshot, seen, &Terms { kind: Kind::Wait(wait), level, life_millis })
    }

    /// `GET /.spigot/wait`: early visitors are told to wait, others get the next step or their clearance.
    pub(super) async fn wait(&self, snapshot: &Snapshot, seen: &Seen<'_>) -> Response<Through> {
        let (texts, baggage) = (texts(seen), baggage(seen.query));
        let challenge = from_text(&parameter(seen.query, "c")).unwrap_or_default();
        let decided = self.decide_own(snapshot, seen).await;
        if let Some(refused) = self.refused_for_restriction(&decided) {
            self.record_step(snapshot, seen, decided, Step::restricted());
            return refused;
        }
        match self.verify_and_spend(snapshot, seen, &challenge, Vec::new(), is_wait, &mut None).await {
            Ok(solved) => {
                let Kind::Wait(wait) = solved.challenge().kind else {
                    // A kind whose proof is empty is a wait; no other is answered here.
                    return self.wait_failed(texts, &baggage, Rejection::Wrong);
                };
                let result = if wait.next().is_some() { "waited" } else { "solved" };
                let step = Step::of(Some(solved.challenge()), result, seen.now, None);
                self.record_step(snapshot, seen, decided, step);
                if let Some(next) = wait.next() {
                    let next_step = self.step(snapshot, seen, next, solved.challenge().level);
                    self.open.follow(&solved.challenge().id, &next_step, seen.now);
                    let hidden = baggage.hidden();
                    let html = pages::next_step(texts, &to_text(&next_step.bytes), &hidden, next);
                    return page(StatusCode::OK, html);
                }
                let mut response = arrived(texts, &baggage);
                self.give_clearance(snapshot, seen, &solved, &mut response);
                response
            }
            Err(Rejection::TooEarly) => {
                let here = escape(&format!("{}?{}", seen.path, seen.query));
                let on = format!(
                    "<p class=\"actions\"><a class=\"action\" href=\"{here}\">{}</a></p>",
                    escape(texts.text("goOn"))
                );
                let text = texts.text("earlyText");
                page(StatusCode::OK, pages::step(texts, texts.text("heading"), text, &on, &baggage.decision))
            }
            Err(rejection) => {
                if !rejection.is_honest() {
                    self.report(snapshot, seen, &decided, Ending::Refused).await;
                }
                let issued = genuine(&snapshot.keyring, &challenge);
                let step = Step::of(issued.as_ref(), rejection.name(), seen.now, None);
                self.record_step(snapshot, seen, decided, step);
                // Pressed twice, or loaded again: the clearance may be there already, and what is kept is not lost.
                let last = |kind| matches!(kind, Kind::Wait(wait) if wait.next().is_none());
                let twice =
                    rejection == Rejection::Replay && issued.as_ref().is_some_and(|step| last(step.kind));
                match issued.as_ref().and_then(|issued| Some((issued, first_again(issued, rejection)?))) {
                    _ if twice => arrived(texts, &baggage),
                    Some((late, first)) => self.begin_again(snapshot, seen, &baggage, first, late, rejection),
                    None => self.wait_failed(texts, &baggage, rejection),
                }
            }
        }
    }

    /// All steps once more, on a page that still knows where the visitor was going and with which form.
    fn begin_again(
        &self,
        snapshot: &Snapshot,
        seen: &Seen<'_>,
        baggage: &Baggage,
        first: Wait,
        late: &Challenge,
        rejection: Rejection,
    ) -> Response<Through> {
        let fresh = self.step(snapshot, seen, first, late.level);
        self.open.follow(&late.id, &fresh, seen.now);
        let html = pages::wait_again(
            texts(seen),
            &to_text(&fresh.bytes),
            &baggage.hidden(),
            first,
            rejection.name(),
        );
        page(StatusCode::BAD_REQUEST, html)
    }

    fn wait_failed(&self, texts: Texts, baggage: &Baggage, rejection: Rejection) -> Response<Through> {
        let again = format!(
            "<p class=\"actions\"><a class=\"action\" href=\"{}\">{}</a></p>",
            escape(&baggage.to),
            escape(texts.text("startAgain"))
        );
        let code = texts.text("code").replace("{code}", rejection.name());
        let text = format!("{}\n{code}", texts.text("failedText"));
        let html = pages::step(texts, texts.text("failedHeading"), &text, &again, &baggage.decision);
        let status =
            if rejection.is_ours() { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::BAD_REQUEST };
        page(status, html)
    }
}

/// The wait to begin with again, for who was too slow, pressed twice, or came from another network meanwhile. From the
/// first step: otherwise somebody elsewhere could wait all but the last.
fn first_again(issued: &Challenge, rejection: Rejection) -> Option<Wait> {
    match (issued.kind, rejection) {
        (
            Kind::Wait(wait),
            Rejection::Expired | Rejection::Stale | Rejection::OtherNetwork | Rejection::Replay,
        ) => Some(Wait::first(wait.millis, wait.steps)),
        _ => None,
    }
}

/// The end of the wait: on to the page, or a button that sends the kept form, or a word that it has to be sent again.
fn arrived(texts: Texts, baggage: &Baggage) -> Response<Through> {
    if let Some(stash) = &baggage.stash {
        let form = pages::send_form(texts, &baggage.to, stash);
        let (heading, text) = (texts.text("keptHeading"), texts.text("keptText"));
        return page(StatusCode::OK, pages::step(texts, heading, text, &form, &baggage.decision));
    }
    if baggage.unsent {
        let (heading, text) = (texts.text("notSentHeading"), texts.text("notKeptText"));
        return page(StatusCode::OK, pages::step(texts, heading, text, "", &baggage.decision));
    }
    let html = pages::step(texts, texts.text("doneHeading"), texts.text("opening"), "", &baggage.decision);
    let mut response = page(StatusCode::SEE_OTHER, html);
    let to = HeaderValue::from_str(&baggage.to).unwrap_or(HeaderValue::from_static("/"));
    response.headers_mut().insert(header::LOCATION, to);
    response
}

pub(super) fn texts(seen: &Seen<'_>) -> Texts {
    let accept = seen.headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
    Texts::wanted(accept.unwrap_or_default())
}

/// Everything in it is the visitor's word: an address is only taken when it lies on this origin, ids only in their
/// form.
fn baggage(query: &str) -> Baggage {
    let to = parameter(query, "to");
    let stash = parameter(query, "stash");
    Baggage {
        to: if is_return_address(&to) { to } else { "/".to_owned() },
        stash: from_text(&stash).is_some_and(|id| id.len() == 16).then_some(stash),
        unsent: parameter(query, "unsent") == "1",
        decision: DecisionId::parse(&parameter(query, "decision"))
            .map(|id| id.to_string())
            .unwrap_or_default(),
    }
}

/// The first value of a name in a query, decoded; empty when it is absent.
pub(super) fn parameter(query: &str, name: &str) -> String {
    let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    let value = pairs.find(|(key, _)| *key == name).map(|(_, value)| value.replace('+', " "));
    percent_encoding::percent_decode_str(&value.unwrap_or_default()).decode_utf8_lossy().into_owned()
}

fn is_wait(kind: &Kind) -> bool {
    matches!(kind, Kind::Wait(_))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn whatever_is_in_the_address_stays_here(query in "\\PC{0,200}", to in "[/\\\\a-z:%0-9A-F.@\\r\\n\\t]{0,30}") {
            for query in [query, format!("to={to}"), format!("stash={to}&decision={to}&c=%ff&to=%2f%2f{to}")] {
                let baggage = baggage(&query);
                prop_assert!(is_return_address(&baggage.to), "{query:?} leads to {:?}", baggage.to);
                prop_assert!(baggage.stash.is_none_or(|id| from_text(&id).is_some_and(|id| id.len() == 16)));
                prop_assert!(baggage.decision.bytes().all(|b| b.is_ascii_alphanumeric()));
            }
        }
    }
}
