//! Policies: whatever a file holds, it is compiled or refused with places that are in it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use spigot_decision::policy::load;

fuzz_target!(|text: &str| {
    match load("fuzz.toml", text) {
        Ok(policy) => {
            let again = load("fuzz.toml", text).expect("the same file loads twice");
            assert_eq!(policy.revision, again.revision);
        }
        Err(problems) => {
            assert!(!problems.problems.is_empty());
            let shown = problems.to_string();
            assert!(shown.chars().all(|c| !c.is_control() || matches!(c, '\n' | '\t')), "{shown:?}");
            for problem in &problems.problems {
                assert!(problem.span.start <= problem.span.end, "{problem:?}");
                assert!(problem.span.end <= text.len(), "{problem:?}");
            }
        }
    }
});
