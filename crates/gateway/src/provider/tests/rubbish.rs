//! Whatever comes, it is no yes.

use super::super::AltchaPuzzle;
use super::altcha::altcha;
use super::*;

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig { failure_persistence: None, ..Default::default() })]

    #[test]
    fn no_rubbish_is_a_yes_and_none_panics(
        status in 0_u16..600,
        bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..300),
        token in "\\PC{0,80}",
        at in 0_usize..400,
        by in proptest::prelude::any::<u8>(),
    ) {
        for kind in vendors() {
            let settings = settings(kind);
            for token in [token.clone(), format!("pt_{token}"), format!("dg_{token}")] {
                let asked = Asked { settings: &settings, token: &token, address: None, challenge: CHALLENGE, host: HOST };
                if let Ok(question) = kind.question(&asked) {
                    proptest::prop_assert!(http::uri::PathAndQuery::try_from(question.target.as_str()).is_ok());
                    proptest::prop_assert!(std::str::from_utf8(&question.body).is_ok());
                }
                let heard = word(&settings, &token, status, bytes.clone());
                proptest::prop_assert!(!matches!(heard, Word::Passed(_)), "{} {heard:?}", kind.name());
            }
            // A yes with one byte changed is read without a panic, whatever it comes to.
            let mut yes = yes(kind).to_string().into_bytes();
            let at = at % yes.len();
            yes[at] = by;
            let _ = word(&settings, token.as_str(), 200, yes);
        }
        let puzzle = AltchaPuzzle::with([1; 16], 1000, 0);
        for version in [Altcha::V1 { number_max: 10 }, Altcha::V2 { cost: 10 }] {
            proptest::prop_assert_eq!(puzzle.check(&altcha(version), &bytes), INVALID);
        }
    }
}
