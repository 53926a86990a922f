use proptest::prelude::*;

use super::*;

fn read(json: &str) -> Result<Behaviour, String> {
    serde_json::from_str(json).map_err(|error| error.to_string())
}

#[test]
fn what_a_widget_sends() {
    let sent = r#"{"since_millis":8000,
        "pointer":{"moves":40,"presses":2,"touches":0,"untrusted":0,"path_pixels":900,"straight_percent":80,"speed_cv_percent":90},
        "keys":{"presses":20,"untrusted":0,"between_millis":150,"between_cv_percent":60,"held_millis":80,"held_cv_percent":30},
        "focus":{"fields":2,"backwards":0,"filled":2,"filled_unentered":0,"autofilled":0},
        "fill":{"inputs":20,"untrusted":0,"before_millis":900,"millis":4000},
        "paste":{"pastes":0,"fields":0},
        "visibility":{"hides":1,"hidden_millis":500,"hidden_throughout":false},
        "browser":{"marks":["webdriver","no_plugins","of_tomorrow"]},
        "of_tomorrow":[1]}"#;
    let behaviour = read(sent).unwrap();
    assert_eq!(
        (behaviour.since_millis, behaviour.pointer.path_pixels, behaviour.fill.millis),
        (8000, 900, 4000)
    );
    assert_eq!(
        behaviour.browser.marks().collect::<Vec<_>>(),
        [Mark::Webdriver],
        "a mark of yesterday counts nothing"
    );
    assert_eq!(read("{}"), Ok(Behaviour::default()), "a widget that knows less");
}

#[test]
fn what_no_widget_sends() {
    let many = format!(r#"{{"browser":{{"marks":[{}"x"]}}}}"#, r#""webdriver","#.repeat(64));
    for hostile in [
        "7",
        r#""""#,
        r#"{"since_millis":-1}"#,
        r#"{"since_millis":1.5}"#,
        r#"{"since_millis":1e3}"#,
        r#"{"since_millis":"8000"}"#,
        r#"{"since_millis":null}"#,
        r#"{"since_millis":1,"since_millis":2}"#,
        r#"{"pointer":7}"#,
        r#"{"pointer":{"moves":[]}}"#,
        r#"{"visibility":{"hidden_throughout":1}}"#,
        r#"{"browser":{"marks":"webdriver"}}"#,
        r#"{"browser":{"marks":[1]}}"#,
        &many,
    ] {
        assert!(read(hostile).is_err(), "{hostile}");
    }
    let huge = read(r#"{"since_millis":18446744073709551615,"pointer":{"moves":1000001}}"#).unwrap();
    assert_eq!((huge.since_millis, huge.pointer.moves), (1_000_000, 1_000_000));
}

proptest! {
    /// Whatever comes in the place of a number, every number that is read is within the bound.
    #[test]
    fn no_number_is_out_of_bounds(number in any::<i64>(), group in "[a-z]{0,8}") {
        let sent = format!(r#"{{"since_millis":{number},"{group}_":{{"moves":{number}}},"pointer":{{"moves":{number}}}}}"#);
        match read(&sent) {
            Ok(behaviour) => {
                prop_assert!(number >= 0);
                prop_assert!(behaviour.since_millis <= 1_000_000 && behaviour.pointer.moves <= 1_000_000);
            }
            Err(_) => prop_assert!(number < 0),
        }
    }
}
