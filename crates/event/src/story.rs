//! A record in plain words: what was seen, what each reason gave, what was done, and what would have changed it.

use std::fmt::Write;

use spigot_decision::Action;

use crate::record::RecordProvider;
use crate::{Record, RecordChallenge, RecordReason};

impl Record {
    /// The whole story, some lines of text that end with a line break. What came from the client is escaped, so that
    /// it can be shown on a terminal.
    #[must_use]
    pub fn story(&self) -> String {
        let mut story = String::new();
        self.seen(&mut story);
        if let Some(site) = &self.site {
            let _ = writeln!(story, "It is about the site {} of the challenge service.", site.escape_debug());
        }
        if let Some(question) = self.challenge.as_ref().filter(|challenge| is_question(challenge)) {
            // Nothing is decided about those who ask.
            story.push_str(&challenge_sentence(question));
            return story;
        }
        self.found(&mut story);
        self.done(&mut story);
        self.changes(&mut story);
        story
    }

    /// `X-Captcha-Reason` as the client got it: the reason that decided, where a challenge went out.
    #[must_use]
    pub fn captcha_reason(&self) -> Option<&str> {
        let went_out = self.challenge.as_ref().is_some_and(|step| step.result == "issued");
        if !went_out || self.effective != "challenge" {
            return None;
        }
        let asks = |reason: &&RecordReason| Gave::of(reason) == Gave::Asks(Action::Challenge);
        Some(self.reasons.iter().find(asks).map_or("challenge", |reason| &reason.name))
    }

    fn seen(&self, story: &mut String) {
        let _ = writeln!(story, "Decision {} at {}, policy {}.", self.id, self.time, self.revision);
        let mut known: Vec<String> = Vec::new();
        known.extend(self.network.map(|number| format!("network {number}")));
        known.extend(self.country.as_ref().map(|code| format!("country {}", code.escape_debug())));
        known.extend(self.device.clone());
        let known = if known.is_empty() { String::new() } else { format!(" ({})", known.join(", ")) };
        let _ = writeln!(
            story,
            "{} {}{} from {}{known}, sent by {}, user agent \"{}\".",
            self.method.escape_debug(),
            self.host.escape_debug(),
            self.path.escape_debug(),
            self.client,
            self.sender,
            self.user_agent.escape_debug()
        );
        let fingerprints: Vec<String> = self
            .fingerprints
            .known()
            .map(|(layer, fingerprint)| format!("{layer} {}", fingerprint.escape_debug()))
            .collect();
        if !fingerprints.is_empty() {
            let _ = writeln!(story, "Fingerprints: {}.", fingerprints.join(", "));
        }
        match &self.clearance {
            Some(level) => {
                let _ = writeln!(story, "The client held a clearance of level {level}.");
            }
            None if self.was_elsewhere() => story.push_str(
                "The client held a clearance that does not hold where it came from: not the network that it was given in.\n",
            ),
            None => story.push_str("The client held no clearance.\n"),
        }
    }

    /// The clearance was left out of account because of the network that it was presented from.
    fn was_elsewhere(&self) -> bool {
        self.reasons.iter().any(|reason| reason.kind == "flow" && reason.name == "clearance_elsewhere")
    }

    fn found(&self, story: &mut String) {
        if self.reasons.is_empty() {
            story.push_str("Nothing was found.\n");
        } else {
            story.push_str("What was found:\n");
        }
        for reason in &self.reasons {
            let gave = match Gave::of(reason) {
                Gave::Asks(action) => asks(action).to_owned(),
                Gave::Adds(weight) => format!("adds {weight} to the risk"),
                Gave::Takes(weight) => format!("takes {weight} from the risk"),
                Gave::Softens => "softens".to_owned(),
                Gave::Tells => "is told for the record".to_owned(),
                Gave::Unknown => format!("gave \"{}\"", reason.gave.escape_debug()),
            };
            let evidence = reason.evidence.as_ref().map_or(String::new(), |text| format!(": {text}"));
            let _ = writeln!(story, "- {} ({}) {gave}{evidence}.", reason.name, reason.kind);
        }
        let from = self.thresholds;
        let steps = [(from.log, "marked"), (from.challenge, "challenged"), (from.block, "refused")];
        let steps: Vec<String> = steps
            .into_iter()
            .filter(|(threshold, _)| *threshold <= 100)
            .map(|(threshold, done)| format!("{done} from {threshold}"))
            .collect();
        let steps = if steps.is_empty() { "never acted upon".to_owned() } else { steps.join(", ") };
        let sum = self.sum();
        let _ =
            writeln!(story, "Risk {} of 100{sum}; on the route {} a risk is {steps}.", self.risk, self.route);
    }

    /// What the risk is made of, where it is made of anything.
    fn sum(&self) -> String {
        let adds = self.reasons.iter().filter_map(|reason| match Gave::of(reason) {
            Gave::Adds(weight) => Some((reason.name.as_str(), weight)),
            _ => None,
        });
        let parts: Vec<String> = adds.clone().map(|(name, weight)| format!("{weight} {name}")).collect();
        let sum: u32 = adds.map(|(_, weight)| weight).sum();
        let risk = u32::from(self.risk);
        match parts.len() {
            0 => String::new(),
            // A decision keeps so many reasons and no more.
            _ if sum < risk => format!(" (= {} + {} that is not told here)", parts.join(" + "), risk - sum),
            _ if sum > risk => format!(" (= {}, at most 100 of {sum})", parts.join(" + ")),
            _ => format!(" (= {})", parts.join(" + ")),
        }
    }

    fn done(&self, story: &mut String) {
        let done = match Action::from_name(&self.action) {
            Some(Action::Allow) => "The request passed.",
            Some(Action::Log) => "The request passed and was marked.",
            Some(Action::Throttle) if self.trickled => {
                "The client was slowed; this request was let through as part of its trickle."
            }
            Some(Action::Throttle) => "The client was slowed: 429 with a time to try again.",
            Some(Action::Challenge) => "The client was asked for a challenge.",
            Some(Action::Shadow) => "The client got a believable success and nothing happened.",
            Some(Action::Block) => "The request was refused.",
            None => "What was done has a name that this version does not know.",
        };
        if self.effective == self.action {
            let _ = writeln!(story, "{done}");
        } else {
            let _ = writeln!(
                story,
                "The policy asked for {}; the route is in monitor mode, so the request passed.",
                self.action
            );
        }
        if let Some(challenge) = &self.challenge {
            story.push_str(&challenge_sentence(challenge));
        }
        match self.upstream_status {
            // Nobody answers with it: it is how a client that went away is recorded.
            Some(499) => story.push_str("The client went away before the upstream answered.\n"),
            Some(status) => {
                let _ =
                    writeln!(story, "The upstream answered {status}. Spigot added {} µs.", self.added_micros);
            }
            None => {
                let _ =
                    writeln!(story, "The upstream gave no answer. Spigot added {} µs.", self.added_micros);
            }
        }
    }

    fn changes(&self, story: &mut String) {
        let Some(action) = Action::from_name(&self.action) else { return };
        story.push_str("What would have changed it:\n");
        let weighing = Weighing::of(self, action);
        let mut lines = weighing.passing();
        lines.extend(weighing.absent_reasons());
        lines.extend(weighing.clearance(self));
        lines.extend(weighing.risk_steps(self));
        if self.effective != self.action {
            lines.push(format!("In enforce mode it would have {}.", past(action)));
        }
        if lines.is_empty() {
            lines.push("Nothing that is known here.".to_owned());
        }
        for line in lines {
            let _ = writeln!(story, "- {line}");
        }
    }
}

/// What a reason's `gave` says.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Gave {
    Asks(Action),
    Adds(u32),
    Takes(u32),
    Softens,
    Tells,
    Unknown,
}

impl Gave {
    fn of(reason: &RecordReason) -> Self {
        match reason.gave.split_once(' ') {
            Some(("asks", action)) => Action::from_name(action).map_or(Self::Unknown, Self::Asks),
            Some(("takes", weight)) => weight.parse().map_or(Self::Unknown, Self::Takes),
            Some(("adds", weight)) => weight.parse().map_or(Self::Unknown, Self::Adds),
            None if reason.gave == "softens" => Self::Softens,
            None if reason.gave == "tells" => Self::Tells,
            _ => Self::Unknown,
        }
    }
}

/// The conclusion of a decision, drawn again from its record with one thing or another left out. What a rule's
/// condition would have said without a signal is not in the record, so each reason stands for itself.
struct Weighing<'a> {
    action: Action,
    /// Everything but the risk's own request, which follows from the sum.
    reasons: Vec<(&'a str, Gave)>,
    total: u32,
    steps: [(u8, Action); 3],
    cleared: bool,
    /// A trusted client is not asked for challenges, nor for its risk.
    vouched: bool,
    /// What a clearance does not answer: counts of what its holder did. The record does not say what a limit counts
    /// by, so each that asks a cleared client for a challenge is taken for such a one.
    own: Vec<&'a str>,
    /// What let it pass whatever the others asked for.
    passing: Vec<&'a str>,
}

impl<'a> Weighing<'a> {
    fn of(record: &'a Record, action: Action) -> Self {
        let is_risk = |reason: &RecordReason| reason.kind == "flow" && reason.name == "risk";
        let reasons: Vec<_> = record
            .reasons
            .iter()
            .filter(|reason| !is_risk(reason))
            .map(|reason| (reason.name.as_str(), Gave::of(reason)))
            .collect();
        let sum = |weight: fn(&Gave) -> u32| reasons.iter().map(|(_, gave)| weight(gave)).sum::<u32>();
        let added = sum(|gave| if let Gave::Adds(weight) = gave { *weight } else { 0 });
        let taken = sum(|gave| if let Gave::Takes(weight) = gave { *weight } else { 0 });
        let sum = added.saturating_sub(taken);
        let from = record.thresholds;
        let softens = |reason: &&RecordReason| Gave::of(reason) == Gave::Softens;
        let mut weighing = Self {
            action,
            reasons,
            total: sum.max(u32::from(record.risk)),
            steps: [
                (from.block, Action::Block),
                (from.challenge, Action::Challenge),
                (from.log, Action::Log),
            ],
            cleared: record.reasons.iter().filter(softens).any(|reason| {
                let trusted_as_cleared = reason.kind == "trusted" && reason.evidence.is_some();
                trusted_as_cleared || (reason.kind == "flow" && reason.name == "clearance")
            }),
            // Of what passed it is told what let it.
            vouched: action > Action::Allow
                && record.reasons.iter().filter(softens).any(|r| r.kind == "trusted" && r.evidence.is_none()),
            own: Vec::new(),
            passing: Vec::new(),
        };
        if weighing.cleared && action == Action::Challenge {
            let counts = record.reasons.iter().filter(|r| r.kind == "limit" || r.name == "high_frequency");
            let asks = counts.filter(|reason| Gave::of(reason) == Gave::Asks(Action::Challenge));
            weighing.own = asks.map(|reason| reason.name.as_str()).collect();
        }
        // An exception that only raises limits softens as well; what passed shows in the outcome.
        if action == Action::Allow && weighing.strongest(&[], weighing.cleared) > Action::Allow {
            let passing = record.reasons.iter().filter(softens).filter(|reason| reason.kind != "flow");
            weighing.passing = passing.map(|reason| reason.name.as_str()).collect();
        }
        weighing
    }

    /// The strongest action that is asked for without the reasons of these names.
    fn strongest(&self, without: &[&str], cleared: bool) -> Action {
        // A cleared client is asked again only for what it did itself.
        let answered = |name: &str, action| {
            let challenge = action == Action::Challenge;
            (challenge && cleared && !self.own.contains(&name))
                || (self.vouched && name != "denylisted_origin" && (challenge || name == "risk"))
        };
        let (mut strongest, mut total) = (Action::Allow, self.total);
        for (name, gave) in &self.reasons {
            match gave {
                Gave::Asks(action) if !without.contains(name) && !answered(name, *action) => {
                    strongest = strongest.max(*action);
                }
                Gave::Adds(weight) if without.contains(name) => total = total.saturating_sub(*weight),
                _ => {}
            }
        }
        match self.step(total) {
            Some(action) if !answered("risk", action) => strongest.max(action),
            _ => strongest,
        }
    }

    /// What a risk asks for.
    fn step(&self, risk: u32) -> Option<Action> {
        let reached = self.steps.iter().find(|(threshold, _)| risk.min(100) >= u32::from(*threshold));
        reached.map(|(_, action)| *action)
    }

    fn passing(&self) -> Vec<String> {
        if self.passing.is_empty() {
            return Vec::new();
        }
        let otherwise = past(self.strongest(&[], self.cleared));
        vec![format!("Without {} it would have {otherwise}.", and(&self.passing))]
    }

    /// Which reason, when absent, would have given which weaker action.
    fn absent_reasons(&self) -> Vec<String> {
        let mut names: Vec<&str> = Vec::new();
        for (name, gave) in &self.reasons {
            if matches!(gave, Gave::Asks(_) | Gave::Adds(_)) && !names.contains(name) {
                names.push(name);
            }
        }
        let weaker = |without: &[&str]| {
            let action = self.strongest(without, self.cleared);
            (action < self.action).then(|| past(action))
        };
        let mut lines: Vec<String> = names
            .iter()
            .filter_map(|name| weaker(&[name]).map(|done| format!("Without {name} it would have {done}.")))
            .collect();
        if lines.is_empty() {
            // No single one made the difference; the fewest that do, in the order in which they were found.
            let enough = (2..=names.len()).find_map(|count| Some((count, weaker(&names[..count])?)));
            if let Some((count, done)) = enough {
                let needed: Vec<&str> = minimal(&names[..count], |some| weaker(some).is_some());
                lines.push(format!("Without {} together it would have {done}.", and(&needed)));
            }
        }
        lines
    }

    fn clearance(&self, record: &Record) -> Vec<String> {
        let says = |name: &str| record.reasons.iter().any(|r| r.kind == "flow" && r.name == name);
        let (used_up, too_old) = (says("quota_used_up"), says("clearance_too_old"));
        if self.action == Action::Challenge && self.cleared {
            let counts = and(&self.own);
            return vec![format!(
                "The one held would not have: its holder went over {counts} since it has it."
            )];
        }
        if self.action == Action::Challenge {
            let action = self.strongest(&[], true);
            let new = if used_up {
                "The one held is used up; a new clearance"
            } else if too_old {
                "The one held is older than this route takes it; a new clearance"
            } else if record.was_elsewhere() {
                "The one held does not hold there; a new clearance"
            } else {
                "A clearance"
            };
            return match action {
                Action::Allow | Action::Log => {
                    vec![format!("{new} of level {} would have let it pass.", record.level)]
                }
                other => vec![format!(
                    "With {} of level {} it would have {}.",
                    "a clearance",
                    record.level,
                    past(other)
                )],
            };
        }
        let without = self.strongest(&[], false);
        if self.cleared && self.passing.is_empty() && without > self.action {
            let clearance = if record.clearance.is_some() { "its clearance" } else { "that proof" };
            return vec![format!("Without {clearance} it would have {}.", past(without))];
        }
        Vec::new()
    }

    /// How far the risk was from where the action changes.
    fn risk_steps(&self, record: &Record) -> Vec<String> {
        let mut lines = Vec::new();
        let risk = record.risk;
        let reached = self.steps.iter().find(|(threshold, _)| risk >= *threshold);
        let asked_otherwise = |(name, gave): &(&str, Gave)| {
            matches!(gave, Gave::Asks(action) if *action >= self.action) && *name != "risk"
        };
        if let Some((threshold, action)) = reached
            && *action == self.action
            && !self.reasons.iter().any(asked_otherwise)
        {
            let less = risk - threshold + 1;
            lines.push(format!(
                "{less} less risk would have been below the {threshold} from which this is done."
            ));
        }
        let answered = |action| self.cleared && action == Action::Challenge;
        let next = self.steps.iter().rev().find(|(threshold, action)| {
            *threshold > risk && *threshold <= 100 && *action > self.action && !answered(*action)
        });
        if let Some((threshold, action)) = next.filter(|_| self.passing.is_empty()) {
            lines.push(format!("With {} more risk it would have {}.", threshold - risk, past(*action)));
        }
        lines
    }
}

/// Leaves out one name after another as long as the rest is enough.
fn minimal<'a>(names: &[&'a str], enough: impl Fn(&[&str]) -> bool) -> Vec<&'a str> {
    let mut needed = names.to_vec();
    for name in names {
        let fewer: Vec<&str> = needed.iter().copied().filter(|other| other != name).collect();
        if enough(&fewer) {
            needed = fewer;
        }
    }
    needed
}

fn and(names: &[&str]) -> String {
    match names {
        [rest @ .., last] if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        _ => names.concat(),
    }
}

fn asks(action: Action) -> &'static str {
    match action {
        Action::Allow => "asks to let it pass",
        Action::Log => "asks to mark it",
        Action::Throttle => "asks to slow the client",
        Action::Challenge => "asks for a challenge",
        Action::Shadow => "asks for a believable success",
        Action::Block => "asks to refuse it",
    }
}

/// Follows "it would have".
fn past(action: Action) -> &'static str {
    match action {
        Action::Allow => "passed",
        Action::Log => "passed and been marked",
        Action::Throttle => "been slowed",
        Action::Challenge => "been asked for a challenge",
        Action::Shadow => "got a believable success",
        Action::Block => "been refused",
    }
}

/// Whether it is what a site's server asked of a token.
fn is_question(challenge: &RecordChallenge) -> bool {
    challenge.kind == "token" && challenge.result != "given_again"
}

fn challenge_sentence(challenge: &RecordChallenge) -> String {
    let RecordChallenge { kind, log2_work, result, solve_millis, claimed_millis, provider } = challenge;
    let claimed = claimed_millis.map_or(String::new(), |millis| format!(" (the browser says {millis} ms)"));
    let after = solve_millis.map_or(String::new(), |millis| format!(" after {millis} ms{claimed}"));
    let what = match provider {
        Some(provider) => provider_words(provider),
        None => format!("{kind}, 2^{log2_work} steps"),
    };
    if kind == "token" {
        return match result.as_str() {
            "redeemed" => "A token was redeemed: the site's server was told yes.\n".to_owned(),
            "given_again" => {
                "Another token was given for one that was spent, without a challenge.\n".to_owned()
            }
            "redeemed_for_tests" => "A key for tests was told yes.\n".to_owned(),
            refusal => format!("A question about a token was answered with no ({refusal}).\n"),
        };
    }
    match result.as_str() {
        "issued" => format!("A challenge was issued: {what}.\n"),
        "solved" => format!("A challenge was solved{after}: {what}.\n"),
        "waited" => "A step of a wait was over; the next one was given.\n".to_owned(),
        "more_asked" => format!("A challenge was solved{after}, and another one was given: {what}.\n"),
        refusal => format!("A submission was refused{after} ({refusal}): {what}.\n"),
    }
}

fn provider_words(provider: &RecordProvider) -> String {
    let RecordProvider { name, answer, millis, risk } = provider;
    let Some(answer) = answer else { return format!("the provider {name}") };
    let after = millis.map_or(String::new(), |millis| format!(" after {millis} ms"));
    let risk = risk.map_or(String::new(), |risk| format!(", risk {risk}"));
    format!("the provider {name} said {answer}{after}{risk}")
}

#[cfg(test)]
#[path = "story_tests.rs"]
mod tests;
