use hashbrown::{HashMap, HashSet};
use spigot_decision::policy::Policy;
use spigot_decision::{Prefix, Source};

use crate::compare::{Comparison, Difference};
use crate::judge::Judged;
use crate::report::Report;
use crate::treatment::Treatment;

/// Reasons that are kept of one difference and side; a policy rarely has more that stop one client on one route.
const REASONS_MAX: usize = 8;

/// Requests that two policies treat differently, by client, routes and treatments.
pub(crate) struct Differences {
    found_max: usize,
    requests: u64,
    different: u64,
    newly_stopped: u64,
    no_longer_stopped: u64,
    uncounted: u64,
    found: HashMap<Key, Found>,
    clients: HashSet<Prefix>,
}

/// Client, routes and treatments, each before and after.
type Key = (Prefix, [u16; 2], [Treatment; 2]);

#[derive(Default)]
struct Found {
    requests: u64,
    by: [Vec<Source>; 2],
}

impl Differences {
    /// Tells at most `found_max` differences apart.
    pub(crate) fn new(found_max: usize) -> Self {
        Self {
            found_max,
            requests: 0,
            different: 0,
            newly_stopped: 0,
            no_longer_stopped: 0,
            uncounted: 0,
            found: HashMap::new(),
            clients: HashSet::new(),
        }
    }

    pub(crate) fn take(&mut self, before: &Judged<'_>, after: &Judged<'_>) {
        self.requests += 1;
        let treatments = [before.treatment, after.treatment];
        if treatments[0] == treatments[1] {
            return;
        }
        self.different += 1;
        self.newly_stopped += u64::from(!treatments[0].stops() && treatments[1].stops());
        self.no_longer_stopped += u64::from(treatments[0].stops() && !treatments[1].stops());
        let key = (before.client, [before.decision.route, after.decision.route], treatments);
        if self.found.len() >= self.found_max && !self.found.contains_key(&key) {
            self.uncounted += 1;
            return;
        }
        self.clients.insert(before.client);
        let found = self.found.entry(key).or_default();
        found.requests += 1;
        for (sources, source) in found.by.iter_mut().zip([before.stopped_by, after.stopped_by]) {
            if let Some(source) = source
                && sources.len() < REASONS_MAX
                && !sources.contains(&source)
            {
                sources.push(source);
            }
        }
    }

    pub(crate) fn into_comparison(
        self,
        policies: [&Policy; 2],
        before: Report,
        after: Report,
        listed_max: usize,
    ) -> Comparison {
        let total = self.found.len();
        let mut found: Vec<(Key, Found)> = self.found.into_iter().collect();
        found.sort_by(|(a_key, a), (b_key, b)| b.requests.cmp(&a.requests).then_with(|| a_key.cmp(b_key)));
        found.truncate(listed_max);
        let differences: Vec<Difference> =
            found.into_iter().map(|(key, found)| described(policies, &key, &found)).collect();
        Comparison {
            before,
            after,
            requests: self.requests,
            different: self.different,
            newly_stopped: self.newly_stopped,
            no_longer_stopped: self.no_longer_stopped,
            clients_different: self.clients.len() as u64,
            differences_left_out: (total - differences.len()) as u64,
            differences,
            uncounted: self.uncounted,
        }
    }
}

fn described(policies: [&Policy; 2], (client, routes, treatments): &Key, found: &Found) -> Difference {
    let route = |side: usize| policies[side].route(routes[side]).name.clone();
    let by = |side: usize| {
        found.by[side].iter().map(|source| policies[side].source_name(*source).to_owned()).collect()
    };
    Difference {
        address: client.to_string(),
        route_before: route(0),
        route_after: route(1),
        before: treatments[0],
        after: treatments[1],
        requests: found.requests,
        by_before: by(0),
        by_after: by(1),
    }
}
