use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};

use super::*;

const SECOND: Duration = Duration::from_secs(1);

fn gate() -> (DuplexStream, Gate<DuplexStream, ()>) {
    let (client, server) = tokio::io::duplex(64 << 10);
    (client, Gate::new(server, BytesMut::new(), Arc::default(), SECOND, ()))
}

#[tokio::test(start_paused = true)]
async fn a_reader_that_never_reads() {
    let (_client, mut gate) = gate();
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
        let (mut client, mut gate) = gate();
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
    const GET: &[u8] = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    for (bytes, size, expected) in [
        (GET, 100, Some(Protocol::Http1)),
        (b"PUT / HTTP/1.1\r\n\r\n", 1, Some(Protocol::Http1)),
        (b"PRI / HTTP/1.1\r\n\r\n", 1, Some(Protocol::Http1)),
        (PREFACE, 1, Some(Protocol::Http2)),
        (&PREFACE[..20], 20, None),
        (b"", 1, None),
    ] {
        let (mut client, mut server) = tokio::io::duplex(64 << 10);
        let sent = async {
            for piece in bytes.chunks(size) {
                client.write_all(piece).await.unwrap();
            }
            tokio::time::sleep(SECOND).await;
        };
        let found = tokio::select! {
            found = protocol(&mut server) => found,
            () = sent => None,
        };
        let (found, began) = found.unzip();
        assert_eq!(found, expected, "{bytes:?}");
        assert!(began.is_none_or(|began| bytes.starts_with(&began)), "what was read is kept");
    }
}
