//! From a solved challenge to a token, from a token to a success, and every way in which that must fail.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::net::IpAddr;

use proptest::prelude::*;
use spigot_challenge::token::{
    self, ACTION_LETTERS, DATA_BYTES, Grounds, RENEWALS_MAX, Redeemed, Refused, Strictness, TOKEN_LETTERS,
    Token, Visitor,
};
use spigot_challenge::{
    Binding, Errand, Keyring, Kind, Secret, Solved, Submission, Terms, Workspace, admit, issue, kind,
    server_token::{self, ACCOUNT_BYTES},
};

const NOW: i64 = 1_795_248_000_000;
const LIFE: u32 = 300_000;
const SITE: &str = "3f0c7a52-6d0e-4f4e-9b53-0a3d0c9f1d11";

fn keys() -> Keyring {
    Keyring::new(&[(2, Secret::new([2; 32])), (1, Secret::new([1; 32]))])
}

fn binding() -> Binding<'static> {
    let errand = Errand { site: SITE, action: "login", data: "order 7", press: false };
    Binding {
        host: "shop.example",
        user_agent: "Firefox",
        client: "192.0.2.1".parse().unwrap(),
        errand: Some(errand),
    }
}

fn solved(keys: &Keyring, binding: &Binding<'_>) -> Solved {
    let terms = Terms { kind: Kind::Sha256 { bits: 4 }, level: 2, life_millis: 60_000 };
    let challenge = issue(keys, &terms, binding, [9; 16], NOW);
    let proof = kind::sha256::solve(&challenge.bytes, 4);
    let submission = Submission { challenge: &challenge.bytes, proof: &proof };
    let admitted = admit(keys, submission, binding, NOW - 1000, NOW).unwrap();
    let verified = admitted.unspent(false).unwrap().verify(&proof, &mut Workspace::default(), NOW);
    verified.unwrap().spent(true).unwrap()
}

fn sealed(keys: &Keyring, binding: &Binding<'_>) -> String {
    let grounds = solved(keys, binding);
    token::seal(keys, Grounds::Solved(&grounds, "ada", 30), binding, LIFE, [7; 40], NOW).0
}

fn loose(_: &Token) -> Strictness {
    Strictness::Loose
}

fn redeem(keys: &Keyring, text: &str, site: &str, now: i64) -> Result<Redeemed, Refused> {
    token::open(keys, text, site, (Visitor::Unnamed, loose), NOW - 1000, now)?.spent(true)
}

#[test]
fn a_token_says_what_it_was_given_for() {
    let keys = keys();
    let text = sealed(&keys, &binding());
    assert!(text.starts_with("pt_") && text.len() < 400, "{} letters", text.len());
    let redeemed = redeem(&keys, &text, SITE, NOW + 1).unwrap();
    let token = redeemed.token();
    assert_eq!(
        (token.site.as_str(), token.host.as_str(), token.action.as_str(), token.data.as_str()),
        (SITE, "shop.example", "login", "order 7")
    );
    assert_eq!(
        (token.account.as_str(), token.level, token.risk, token.client),
        ("ada", 2, 30, binding().client)
    );
    assert_eq!((token.issued_millis, token.expires_millis), (NOW, NOW + i64::from(LIFE)));
}

#[test]
fn the_longest_token_is_short_enough() {
    let keys = keys();
    let longest = |letter: char, bytes: usize| letter.to_string().repeat(bytes / letter.len_utf8());
    // As long as a site key and the name of a host may be.
    let (site, host) = (longest('s', 64), longest('h', 253));
    let (action, account) = (longest('a', ACTION_LETTERS), longest('n', ACCOUNT_BYTES));
    let data = longest('\u{1f980}', DATA_BYTES);
    let errand = Errand { site: &site, action: &action, data: &data, press: true };
    let client = "2001:db8::1".parse().unwrap();
    let binding = Binding { host: &host, user_agent: &"u".repeat(5000), client, errand: Some(errand) };
    let grounds = solved(&keys, &binding);
    let (text, _) = token::seal(&keys, Grounds::Solved(&grounds, &account, 0), &binding, LIFE, [7; 40], NOW);
    assert!(text.len() <= TOKEN_LETTERS, "{} letters", text.len());
    let redeemed = redeem(&keys, &text, &site, NOW).unwrap();
    assert_eq!((&redeemed.token().account, &redeemed.token().data), (&account, &data));
}

#[test]
fn what_makes_no_success() {
    let keys = keys();
    let text = sealed(&keys, &binding());
    let check = |text: &str, site: &str, now: i64, expected: Refused| {
        assert_eq!(redeem(&keys, text, site, now).unwrap_err(), expected, "{site} at {}", now - NOW);
    };
    check(&text, "another site", NOW, Refused::OtherSite);
    check(&text, "", NOW, Refused::OtherSite);
    check(&text, SITE, NOW + i64::from(LIFE), Refused::Expired);
    assert!(redeem(&keys, &text, SITE, NOW + i64::from(LIFE) - 1).is_ok());
    check(&text, SITE, NOW - 61_000, Refused::Stale);
    for wrong in ["", "pt_", "pt_AAAA", &text[3..], &text[..text.len() - 1], "XXXX.DUMMY.TOKEN.XXXX"] {
        check(wrong, SITE, NOW, Refused::NotOurs);
    }
    check(&format!("pt_{}", "A".repeat(3000)), SITE, NOW, Refused::NotOurs);
    let others = Keyring::new(&[(2, Secret::new([3; 32]))]);
    assert_eq!(redeem(&others, &text, SITE, NOW).unwrap_err(), Refused::NotOurs);
    let older = token::open(&keys, &text, SITE, (Visitor::Unnamed, loose), NOW + 1, NOW + 2);
    assert_eq!(older.unwrap_err(), Refused::Stale, "given before this process remembers");
    let opened = token::open(&keys, &text, SITE, (Visitor::Unnamed, loose), 0, NOW).unwrap();
    assert_eq!(opened.spent(false).unwrap_err(), Refused::Spent);
}

#[test]
fn a_key_that_was_rotated_still_opens() {
    let old = Keyring::new(&[(1, Secret::new([1; 32]))]);
    let text = sealed(&old, &binding());
    assert!(redeem(&keys(), &text, SITE, NOW).is_ok());
}

#[test]
fn visitors() {
    let keys = keys();
    let check = |home: &str, strictness: Strictness, visitor: &str, expected: Result<(), Refused>| {
        let text = sealed(&keys, &Binding { client: home.parse().unwrap(), ..binding() });
        let visitor = match visitor {
            "" => Visitor::Unnamed,
            text => text.parse::<IpAddr>().map_or(Visitor::Unreadable, Visitor::At),
        };
        let opened = token::open(&keys, &text, SITE, (visitor, |_| strictness), 0, NOW);
        assert_eq!(opened.map(|_| ()), expected, "{home} {strictness:?} {visitor:?}");
    };
    let other = Err(Refused::OtherClient);
    use Strictness::{Loose, Off, Strict};
    for visitor in ["", "nowhere", "203.0.113.9"] {
        check("192.0.2.1", Off, visitor, Ok(()));
    }
    for visitor in ["", "nowhere", "192.0.2.1", "192.0.9.9", "2001:db8::1", "::ffff:192.0.2.1"] {
        check("192.0.2.1", Loose, visitor, Ok(()));
    }
    check("192.0.2.1", Loose, "203.0.113.9", other);
    check("2001:db8::1", Loose, "2001:db9::1", other);
    // What an application behind a proxy sees tells nothing of who comes from outside; of who is inside it does.
    for local in ["127.0.0.1", "10.1.2.3", "172.17.0.1", "192.168.1.1"] {
        check("203.0.113.9", Loose, local, Ok(()));
    }
    check("10.0.0.1", Loose, "172.17.0.1", other);
    check("192.0.2.1", Strict, "192.0.2.1", Ok(()));
    check("192.0.2.1", Strict, "::ffff:192.0.2.1", Ok(()));
    check("192.0.2.1", Strict, "", Err(Refused::ClientMissing));
    for visitor in ["nowhere", "192.0.2.2", "2001:db8::1", "127.0.0.1"] {
        check("192.0.2.1", Strict, visitor, other);
    }
    check("2001:db8::1", Strict, "2001:db8::ffff", Ok(()));
    check("2001:db8::1", Strict, "2001:db8:0:1::1", other);
}

#[test]
fn a_spent_token_is_given_again_twice_to_the_same_client_and_errand() {
    let keys = keys();
    let mut text = sealed(&keys, &binding());
    let errand = binding().errand.unwrap();
    let again = |text: &str, binding: &Binding<'_>| token::renewable(&keys, text, binding, 0, NOW + 5);
    let refused = |change: Binding<'_>, text: &str| {
        assert_eq!(again(text, &change).unwrap_err(), Refused::OtherClient, "{change:?}");
    };
    refused(Binding { user_agent: "Chrome", ..binding() }, &text);
    refused(Binding { host: "forum.example", ..binding() }, &text);
    refused(Binding { client: "203.0.113.9".parse().unwrap(), ..binding() }, &text);
    refused(Binding { errand: None, ..binding() }, &text);
    for other in
        [Errand { site: "x", ..errand }, Errand { action: "x", ..errand }, Errand { data: "x", ..errand }]
    {
        refused(Binding { errand: Some(other), ..binding() }, &text);
    }
    assert!(again(&text, &binding()).unwrap().granted(false, true).is_none(), "it was not spent");
    assert!(again(&text, &binding()).unwrap().granted(true, false).is_none(), "it was given again before");
    for round in 0..RENEWALS_MAX {
        let renewable = again(&text, &binding()).unwrap_or_else(|error| panic!("round {round}: {error:?}"));
        assert_ne!(&renewable.to_spend().0, renewable.token_id(), "two things are spent");
        let renewed = renewable.granted(true, true).unwrap();
        let pressed = Binding { errand: Some(Errand { press: true, ..errand }), ..binding() };
        let entropy = [round + 1; 40];
        text = token::seal(&keys, Grounds::Renewed(&renewed), &pressed, LIFE, entropy, NOW + 5).0;
        let redeemed = redeem(&keys, &text, SITE, NOW + 6).unwrap();
        assert_eq!((redeemed.token().account.as_str(), redeemed.token().level), ("ada", 2));
    }
    assert_eq!(again(&text, &binding()).unwrap_err(), Refused::Spent, "often enough");
    let late = token::renewable(&keys, &text, &binding(), 0, NOW + 5 + i64::from(LIFE));
    assert_eq!(late.unwrap_err(), Refused::Expired);
}

#[test]
fn server_tokens_read_back_and_end() {
    let keys = keys();
    let given = server_token::ServerToken {
        id: [5; 16],
        site: SITE.to_owned(),
        action: "pay".to_owned(),
        account: "ada".to_owned(),
        client: Some("2001:db8::1".parse().unwrap()),
        uses: 3,
        issued_millis: NOW,
        expires_millis: NOW + 1000,
    };
    let text = server_token::seal(&keys, &given, [6; 24]);
    assert!(text.starts_with("sct_"));
    assert_eq!(server_token::open(&keys, &text, NOW + 999), Some(given));
    assert_eq!(server_token::open(&keys, &text, NOW + 1000), None);
    // One kind is never taken for the other, whatever its prefix says.
    let renamed = text.replace("sct_", "pt_");
    assert_eq!(redeem(&keys, &renamed, SITE, NOW).unwrap_err(), Refused::NotOurs);
    let token = sealed(&keys, &binding()).replace("pt_", "sct_");
    assert_eq!(server_token::open(&keys, &token, NOW), None);
}

proptest! {
    /// Whatever is changed in a token, it is none.
    #[test]
    fn nothing_changed_counts(at in 0usize..1000, letter in "[A-Za-z0-9_-]") {
        let keys = keys();
        let text = sealed(&keys, &binding());
        let at = at % text.len();
        let mut changed = text.clone();
        changed.replace_range(at..=at, &letter);
        let counts = redeem(&keys, &changed, SITE, NOW).is_ok();
        prop_assert_eq!(counts, changed == text, "{} at {}", letter, at);
    }

    #[test]
    fn any_text_is_read_without_harm(text in ".{0,300}") {
        let keys = keys();
        let (token, server) = (format!("pt_{text}"), format!("sct_{text}"));
        prop_assert!(redeem(&keys, &token, SITE, NOW).is_err());
        prop_assert!(server_token::open(&keys, &server, NOW).is_none());
    }
}
