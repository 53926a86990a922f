//! What the panel may know of the running server.

use std::path::PathBuf;
use std::sync::Arc;

use spigot_admin::api::{Live, Node, Peaks, ReplayProgress, ReplayResult, Wrong};
use spigot_decision::policy::source::{Problem, Problems};
use spigot_decision::policy::{Policy, Wide};
use spigot_decision::{HourFact, Millis, Prefix};
use spigot_gateway::{Gateway, HitOf, Peak};
use spigot_state::{Memory, Restricted};

use crate::clock::now;
use crate::config::Config;
use crate::review_sender::Reports;
use crate::tls::Ends;
use spigot_keeping::Keeping;

pub(crate) struct LiveGateway {
    pub(crate) gateway: Arc<Gateway<Memory>>,
    pub(crate) keeping: Arc<Keeping>,
    /// The data folder.
    pub(crate) data: PathBuf,
    pub(crate) started: Millis,
    /// Of the TLS that it speaks itself.
    pub(crate) certificates: Option<Ends>,
    /// The file that the policy is read from.
    pub(crate) file: Option<PathBuf>,
    /// How the weekly review went out.
    pub(crate) reports: Reports,
}

impl Live for LiveGateway {
    fn policy(&self) -> Arc<Policy> {
        self.gateway.snapshot.load().policy.clone()
    }

    fn node(&self) -> Node {
        let ends = self.certificates.as_ref();
        let node = crate::node::node(&self.gateway, &self.keeping, &self.data, self.started, ends);
        Node { reports: self.reports.load().to_vec(), ..node }
    }

    fn now(&self) -> Millis {
        now()
    }

    fn peaks(&self, route: usize) -> Peaks {
        let [client, body] =
            self.gateway.figures.peaks(route).map(|Peak { count, second }| {
                (second > 0).then_some((count, Millis(i64::from(second) * 1000)))
            });
        Peaks { client, body }
    }

    fn hour(&self, route: &str, now: Millis) -> HourFact {
        self.gateway.state.hours.peek(route, now)
    }

    fn hits(&self, subject: &str) -> (u64, Option<Millis>) {
        let of = Prefix::parse(subject).map(HitOf::Prefix).or_else(|| Wide::parse(subject).map(HitOf::Wide));
        let hits = of.map(|of| self.gateway.figures.hits(&of)).unwrap_or_default();
        (hits.count, (hits.count > 0).then_some(hits.last))
    }

    fn restricted(&self, now: Millis) -> Vec<Restricted> {
        self.gateway.state.restrictions.in_force(now)
    }

    fn policy_file(&self) -> Option<PathBuf> {
        self.file.clone()
    }

    fn check(&self, text: &str) -> Vec<Wrong> {
        let Err(problems) = Config::parse("draft", text) else { return Vec::new() };
        problems.problems.iter().map(|problem| wrong(&problems, problem)).collect()
    }

    fn compiled(&self, text: &str) -> Option<Policy> {
        Config::parse("draft", text).ok().map(|config| config.policy)
    }

    fn replay(&self, text: &str, since: Millis, progress: &ReplayProgress) -> Result<ReplayResult, String> {
        let draft = Config::parse("draft", text).map_err(|problems| problems.to_string())?.policy;
        crate::draft_replay::replay(&self.data, self.policy(), draft, since, progress)
    }
}

fn wrong(problems: &Problems, problem: &Problem) -> Wrong {
    let (line, column) = problems.place(problem);
    let length = problems.text.get(problem.span.clone()).map_or(1, |text| text.chars().count());
    Wrong {
        line,
        column,
        length: length.max(1),
        message: problem.message.clone(),
        help: problem.help.clone(),
    }
}
