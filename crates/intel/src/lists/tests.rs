use std::net::{Ipv4Addr, Ipv6Addr};

use spigot_decision::Millis;

use super::*;

const MOST: usize = 1000;

fn entries(texts: &[&str]) -> Entries {
    let mut entries = Entries::default();
    texts.iter().for_each(|text| entries.push(Span::parse(text).expect(text)));
    entries
}

fn whole(bytes: &str, format: &Format) -> Result<Entries, String> {
    read(bytes.as_bytes(), format, MOST)
}

#[test]
fn spans_read_back() {
    for (text, shown) in [
        ("192.0.2.0/24", "192.0.2.0/24"),
        ("192.0.2.7", "192.0.2.7"),
        ("192.0.2.0-192.0.2.255", "192.0.2.0/24"),
        ("192.0.2.1-192.0.2.9", "192.0.2.1-192.0.2.9"),
        ("0.0.0.0/0", "0.0.0.0/0"),
        ("2001:db8::/32", "2001:db8::/32"),
        ("::/0", "::/0"),
        ("2001:db8::1-2001:db8::5", "2001:db8::1-2001:db8::5"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
    ] {
        let span = Span::parse(text).expect(text);
        assert_eq!(span.to_string(), shown);
        assert_eq!(Span::parse(shown), Some(span));
    }
    for text in ["", "example.org", "192.0.2.9-192.0.2.1", "192.0.2.1-2001:db8::1", "192.0.2.0/33"] {
        assert_eq!(Span::parse(text), None, "{text}");
    }
}

#[test]
fn every_format() {
    let check = |text: &str, format: &Format, expected: &[&str], unread: usize| {
        let expected = Entries { unread, ..entries(expected) };
        assert_eq!(whole(text, format), Ok(expected), "{text}");
    };
    let two = ["192.0.2.0/24", "2001:db8::/32"];
    check("# netset\n192.0.2.0/24\n\n2001:db8::/32 # ours\n", &Format::Text, &two, 0);
    check("; Spamhaus DROP List\n192.0.2.0/24 ; SBL1\n2001:db8::/32 ; SBL2\n", &Format::Text, &two, 0);
    let saved = "create bad hash:net family inet\nadd bad 192.0.2.0/24\nadd bad 2001:db8::/32 timeout 60\n";
    check(saved, &Format::Text, &two, 0);
    check("192.0.2.0/24\r\nexample.org\r\n2001:db8::/32", &Format::Text, &two, 1);
    let by_name = Format::Csv(vec![Column::Name("ip".to_owned())]);
    check("when,IP\n1,192.0.2.0/24\n2,\"2001:db8::/32\"\n", &by_name, &two, 0);
    let by_number = |numbers: &[usize]| Format::Csv(numbers.iter().map(|n| Column::Number(*n)).collect());
    check("192.0.2.0/24;x\n2001:db8::/32;y\n", &by_number(&[1]), &two, 0);
    let ends = "from\tto\n192.0.2.0\t192.0.2.255\n2001:db8::\t2001:db8:ffff:ffff:ffff:ffff:ffff:ffff\nx\ty\n";
    check(ends, &by_number(&[1, 2]), &two, 1);
    let google = r#"{"creationTime":"2026-11-01","prefixes":[{"ipv4Prefix":"192.0.2.0/24"},{"ipv6Prefix":"2001:db8::/32"}]}"#;
    check(google, &Format::Json, &two, 0);
    let lines = "{\"cidr\":\"192.0.2.0/24\",\"sblid\":\"SBL1\"}\n{\"cidr\":\"2001:db8::\\/32\"}\n{\"type\":\"metadata\",\"size\":2}\n";
    check(lines, &Format::Json, &two, 0);
    let amazon = r#"{"prefixes":[{"ip_prefix":"192.0.2.0/24","service":"EC2"}],"ipv6_prefixes":[{"ipv6_prefix":"2001:db8::/32"}]}"#;
    check(amazon, &Format::Json, &two, 0);
    check("[\n\"192.0.2.0/24\",\n\"2001:db8::/32\",\n7\n]", &Format::Json, &two, 0);
}

#[test]
fn what_is_no_list_is_said() {
    let check = |bytes: &[u8], format: &Format, said: &str| {
        let error = read(bytes, format, 2).expect_err(said);
        assert!(error.contains(said), "{error}");
    };
    check(b"<html>", &Format::Json, "it is no JSON with `prefixes`");
    check(b"\xff\xfe", &Format::Text, "no text in UTF-8");
    check(b"a,b\n1,2\n", &Format::Csv(vec![Column::Name("ip".to_owned())]), "no column \"ip\"; it has: a, b");
    check(b"192.0.2.1\n192.0.2.2\n192.0.2.3\n", &Format::Text, "more than 2 entries");
    check(b"[]", &Format::CrowdSec(vec![]), "no answer of CrowdSec's decisions stream");
    assert!(unpacked(vec![0x1f, 0x8b, 0], 10).is_err_and(|error| error.contains("unpacked")));
}

#[test]
fn gzip_is_unpacked_up_to_the_bound() {
    use std::io::Write;
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(&[b'\n'; 1000]).unwrap();
    let packed = packed.finish().unwrap();
    assert_eq!(unpacked(packed.clone(), 1000).map(|bytes| bytes.len()), Ok(1000));
    assert!(unpacked(packed, 999).is_err_and(|error| error.contains("larger than 999 bytes")));
}

#[test]
fn a_stream_tells_what_came_and_what_went() {
    let ban = r#"{"id":1,"scope":"Ip","value":"192.0.2.7","type":"ban","duration":"3h"}"#;
    let captcha = r#"{"scope":"ip","value":"192.0.2.7","type":"captcha"}"#;
    let range = r#"{"scope":"Range","value":"2001:db8::/32","type":"Ban"}"#;
    let wide = r#"{"scope":"Country","value":"de","type":"captcha"},{"scope":"AS","value":"64500","type":"throttle"}"#;
    let other =
        r#"{"scope":"username","value":"ada","type":"ban"},{"scope":"Ip","value":"ada","type":"ban"}"#;
    let answer = |new: &[&str], gone: &[&str]| {
        let list = |all: &[&str]| {
            if all.is_empty() { "null".to_owned() } else { format!("[{}]", all.join(",")) }
        };
        format!(r#"{{"new":{},"deleted":{}}}"#, list(new), list(gone))
    };
    let check = |types: &[&str], answers: &[String], expected: &[&str], unread: usize| {
        let types: Vec<String> = types.iter().map(|text| (*text).to_owned()).collect();
        let mut decisions = Decisions::default();
        for answer in answers {
            decisions
                .follow(answer.as_bytes(), &types, MOST, Millis(0))
                .unwrap_or_else(|why| panic!("{answer}: {why}"));
        }
        let found = decisions.entries();
        let text = found.text();
        assert_eq!(
            (text.lines().collect::<Vec<_>>(), found.unread),
            (expected.to_vec(), unread),
            "{answers:?}"
        );
    };
    let all = answer(&[ban, captcha, range, wide, other], &[]);
    let everything = ["192.0.2.7", "2001:db8::/32", "AS64500", "country:DE"];
    check(&[], std::slice::from_ref(&all), &everything, 1);
    check(&["ban"], std::slice::from_ref(&all), &everything[..2], 1);
    check(&["Captcha", "throttle"], std::slice::from_ref(&all), &["192.0.2.7", "AS64500", "country:DE"], 0);
    check(&[], &[all.clone(), answer(&[], &[ban, wide])], &everything[..2], 1);
    check(&[], &[all.clone(), answer(&[], &[ban, captcha])], &everything[1..], 1);
    check(&["ban"], &[all.clone(), answer(&[], &[captcha])], &everything[..2], 1);
    // What ended and began anew within one answer holds.
    check(&["ban"], &[all, answer(&[ban], &[ban, range])], &everything[..1], 1);
    check(&[], &[answer(&[], &[])], &[], 0);
    let few = Decisions::default().follow(answer(&[ban, range], &[]).as_bytes(), &[], 1, Millis(0));
    assert!(few.is_err_and(|why| why.contains("more than 1 entries")));
}

#[test]
fn decisions_end_by_themselves() {
    let one = |kind: &str, value: &str, duration: &str| {
        format!(r#"{{"scope":"Ip","value":"{value}","type":"{kind}","duration":"{duration}"}}"#)
    };
    let mut decisions = Decisions::default();
    let mut tell = |now: i64, new: &[String], gone: &[String]| {
        let answer = format!(r#"{{"new":[{}],"deleted":[{}]}}"#, new.join(","), gone.join(","));
        decisions.follow(answer.as_bytes(), &[], MOST, Millis(now)).unwrap_or_else(|why| panic!("{why}"));
        let ends: Vec<_> = decisions.ends().into_iter().map(|(text, end)| (text, end.0)).collect();
        (decisions.entries().len(), ends)
    };
    let ends =
        |all: &[(&str, i64)]| all.iter().map(|(text, end)| ((*text).to_owned(), *end)).collect::<Vec<_>>();
    // Of two types the later end counts, and so it does of two decisions of one type.
    let new = [
        one("ban", "192.0.2.1", "4h0m0s"),
        one("captcha", "192.0.2.1", "5h"),
        one("ban", "192.0.2.2", "2m"),
        one("ban", "192.0.2.2", "1m"),
        one("ban", "192.0.2.3", "some time"),
        one("ban", "192.0.2.4", "-1s"),
    ];
    let (first, later) = (("192.0.2.1", 18_001_000), ("192.0.2.2", 121_000));
    assert_eq!(tell(1000, &new, &[]), (3, ends(&[first, later])));
    assert_eq!(tell(120_999, &[], &[]), (3, ends(&[first, later])));
    assert_eq!(tell(121_000, &[], &[]), (2, ends(&[first])), "nobody told that it is gone");
    let gone = [one("captcha", "192.0.2.1", "-1s")];
    assert_eq!(tell(121_000, &[], &gone), (2, ends(&[("192.0.2.1", 14_401_000)])));
    // Without an end beside one with: it stays.
    let forever = [one("captcha", "192.0.2.1", "")];
    assert_eq!(tell(121_000, &forever, &[]), (2, ends(&[])));
}

#[test]
fn networks_countries_and_fingerprints_stand_in_lists_of_text() {
    let text =
        "192.0.2.7\nAS64500 # a company\ncountry:de\nfingerprint:t13d1516h2_8daaf6152771_b186095e22b6\nAS\n";
    let found = whole(text, &Format::Text).unwrap();
    assert_eq!((found.len(), found.wide.len(), found.unread), (4, 3, 1));
    assert_eq!(whole(&found.text(), &Format::Text).unwrap(), Entries { unread: 0, ..found.clone() });
    let other = entries(&["192.0.2.0/24"]);
    let lists = Lists::new([&other, &found]);
    let layer = spigot_decision::layer_number("t13d1516h2_8daaf6152771_b186095e22b6");
    assert_eq!(lists.find_wide(&[0; 3], Some(64500), None), 0b10);
    assert_eq!(lists.find_wide(&[layer, 0, 0], Some(64501), None), 0b10);
    assert_eq!(lists.find_wide(&[0; 3], None, None), 0);
    let arranged = lists.arranged(|list| Some(5 + list));
    assert_eq!(arranged.find_wide(&[0; 3], None, Some(*b"DE")), 1 << 6);
    assert_eq!(arranged.find(IpAddr::from([192, 0, 2, 7])), 0b11 << 5);
}

#[test]
fn what_should_not_take_the_place_of_the_list_before() {
    let numbered = |count: u32| {
        let mut all = Entries::default();
        (0..count).for_each(|n| all.push(Span::V4(n * 2, n * 2)));
        all
    };
    let check = |new: &Entries, before: Option<usize>, said: Option<&str>| {
        let why = implausible(new, before);
        assert!(
            why.as_deref().map(|why| said.is_some_and(|said| why.contains(said))).unwrap_or(said.is_none()),
            "{why:?}, expected {said:?}"
        );
    };
    check(&Entries::default(), None, Some("no entries"));
    check(&numbered(1), None, None);
    check(&numbered(10), Some(100), None);
    check(&numbered(9), Some(100), Some("shrunk from 100 entries to 9"));
    check(&numbered(1), Some(49), None);
    check(&numbered(1000), Some(1), None);
    check(&numbered(1001), Some(100), Some("grown from 100 entries to 1001"));
    check(&numbered(1001), Some(101), None);
    check(&Entries { unread: 16, ..numbered(100) }, None, Some("16 of its lines hold no address"));
    check(&Entries { unread: 15, ..numbered(100) }, None, None);
    check(&entries(&["0.0.0.0/1"]), None, None);
    check(&entries(&["0.0.0.0/1", "128.0.0.0"]), None, Some("half of IPv4"));
    check(&entries(&["0.0.0.0/0"]), None, Some("half of IPv4"));
    check(&entries(&["2000::/4", "8000::/1"]), None, None);
    check(&entries(&["::/0"]), None, Some("half of IPv6"));
}

#[test]
fn the_ends_of_both_families() {
    let lists =
        Lists::new([&entries(&["255.255.255.255", "0.0.0.0", "::/128", "ffff::/16", "2001:db8::/32"])]);
    for (address, on) in [
        ("255.255.255.255", 1),
        ("255.255.255.254", 0),
        ("0.0.0.0", 1),
        ("0.0.0.1", 0),
        ("::", 1),
        ("::1", 0),
        ("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 1),
        ("fffe::", 0),
        ("2001:db8::1", 1),
        ("2001:db9::", 0),
        ("::ffff:255.255.255.255", 1),
    ] {
        assert_eq!(lists.find(address.parse().expect(address)), on, "{address}");
    }
    assert_eq!(Lists::default().find(IpAddr::from([192, 0, 2, 1])), 0);
}

#[test]
fn lists_get_other_numbers() {
    let lists =
        Lists::new([&entries(&["10.0.0.0/8"]), &entries(&["10.1.0.0/16"]), &entries(&["10.1.1.0/24"])]);
    let address = IpAddr::from([10, 1, 1, 1]);
    assert_eq!(lists.find(address), 0b111);
    let arranged = lists.arranged(|list| [Some(63), None, Some(0)][list.min(2)].filter(|_| list < 3));
    assert_eq!(arranged.find(address), 1 << 63 | 1);
    assert_eq!(arranged.find(IpAddr::from([10, 1, 0, 0])), 1 << 63);
}

/// The same as asking each list for each of its entries, over entries that overlap in every way.
#[test]
fn as_if_each_list_was_asked() {
    let seed = 0x5eed_1157_u64;
    println!("seed {seed:#x}");
    let mut state = seed;
    let mut random = move || {
        // splitmix64
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (state ^ state >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ mixed >> 31
    };
    for round in 0..50 {
        let mut all = vec![Entries::default(); 1 + round % 5];
        for list in &mut all {
            for _ in 0..random() % 40 {
                // Few different addresses, so that many ends fall together.
                let (a, b) = ((random() % 64) as u32, (random() % 64) as u32);
                list.push(Span::V4(a.min(b) << 12, a.max(b) << 12 | 0xfff));
                let (a, b) = (u128::from(a) << 122 >> 1, u128::from(b) << 122 >> 1);
                list.push(Span::V6(a.min(b), a.max(b)));
            }
        }
        let lists = Lists::new(&all);
        for _ in 0..500 {
            let (bits, wide) = ((random() % (64 << 12)) as u32, u128::from(random() % 130) << 120);
            for address in [Ipv4Addr::from_bits(bits).into(), Ipv6Addr::from_bits(wide).into()] {
                let address: IpAddr = address;
                let expected = all
                    .iter()
                    .enumerate()
                    .map(|(list, entries)| u64::from(entries.find(address).is_some()) << list)
                    .fold(0, |set, bit| set | bit);
                assert_eq!(lists.find(address), expected, "round {round}: {address}");
            }
        }
    }
}
