//! ALTCHA's challenges: solved, and changed in every way.

use super::super::{AltchaPuzzle, altcha as room, geetest};
use super::*;

/// A solved payload of ALTCHA's widget, as it would be.
fn solve_altcha(issued: &Value) -> Value {
    use sha2::{Digest, Sha256};
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    if issued.get("parameters").is_none() {
        let (salt, challenge) = (text(&issued["salt"]), text(&issued["challenge"]));
        let hash = |number: u64| geetest::hex(&Sha256::digest(format!("{salt}{number}")));
        let number = (0..).find(|number| hash(*number) == challenge).unwrap();
        return json!({ "algorithm": "SHA-256", "challenge": challenge, "number": number, "salt": salt, "signature": issued["signature"], "took": 5 });
    }
    let bytes = |name: &str| -> Vec<u8> {
        let hex = text(&issued["parameters"][name]);
        (0..hex.len() / 2).map(|at| u8::from_str_radix(&hex[2 * at..2 * at + 2], 16).unwrap()).collect()
    };
    let (nonce, salt) = (bytes("nonce"), bytes("salt"));
    let cost = u32::try_from(issued["parameters"]["cost"].as_u64().unwrap()).unwrap();
    let derive = |counter: u32| {
        let password = [nonce.as_slice(), &counter.to_be_bytes()].concat();
        geetest::hex(&room::pbkdf2(&password, &salt, cost))
    };
    let counter = (0..).find(|counter| derive(*counter).starts_with("00")).unwrap();
    json!({ "challenge": issued, "solution": { "counter": counter, "derivedKey": derive(counter), "time": 12.5 } })
}

fn payload(value: &Value) -> Vec<u8> {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.encode(value.to_string()).into_bytes()
}

pub(super) fn altcha(version: Altcha) -> ProviderSettings {
    ProviderSettings { altcha: version, ..settings(ProviderKind::Altcha) }
}

#[test]
fn altcha_is_solved_and_only_for_its_own_challenge() {
    for version in [Altcha::V1 { number_max: 2000 }, Altcha::V2 { cost: 10 }] {
        let settings = altcha(version);
        let (puzzle, other) = (AltchaPuzzle::with([1; 16], 1000, 0), AltchaPuzzle::with([2; 16], 1000, 0));
        let issued = puzzle.issue(&settings);
        assert_eq!(issued, puzzle.issue(&settings), "whenever it is asked for");
        let solved = solve_altcha(&issued);
        assert_eq!(puzzle.check(&settings, &payload(&solved)), PASSED, "{version:?}");
        assert_eq!(other.check(&settings, &payload(&solved)), INVALID, "another challenge's");
        assert_eq!(
            AltchaPuzzle::with([1; 16], 2000, 0).check(&settings, &payload(&solved)),
            INVALID,
            "another time's"
        );
        assert_eq!(
            AltchaPuzzle::with([1; 16], 1000, 1).check(&settings, &payload(&solved)),
            INVALID,
            "half the work"
        );
        let secret = ProviderSettings { secret: Hidden::new("another".to_owned()), ..altcha(version) };
        assert_eq!(puzzle.check(&secret, &payload(&solved)), INVALID, "another secret's");
        for garbage in
            [&b""[..], b"{}", b"bnVsbA==", b"e30=", b"\xff", &payload(&issued), &payload(&json!([solved]))]
        {
            assert_eq!(puzzle.check(&settings, garbage), INVALID);
        }
    }
}

#[test]
fn nothing_of_an_altcha_solution_can_be_changed() {
    let v1 = altcha(Altcha::V1 { number_max: 2000 });
    let puzzle = AltchaPuzzle::with([7; 16], 1_795_248_000, 0);
    let issued = puzzle.issue(&v1);
    let salt = issued["salt"].as_str().unwrap();
    assert!(salt.ends_with("?expires=1795248000&"), "{salt}");
    let solved = solve_altcha(&issued);
    // CVE-2025-68113: digits of the number moved into the expiry hash the same; the & that ends the salt, and the
    // comparison with what was issued, keep them apart.
    let number = solved["number"].as_u64().unwrap().to_string();
    for at in 0..number.len() {
        for salt in
            [format!("{salt}{}", &number[..at]), format!("{}{}", &salt[..salt.len() - 1], &number[..at])]
        {
            let mut spliced = solved.clone();
            let moved = at > 0 || !salt.ends_with('&');
            (spliced["salt"], spliced["number"]) = (salt.into(), number[at..].parse::<u64>().unwrap().into());
            let expected = if moved { INVALID } else { PASSED };
            assert_eq!(puzzle.check(&v1, &payload(&spliced)), expected, "{spliced}");
        }
    }
    let v2 = altcha(Altcha::V2 { cost: 10 });
    let solved_v2 = solve_altcha(&puzzle.issue(&v2));
    for (settings, solved, pointer, to) in [
        (&v1, &solved, "/algorithm", json!("SHA-1")),
        (&v1, &solved, "/number", json!(1_000_000)),
        (&v1, &solved, "/number", json!(-1)),
        (&v1, &solved, "/signature", json!("")),
        (&v1, &solved, "/challenge", json!("00")),
        (&v2, &solved_v2, "/challenge/parameters/cost", json!(1)),
        (&v2, &solved_v2, "/challenge/parameters/keyPrefix", json!("")),
        (&v2, &solved_v2, "/challenge/parameters/expiresAt", json!(4_000_000_000_u32)),
        (&v2, &solved_v2, "/challenge/parameters", json!({})),
        (&v2, &solved_v2, "/challenge/signature", json!("")),
        (&v2, &solved_v2, "/solution/counter", json!(4_294_967_296_u64)),
        (&v2, &solved_v2, "/solution/counter", json!(0.5)),
        (&v2, &solved_v2, "/solution/derivedKey", json!("00")),
    ] {
        let mut other = solved.clone();
        *other.pointer_mut(pointer).unwrap() = to;
        assert_eq!(puzzle.check(settings, &payload(&other)), INVALID, "{pointer}");
    }
}
