//! The published examples, and what has to be refused. A whole issuance runs in the server's end-to-end tests.

use super::*;

/// The issuer's key of RFC 9578, appendix B.2, in hexadecimal.
const KEY: &str = "30820152303d06092a864886f70d01010a3030a00d300b0609608648016503040202a11a301806092a864886f70d010108300b0609608648016503040202a2030201300382010f003082010a0282010100cb1aed6b6a95f5b1ce013a4cfcab25b94b2e64a23034e4250a7eab43c0df3a8c12993af12b111908d4b471bec31d4b6c9ad9cdda90612a2ee903523e6de5a224d6b02f09e5c374d0cfe01d8f529c500a78a2f67908fa682b5a2b430c81eaf1af72d7b5e794fc98a3139276879757ce453b526ef9bf6ceb99979b8423b90f4461a22af37aab0cf5733f7597abe44d31c732db68a181c6cbbe607d8c0e52e0655fd9996dc584eca0be87afbcd78a337d17b1dba9e828bbd81e291317144e7ff89f55619709b096cbb9ea474cead264c2073fe49740c01f00e109106066983d21e5f83f086e2e823c879cd43cef700d2a352a9babd612d03cad02db134b7e225a5f0203010001";
/// Challenge and token of its first two examples.
const EXAMPLES: [(&str, &str); 2] = [
    (
        "0002000e6973737565722e6578616d706c65208e7acc900e393381e8810b7c9e4a68b5163f1f880ab6688a6ffe780923609e88000e6f726967696e2e6578616d706c65",
        "0002aa72019d1f951df197021ce63876fe8b0a02dc1c31a12b0a2dd1508d07827f055969f643b4cfda5196d4aa86aeb5368834f4f06de46950ed435b3b81bd036d44ca572f8982a9ca248a3056186322d93ca147266121ddeb5632c07f1f71cd2708bc6a21b533d07294b5e900faf5537dd3eb33cee4e08c9670d1e5358fd184b0e00c637174f5206b14c7bb0e724ebf6b56271e5aa2ed94c051c4a433d302b23bc52460810d489fb050f9de5c868c6c1b06e3849fd087629f704cc724bc0d0984d5c339686fcdd75f9a9cdd25f37f855f6f4c584d84f716864f546b696d620c5bd41a811498de84ff9740ba3003ba2422d26b91eb745c084758974642a42078201543246ddb58030ea8e722376aa82484dca9610a8fb7e018e396165462e17a03e40ea7e128c090a911ecc708066cb201833010c1ebd4e910fc8e27a1be467f78671836a508257123a45e4e0ae2180a434bd1037713466347a8ebe46439d3da1970",
    ),
    (
        "0002000e6973737565722e6578616d706c6500000e6f726967696e2e6578616d706c65",
        "000298c1345ff38a554b429b428b0f206cfe4f3892f8041995f2c24873d90e84488d11e15c91a7c2ad02abd66645802373db1d823bea80f08d452541fb2b62b5898bca572f8982a9ca248a3056186322d93ca147266121ddeb5632c07f1f71cd27083350a206c5e9b7c0898f97611ce0bb8d74d310bb194ab67e094e32ff6da90886924b1b9e7b569402c1101d896d2fc3a7371ef77f02310db1dc9f81c8535828c2d0e9d9051720d182cd54e1c2c3bf417da2fc7aa72bb70ccc834ef274a2e809c9821b3d395d6535423f7428b3f29175d6eb840b4b7685336e57e2b6afeaabc0c17ea4f557e8a9cc2f624e245c6ccd7cbdd6c32c97c5c6974e802f688e2d25f0aba4215f609f692244517d5d3407e0172273982c001c158f5fcbe1b5d2447c26a87e89f5a9e72b498b0c59ce749823d2cf253d3cf6cd4e64fa0e434d95e488789247a9ceed756ff4ff33a8d2402c0db381236d331092838b608a42002552092897",
    ),
];

fn unhex(text: &str) -> Vec<u8> {
    (0..text.len() / 2).map(|at| u8::from_str_radix(&text[2 * at..2 * at + 2], 16).unwrap()).collect()
}

fn key() -> IssuerKey {
    IssuerKey::parse(&base64url_padded(&unhex(KEY))).unwrap()
}

fn read(token: &[u8]) -> Option<Token> {
    presented(format!("PrivateToken token=\"{}\"", base64url_padded(token)).as_bytes()).unwrap().ok()
}

#[test]
fn the_tokens_of_rfc_9578_count_for_their_challenges() {
    let challenges: Vec<_> = EXAMPLES.iter().map(|(bytes, _)| Challenge { bytes: unhex(bytes) }).collect();
    let mut ids = Vec::new();
    for (number, (_, token)) in EXAMPLES.iter().enumerate() {
        let bytes = unhex(token);
        let token = read(&bytes).unwrap();
        assert_eq!(token.key_id(), key().id);
        ids.push(key().redeem(&token, &challenges).unwrap().id());
        let other = &challenges[1 - number..2 - number];
        assert_eq!(key().redeem(&token, other), Err(Unredeemable::OtherChallenge));
        for (at, why) in [
            (2, Unredeemable::Forged),
            (40, Unredeemable::OtherChallenge),
            (70, Unredeemable::OtherKey),
            (200, Unredeemable::Forged),
            (353, Unredeemable::Forged),
        ] {
            let mut changed = bytes.clone();
            changed[at] ^= 1;
            assert_eq!(key().redeem(&read(&changed).unwrap(), &challenges), Err(why), "byte {at}");
        }
    }
    assert_ne!(ids[0], ids[1]);
}

#[test]
fn a_challenge_is_written_as_in_rfc_9577() {
    let (expected, _) = EXAMPLES[0];
    let context: [u8; 32] = unhex(expected)[19..51].try_into().unwrap();
    let made = Challenge::new("issuer.example", &context, "origin.example").unwrap();
    assert_eq!(made.bytes, unhex(expected));
    assert_eq!(Challenge::new("", &context, "origin.example"), None);
    assert_eq!(Challenge::new("issuer.example", &context, &"a".repeat(256)), None);
    let offered = offer(&made, &key(), 60);
    assert!(offered.starts_with("PrivateToken challenge=\"AAIADm"), "{offered}");
    assert!(offered.ends_with(", max-age=60"), "{offered}");
}

#[test]
fn credentials_are_read_strictly() {
    let token = unhex(EXAMPLES[0].1);
    let text = base64url_padded(&token);
    let bare = text.trim_end_matches('=');
    let check = |credentials: String, expected: Option<bool>| {
        let found = presented(credentials.as_bytes()).map(|token| token.is_ok());
        assert_eq!(found, expected, "{credentials}");
    };
    check(format!("PrivateToken token=\"{text}\""), Some(true));
    check(format!("privatetoken token={bare}"), Some(true));
    check(format!("PrivateToken extensions=\"AA\", token=\"{text}\""), Some(true));
    check(format!("PrivateToken token=\"{text}\", token=\"{text}\""), Some(false));
    check(format!("PrivateToken token=\"{text}"), Some(false));
    check(format!("PrivateToken token=\"A{text}\""), Some(false));
    check(format!("PrivateToken token=\"{}\"", base64url_padded(&token[1..])), Some(false));
    check(format!("PrivateToken {}token=\"{text}\"", " ".repeat(CREDENTIALS_MAX)), Some(false));
    check("PrivateToken".to_owned(), Some(false));
    check(format!("PrivateTokens token=\"{text}\""), None);
    check("Bearer abc".to_owned(), None);
    check(String::new(), None);
    let mut other_type = token;
    other_type[1] = 1;
    assert_eq!(read(&other_type), None);
}

#[test]
fn issuers_keys_are_read_strictly() {
    let good = unhex(KEY);
    let check = |bytes: &[u8], said: &str| {
        let error = IssuerKey::parse(&base64url_padded(bytes)).unwrap_err();
        assert!(error.contains(said), "{error}");
    };
    check(&good[..good.len() - 1], "no RSA key");
    check(&[&good[..], &[0]].concat(), "no RSA key");
    check(&[0x30, 0x84, 0xff, 0xff, 0xff, 0xff], "no RSA key");
    check(&[], "no RSA key");
    check(&vec![0; TOKEN_KEY_BYTES_MAX + 1], "longer");
    assert!(IssuerKey::parse("?").unwrap_err().contains("base64url"));
    for end in 0..good.len() {
        assert!(IssuerKey::parse(&base64url_padded(&good[..end])).is_err(), "{end}");
    }
}
