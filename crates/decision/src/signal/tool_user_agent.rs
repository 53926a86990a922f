use super::{Seen, Signal};
use crate::Evidence;

pub(super) const SIGNAL: Signal = Signal {
    name: "tool_user_agent",
    finds: "The client introduces itself as a library, a command-line tool or a browser without a window.",
    matters: "Honest automation: welcome on an API, unusual in front of a log-in form.",
    oat: &[11],
    weight: 15,
    find,
};

fn find(seen: &Seen<'_>) -> Option<Evidence> {
    seen.observation.agent.tool.map(Evidence::Word)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observation::tests_support::request;

    #[test]
    fn tools_and_browsers() {
        for (agent, expected) in [
            ("curl/8.5.0", true),
            (
                "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/130.0 Safari/537.36",
                true,
            ),
            ("Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:131.0) Gecko/20100101 Firefox/131.0", false),
            ("", false),
        ] {
            let mut observation = request("/");
            observation.user_agent = agent;
            observation.agent = crate::Agent::of(agent);
            super::super::check(&SIGNAL, &observation, expected);
        }
    }
}
