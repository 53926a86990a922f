use std::io::Cursor;

use super::*;

fn built(input: &str, corpus: Corpus) -> io::Result<(Vec<u8>, Built)> {
    let mut file = Vec::new();
    let built = build(Cursor::new(input), corpus, &mut file)?;
    Ok((file, built))
}

fn words(count: u32) -> String {
    (0..count).map(|n| format!("hunter{n}\n")).collect()
}

#[test]
fn what_went_in_is_found_and_next_to_nothing_else() {
    let (file, built) = built(&words(50_000), Corpus::Words).unwrap();
    assert_eq!((built.passwords, built.bytes), (50_000, file.len() as u64));
    let bits = file.len() as f64 * 8.0 / 50_000.0;
    // 256 small filters waste more than large ones, which take 18 bits a password.
    assert!(bits < 30.0, "{bits} bits a password");
    let breached = Breached::from(&file[..]).unwrap();
    let found = |text: String| breached.contains(&Digest::of(text.as_bytes()));
    assert!((0..50_000).all(|n| found(format!("hunter{n}"))));
    let wrong = (0..200_000).filter(|n| found(format!("correct horse {n}"))).count();
    assert!(wrong <= 15, "{wrong} of 200,000 others; 3 are expected");
}

#[test]
fn hashes_are_read_as_they_are_handed_out() {
    let mut lines: Vec<String> = ["password", "letmein", "dragon", "rare"]
        .iter()
        .map(|word| {
            let (prefix, suffix) = Digest::of(word.as_bytes()).range();
            format!("{prefix}{}:{}\r\n", *suffix, if *word == "rare" { 2 } else { 900 })
        })
        .collect();
    lines.sort();
    let seen = |n| Corpus::Hashes { seen_at_least: n };
    let breached = Breached::from(&built(&lines.concat(), seen(10)).unwrap().0[..]).unwrap();
    let found = |word: &str| breached.contains(&Digest::of(word.as_bytes()));
    assert_eq!(["password", "letmein", "dragon", "rare"].map(found), [true, true, true, false]);
    assert_eq!(breached.passwords, 3);
    lines.reverse();
    let error = |input: &str| built(input, seen(1)).unwrap_err().to_string();
    assert_eq!(error(&lines.concat()), "line 2: the hashes are not in ascending order; sort the file first");
    assert!(error("password\n").contains("say --words"));
    assert_eq!(built("", seen(1)).unwrap().1.passwords, 0);
}

#[test]
fn a_damaged_file_is_refused_wherever_the_damage_is() {
    let (file, _) = built(&words(300), Corpus::Words).unwrap();
    assert!(Breached::from(&file[..]).is_ok());
    for at in (0..file.len()).step_by(23) {
        let mut damaged = file.clone();
        damaged[at] ^= 1;
        assert!(Breached::from(&damaged[..]).is_err(), "byte {at}");
    }
    for end in (0..file.len()).step_by(97) {
        assert!(Breached::from(&file[..end]).is_err(), "cut at {end}");
    }
    assert!(Breached::from(&[&file[..], b"x"].concat()[..]).is_err());
}
