//! What a demand comes to: the own puzzle or a third party, and what takes the place of one that gives no answer.

use std::sync::Arc;

use spigot_challenge::{Challenge, Kind, Terms, kind};
use spigot_decision::policy::{ChallengeSettings, Route};
use spigot_decision::{Demand, Level, Millis};

use crate::pipeline::Snapshot;
use crate::provider::{Fail, Provider};

/// The least time that people get for a third party's widget, in milliseconds: some show pictures.
const WIDGET_MILLIS_MIN: u32 = 300_000;
/// The provider of a policy whose settings are not there. No token is ever good for it.
const NOBODY: [u8; 6] = [0; 6];

/// What a demand on a route comes to.
pub(super) fn terms(
    snapshot: &Snapshot,
    route: &Route,
    demand: Demand,
    device: Option<&str>,
    now: Millis,
) -> Terms {
    match snapshot.policy.provider_on(route) {
        None => own(&snapshot.policy.challenge, demand, device),
        Some(name) => from(snapshot, name, demand, device, now),
    }
}

/// The first of a provider and those that take its place that answers at the moment.
fn from(snapshot: &Snapshot, name: &str, demand: Demand, device: Option<&str>, now: Millis) -> Terms {
    let challenge = &snapshot.policy.challenge;
    let Some(first) = snapshot.settings.provider(name) else {
        return third_party(challenge, NOBODY, demand);
    };
    let mut last = first;
    for provider in snapshot.settings.in_turn(first) {
        if !provider.standing.is_away(now) {
            return third_party(challenge, provider.id, demand);
        }
        last = provider;
    }
    match last.settings.fail {
        Fail::Own => own(challenge, demand, device),
        // Perhaps it is back; nothing else opens the way.
        Fail::Closed | Fail::Provider(_) => third_party(challenge, first.id, demand),
    }
}

/// What a client gets whose provider gave no answer, or cannot be shown where the client may say so.
pub(super) fn instead(
    snapshot: &Snapshot,
    provider: &Provider,
    issued: &Challenge,
    device: Option<&str>,
    now: Millis,
) -> Terms {
    match (&provider.settings.fail, demand_of(issued)) {
        (Fail::Own, Some(demand)) => own(&snapshot.policy.challenge, demand, device),
        (Fail::Provider(name), Some(demand)) => from(snapshot, name, demand, device, now),
        _ => issued.terms(),
    }
}

/// The same again, or more for whoever holds many challenges (`held` doublings), from another provider where that one is away; for the other puzzle the own one, since each of those is
/// counted when it is asked for. `None` when it is no provider of ours any more, and for steps of a wait, which are had
/// by waiting.
pub(super) fn again(
    snapshot: &Snapshot,
    issued: &Challenge,
    device: Option<&str>,
    held: u8,
    now: Millis,
) -> Option<Terms> {
    let settings = &snapshot.policy.challenge;
    match issued.kind {
        Kind::Provider(_) => {}
        Kind::Cachewalk(_) | Kind::Sha256 { .. } => {
            let now =
                own(settings, Demand { level: Level::from_number(issued.level)?, doublings: held }, device);
            let more = now.kind.log2_work() > issued.kind.log2_work() && held > 0;
            return Some(if more { now } else { issued.terms() });
        }
        Kind::Pbkdf2(params) => {
            let level = Level::from_number(issued.level)?;
            let usual = settings.fallback_log2_work.get(usize::from(issued.level).checked_sub(1)?)?;
            let doublings = params.log2_n().saturating_sub(*usual).max(held);
            return Some(own(settings, Demand { level, doublings }, device));
        }
        Kind::Wait(_) => return None,
    }
    let provider = provider_of(snapshot, issued)?;
    let demand = demand_of(issued)?;
    let demand = Demand { doublings: demand.doublings.max(held), ..demand };
    Some(from(snapshot, &provider.settings.name, demand, device, now))
}

/// The third party that a challenge of ours names.
pub(super) fn provider_of<'a>(snapshot: &'a Snapshot, challenge: &Challenge) -> Option<&'a Arc<Provider>> {
    match challenge.kind {
        Kind::Provider(provider) => snapshot.settings.provider_of(provider.id),
        _ => None,
    }
}

/// The demand that a provider's challenge was issued for.
fn demand_of(issued: &Challenge) -> Option<Demand> {
    let Kind::Provider(provider) = issued.kind else { return None };
    Some(Demand { level: Level::from_number(issued.level)?, doublings: provider.doublings })
}

fn third_party(settings: &ChallengeSettings, id: [u8; 6], demand: Demand) -> Terms {
    let kind = Kind::Provider(kind::provider::Provider { id, doublings: demand.doublings });
    Terms { kind, level: demand.level as u8, life_millis: settings.life_millis.max(WIDGET_MILLIS_MIN) }
}

/// The own puzzle. The device is the client's own word, so a phone's work is not much less, and there is no other word
/// by which a client makes its work smaller.
pub(super) fn own(settings: &ChallengeSettings, demand: Demand, device: Option<&str>) -> Terms {
    let work = work(settings, device);
    let kind = match settings.kind {
        "sha256" => Kind::Sha256 { bits: demand.log2_work(work, 24) },
        _ => kind::cachewalk::of_log2(demand.log2_work(work, 17)),
    };
    Terms { kind, level: demand.level as u8, life_millis: settings.life_millis }
}

/// Work per level for a class of devices.
pub(super) fn work(settings: &ChallengeSettings, device: Option<&str>) -> [u8; 3] {
    if device == Some("phone") { settings.phone_log2_work } else { settings.log2_work }
}
