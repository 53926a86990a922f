use super::*;
use crate::wire::Overheard;
use tokio::io::AsyncReadExt;

/// The fingerprint of a client whose bytes come in pieces of every size.
async fn check(bytes: &[u8], expected: Option<&str>) {
    for size in [bytes.len(), 1, 3, 100] {
        let mut stream = Overheard::new(Pieces { bytes, size });
        let mut passed = Vec::new();
        stream.read_to_end(&mut passed).await.unwrap();
        assert_eq!(passed, bytes, "everything passes");
        assert_eq!(
            stream.hello().map(|hello| hello.ja4.to_string()).as_deref(),
            expected,
            "in pieces of {size}"
        );
    }
}

struct Pieces<'a> {
    bytes: &'a [u8],
    size: usize,
}

impl tokio::io::AsyncRead for Pieces<'_> {
    fn poll_read(
        mut self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
        buffer: &mut tokio::io::ReadBuf<'_>,
    ) -> std::task::Poll<std::io::Result<()>> {
        let (piece, rest) = self.bytes.split_at(self.size.min(buffer.remaining()).min(self.bytes.len()));
        buffer.put_slice(piece);
        self.bytes = rest;
        std::task::Poll::Ready(Ok(()))
    }
}

/// The same message in records of `size` bytes.
fn in_records(bytes: &[u8], size: usize) -> Vec<u8> {
    let records = bytes[5..].chunks(size);
    records.flat_map(|part| [&[22, 3, 1, 0, part.len() as u8][..], part].concat()).collect()
}

const CURL: &[u8] = include_bytes!("fixtures/curl.bin");
const OPENSSL: &[u8] = include_bytes!("fixtures/openssl.bin");
const OPENSSL_TLS12: &[u8] = include_bytes!("fixtures/openssl_tls12.bin");

#[tokio::test]
async fn recorded_clients() {
    check(CURL, Some("t13d3112h2_e8f1e7e78f70_b26ce05bbdd6")).await;
    check(OPENSSL, Some("t13d311000_e8f1e7e78f70_1f22a2ca17c4")).await;
    check(&in_records(CURL, 40), Some("t13d3112h2_e8f1e7e78f70_b26ce05bbdd6")).await;
    check(&in_records(OPENSSL_TLS12, 1), Some("t12d2808h1_d943125447b4_e7e480e5a997")).await;
    check(b"GET / HTTP/1.1\r\n\r\n", None).await;
    check(&CURL[..300], None).await;
    check(&[22, 3, 1, 0, 0, 22, 3, 1, 0, 0], None).await;
    check(&in_records(&vec![1u8; 30_000], 200), None).await;
}

#[test]
fn no_bytes_make_it_panic() {
    let seed = 7u64;
    let mut state = seed;
    for _ in 0..20_000 {
        let mut bytes = CURL[5..].to_vec();
        for _ in 0..4 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let at = (state >> 33) as usize % bytes.len();
            bytes[at] = (state >> 25) as u8;
        }
        if let Some(mut hello) = ClientHello::read(&bytes) {
            let text = Ja4::of(&mut hello).to_string();
            assert_eq!(text.len(), BYTES, "seed {seed}: {text}");
        }
    }
}

#[test]
fn grease_and_order_do_not_count() {
    let hello = |ciphers: &[u16], extensions: &[(u16, &[u8])]| {
        let list = |numbers: &[u16]| numbers.iter().flat_map(|n| n.to_be_bytes()).collect::<Vec<u8>>();
        let framed = |bytes: &[u8]| [&(bytes.len() as u16).to_be_bytes()[..], bytes].concat();
        let extensions: Vec<u8> = extensions
            .iter()
            .flat_map(|(id, body)| [&id.to_be_bytes()[..], &framed(body)].concat())
            .collect();
        let body =
            [&[3, 3][..], &[0; 32], &[0], &framed(&list(ciphers)), &[1, 0], &framed(&extensions)].concat();
        let message = [&[1, 0][..], &framed(&body)].concat();
        Ja4::of(&mut ClientHello::read(&message).unwrap()).to_string()
    };
    let versions: (u16, &[u8]) = (0x2b, &[6, 0x5a, 0x5a, 3, 4, 3, 3]);
    let signatures: (u16, &[u8]) = (0x0d, &[0, 4, 4, 3, 8, 4]);
    let first = hello(&[0x1301, 0x1302], &[versions, (0, b""), signatures, (0x17, b"")]);
    assert!(first.starts_with("t13d020400_"), "{first}");
    assert_eq!(
        first,
        hello(&[0x2a2a, 0x1302, 0x1301], &[(0xfafa, b""), (0x17, b""), signatures, (0, b""), versions])
    );
    let swapped: (u16, &[u8]) = (0x0d, &[0, 4, 8, 4, 4, 3]);
    assert_ne!(first, hello(&[0x1301, 0x1302], &[versions, (0, b""), swapped, (0x17, b"")]));
    assert_eq!(hello(&[], &[]), "t12i000000_000000000000_000000000000");
    assert!(hello(&[], &[(0x10, &[0, 3, 2, 0xab, 0xcd])]).starts_with("t12i000199_"));
    assert!(hello(&[], &[(0x10, &[0, 3, 2, b'h', 0xcd])]).starts_with("t12i0001h9_"));
    // Found by fuzzing: what does not show is no part of a word.
    assert!(hello(&[], &[(0x10, &[0, 3, 2, 0xff, 1])]).starts_with("t12i000199_"));
    assert!(hello(&[], &[(0x10, &[0, 3, 2, b' ', 0xff])]).starts_with("t12i000199_"));
    assert!(hello(&[], &[(0x10, &[0, 3, 2, 0x2b, 0x2d])]).starts_with("t12i00012d_"));
    assert!(hello(&[], &[(0x10, &[0, 2, 1, b'h'])]).starts_with("t12i0001hh_"));
}
