use arrayvec::ArrayVec;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};

use super::writing::{TOGETHER_BYTES, together};
use super::*;

const LIMITS: Limits = Limits { head_bytes: 1000, fields: 20, target_bytes: 100 };
const SECOND: Duration = Duration::from_secs(1);
const TIMES: Times = Times {
    head: SECOND,
    idle: Duration::from_secs(5),
    body: Duration::from_secs(2),
    body_bytes_per_second: 100,
    write: SECOND,
};

fn gate() -> (DuplexStream, Gate<DuplexStream, ()>, Arc<Notes>) {
    let (client, server) = tokio::io::duplex(64 << 10);
    let notes = Arc::new(Notes::default());
    (client, Gate::new(server, notes.clone(), LIMITS, Keys(1, 2), TIMES, ()), notes)
}

/// What hyper would get, read by read, when the client's bytes come in pieces of `size`.
async fn reads(bytes: &[u8], size: usize) -> (Vec<String>, Option<Refusal>, bool) {
    let (mut client, mut gate, notes) = gate();
    let (mut reads, mut room) = (Vec::new(), vec![0; 64 << 10]);
    let mut failed = false;
    let mut pieces = bytes.chunks(size);
    loop {
        match tokio::time::timeout(SECOND / 100, gate.read(&mut room)).await {
            Ok(Ok(count)) => reads.push(String::from_utf8_lossy(&room[..count]).into_owned()),
            Ok(Err(_)) => failed = true,
            Err(_) => match pieces.next() {
                Some(piece) => client.write_all(piece).await.unwrap(),
                None => break,
            },
        }
        if failed {
            break;
        }
    }
    (reads, notes.refusal(), failed)
}

const GET: &str = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
const POST: &str = "POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello";
const CHUNKED: &str = "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n";

#[tokio::test(start_paused = true)]
async fn one_head_at_a_time_and_only_whole_ones() {
    let all = [GET, POST, CHUNKED, GET].concat();
    let (found, refusal, failed) = reads(all.as_bytes(), all.len()).await;
    assert_eq!(
        (found, refusal, failed),
        ([GET, POST, CHUNKED, GET].map(str::to_owned).to_vec(), None, false)
    );
    for size in [1, 2, 7, 30] {
        let (found, refusal, _) = reads(all.as_bytes(), size).await;
        assert_eq!((found.concat(), refusal), (all.clone(), None), "in pieces of {size}");
        for read in &found {
            let heads = read.matches("HTTP/1.1\r\n").count();
            assert!(heads == 0 || (heads == 1 && read.contains("\r\n\r\n")), "{read:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_refused_head_never_passes_and_nothing_behind_it() {
    let refused = std::str::from_utf8(REFUSED).unwrap();
    let twice = "POST / HTTP/1.1\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n";
    for size in [1, 9, 1000] {
        for before in ["", GET, POST, CHUNKED] {
            let all = [before, twice, "0\r\n\r\n", GET].concat();
            let (found, refusal, _) = reads(all.as_bytes(), size).await;
            assert_eq!(found.concat(), [before, refused].concat(), "{before:?} in pieces of {size}");
            assert_eq!(refusal, Some(Refusal::TwoLengths));
        }
    }
    let broken = "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5\nhello\r\n0\r\n\r\n";
    assert!(reads(broken.as_bytes(), 1).await.2);
    assert!(reads(broken.as_bytes(), 1000).await.2);
}

#[tokio::test(start_paused = true)]
async fn after_a_switch_everything_passes() {
    let switch = "GET / HTTP/1.1\r\nUpgrade: x\r\n\r\n";
    let mut room = vec![0; 1000];
    for (switched, expected) in [(true, Ok("\0\nraw")), (false, Err(()))] {
        let (mut client, mut gate, notes) = gate();
        client.write_all([switch, "\0\nraw"].concat().as_bytes()).await.unwrap();
        assert_eq!(gate.read(&mut room).await.unwrap(), switch.len());
        let early = tokio::time::timeout(SECOND, gate.read(&mut room)).await;
        assert!(early.is_err(), "nothing before the answer");
        notes.answered(switched);
        let count = gate.read(&mut room).await.unwrap();
        let found = if notes.refusal().is_some() { Err(()) } else { Ok(&room[..count]) };
        assert_eq!(found, expected.map(str::as_bytes));
    }
}

#[tokio::test(start_paused = true)]
async fn waiting_has_bounds() {
    let mut room = vec![0; 1000];
    let start = Instant::now();
    let (_client, mut silent, _) = gate();
    assert!(silent.read(&mut room).await.is_err(), "no first request");
    assert_eq!(start.elapsed().as_secs(), 1);

    let (mut client, mut partial, notes) = gate();
    client.write_all(&GET.as_bytes()[..10]).await.unwrap();
    assert_eq!(partial.read(&mut room).await.unwrap(), REFUSED.len());
    assert_eq!(notes.refusal(), Some(Refusal::HeadLate));

    let (mut client, mut idle, notes) = gate();
    client.write_all(GET.as_bytes()).await.unwrap();
    assert_eq!(idle.read(&mut room).await.unwrap(), GET.len());
    let busy = super::super::notes::Busy::new(&notes);
    let long = tokio::time::timeout(60 * SECOND, idle.read(&mut room)).await;
    assert!(long.is_err(), "an answer may take as long as it takes");
    drop(busy);
    let start = Instant::now();
    assert!(idle.read(&mut room).await.is_err());
    assert_eq!(start.elapsed().as_secs(), 5, "the next request has its own time");

    let (mut client, mut body, notes) = gate();
    client.write_all(b"POST / HTTP/1.1\r\nContent-Length: 1000\r\n\r\n").await.unwrap();
    assert_ne!(body.read(&mut room).await.unwrap(), 0);
    let start = Instant::now();
    let dribble = async {
        for _ in 0..1000 {
            tokio::time::sleep(SECOND / 10).await;
            client.write_all(b"x").await.unwrap();
        }
    };
    let reading = async {
        while body.read(&mut room).await.is_ok() {}
        start.elapsed()
    };
    let took = tokio::select! { () = dribble => Duration::MAX, took = reading => took };
    assert!((2..4).contains(&took.as_secs()), "ten bytes a second are too few: {took:?}");
    assert!(notes.is_body_late());
}

#[tokio::test(start_paused = true)]
async fn a_reader_that_never_reads() {
    let (_client, mut gate, _) = gate();
    let start = Instant::now();
    let written = gate.write_all(&vec![0; 1 << 20]).await;
    assert_eq!(written.unwrap_err().kind(), io::ErrorKind::TimedOut);
    assert_eq!(start.elapsed().as_secs(), 1);
}

#[tokio::test(start_paused = true)]
async fn pieces_are_written_in_order_and_small_ones_together() {
    for (sizes, small) in [
        (&[0, 0][..], true),
        (&[300, 1024], true),
        (&[300, TOGETHER_BYTES - 300], true),
        (&[300, TOGETHER_BYTES - 299], false),
        (&[300, 8, 20_000, 2], false),
    ] {
        let (mut client, mut gate, _) = gate();
        let pieces: Vec<Vec<u8>> = sizes.iter().zip(b'a'..).map(|(size, byte)| vec![byte; *size]).collect();
        let mut left: Vec<_> = pieces.iter().map(|piece| io::IoSlice::new(piece)).collect();
        assert_eq!(together(&left, &mut ArrayVec::new()), small, "{sizes:?}");
        let mut left = &mut left[..];
        while left.iter().any(|piece| !piece.is_empty()) {
            let written = gate.write_vectored(left).await.unwrap();
            io::IoSlice::advance_slices(&mut left, written);
        }
        let all = pieces.concat();
        let mut found = vec![0; all.len()];
        client.read_exact(&mut found).await.unwrap();
        assert!(found == all, "{sizes:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn protocols() {
    for (bytes, size, expected) in [
        (GET.as_bytes(), 100, Some(Protocol::Http1)),
        (b"PUT / HTTP/1.1\r\n\r\n", 1, Some(Protocol::Http1)),
        (b"PRI / HTTP/1.1\r\n\r\n", 1, Some(Protocol::Http1)),
        (PREFACE, 1, Some(Protocol::Http2)),
        (&PREFACE[..20], 20, None),
        (b"", 1, None),
    ] {
        let (mut client, mut gate, _) = gate();
        let sent = async {
            for piece in bytes.chunks(size) {
                client.write_all(piece).await.unwrap();
            }
            std::future::pending::<()>().await;
        };
        let found = tokio::select! { found = gate.protocol() => found, () = sent => None };
        assert_eq!(found, expected, "{bytes:?}");
    }
}
