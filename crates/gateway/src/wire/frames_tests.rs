use super::*;

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = (payload.len() as u32).to_be_bytes();
    let mut bytes = vec![length[1], length[2], length[3], kind, flags];
    bytes.extend(stream.to_be_bytes());
    bytes.extend(payload);
    bytes
}

fn setting(id: u16, value: u32) -> Vec<u8> {
    [&id.to_be_bytes()[..], &value.to_be_bytes()].concat()
}

/// The fingerprint of a connection that comes at once, and byte by byte.
fn check(frames: &[Vec<u8>], expected: &str) {
    let bytes = [PREFACE.as_slice(), &frames.concat()].concat();
    for size in [bytes.len(), 1, 7] {
        let mut follower = Frames::new();
        for piece in bytes.chunks(size) {
            follower.follow(piece, Instant::now()).unwrap();
        }
        assert_eq!(follower.fingerprint().as_deref(), Some(expected), "in pieces of {size}");
        assert_eq!(follower.fingerprint(), None, "once");
    }
}

#[test]
fn fingerprints() {
    let curl = [setting(3, 100), setting(4, 33_554_432), setting(2, 0)].concat();
    let request = b"\x82\x84\x86\x41\x01a\x7a\x01x";
    check(
        &[frame(4, 0, 0, &curl), frame(8, 0, 0, &33_488_897u32.to_be_bytes()), frame(1, 5, 1, request)],
        "3:100;4:33554432;2:0|33488897|0|m,p,s,a",
    );
    let weighed = [&[0x80, 0, 0, 3, 200][..], request].concat();
    let padded = [&[2][..], request, &[0, 0]].concat();
    check(&[frame(4, 0, 0, &[]), frame(1, 0x25, 1, &weighed)], "|00|0|m,p,s,a");
    check(&[frame(4, 0, 0, &[]), frame(1, 0xd, 1, &padded)], "|00|0|m,p,s,a");
    check(
        &[
            frame(4, 0, 0, &setting(1, 65536)),
            frame(4, 1, 0, &[]),
            frame(2, 0, 3, &[0x80, 0, 0, 0, 200]),
            frame(2, 0, 5, &[0, 0, 0, 3, 0]),
            frame(8, 0, 3, &5u32.to_be_bytes()),
            frame(1, 4, 1, b"\x82\x41\x01a\x86\x84"),
        ],
        "1:65536|00|3:1:0:201,5:0:3:1|m,a,s,p",
    );
}

#[test]
fn floods_end_and_honest_use_does_not() {
    let now = Instant::now();
    let frames_until_flood = |frames: &[Vec<u8>], most: usize| {
        let mut follower = Frames::new();
        follower.follow(PREFACE, now).unwrap();
        (0..most).find(|n| follower.follow(&frames[n % frames.len()], now).is_err())
    };
    let check = |name: &str, frames: &[Vec<u8>], most: usize| {
        let found = frames_until_flood(frames, 100_000);
        assert!(found.is_some_and(|n| n <= most), "{name}: {found:?}");
    };
    let headers = frame(1, 5, 1, b"\x82");
    check("rapid reset", &[headers.clone(), frame(3, 0, 1, &[0, 0, 0, 8])], 2100);
    check("settings", &[frame(4, 0, 0, &[])], 110);
    check("ping", &[frame(6, 0, 0, &[0; 8])], 600);
    check("empty data", &[frame(0, 0, 1, &[])], 600);
    check("continuation", &[frame(9, 0, 1, b"x")], 1100);
    check("unknown", &[frame(77, 0, 1, b"x")], 1100);
    for (name, honest) in [
        ("requests", vec![headers.clone()]),
        ("a priority for each request", vec![headers.clone(), frame(16, 0, 0, b"u=1")]),
        ("uploads", vec![headers, frame(0, 0, 1, b"x"), frame(0, 1, 1, &[])]),
        ("downloads", vec![frame(8, 0, 1, &[0, 0, 1, 0])]),
        ("acknowledgements", vec![frame(4, 1, 0, &[]), frame(6, 1, 0, &[0; 8])]),
    ] {
        assert_eq!(frames_until_flood(&honest, 20_000), None, "{name}");
    }
}
