//! The PROXY protocol, versions 1 and 2 (HAProxy, "The PROXY protocol", 2020): who the client of a layer-4 proxy is.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use tokio::io::{AsyncRead, AsyncReadExt};

const SIGNATURE: [u8; 12] = *b"\r\n\r\n\0\r\nQUIT\n";
/// The longest header of version 1 (section 2.1).
const LINE_BYTES: usize = 107;
/// More than any version 2 header that carries addresses and a few extensions.
const HEADER_BYTES: usize = 2048;

/// Reads the header from the beginning of a connection. `None` means that the proxy speaks for itself (`LOCAL`,
/// `UNKNOWN`), so that the peer's own address counts.
///
/// # Errors
/// `InvalidData` when there is no such header, which ends the connection: whoever comes past the proxy is not believed.
pub(crate) async fn read(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<Option<SocketAddr>> {
    let mut start = [0; 12];
    stream.read_exact(&mut start).await?;
    if start == SIGNATURE {
        let mut head = [0; 4];
        stream.read_exact(&mut head).await?;
        let length = usize::from(u16::from_be_bytes([head[2], head[3]]));
        if head[0] >> 4 != 2 || length > HEADER_BYTES {
            return Err(invalid("unknown version"));
        }
        let mut body = vec![0; length];
        stream.read_exact(&mut body).await?;
        return binary(head[0] & 15, head[1], &body);
    }
    if !start.starts_with(b"PROXY ") {
        return Err(invalid("no PROXY header"));
    }
    let mut line = start.to_vec();
    // Byte by byte, because what follows belongs to the connection; at most 107 of them, once per connection.
    while !line.ends_with(b"\r\n") {
        if line.len() >= LINE_BYTES {
            return Err(invalid("the line is too long"));
        }
        line.push(stream.read_u8().await?);
    }
    text(&line)
}

fn text(line: &[u8]) -> io::Result<Option<SocketAddr>> {
    let line = std::str::from_utf8(line).map_err(|_| invalid("the line is no text"))?;
    let words: Vec<&str> = line.trim_end_matches("\r\n").split(' ').collect();
    match words.as_slice() {
        ["PROXY", "UNKNOWN", ..] => Ok(None),
        ["PROXY", family @ ("TCP4" | "TCP6"), source, _, port, _] => {
            let address: IpAddr = source.parse().map_err(|_| invalid("the source is no address"))?;
            let port = port.parse().map_err(|_| invalid("the port is no number"))?;
            if address.is_ipv4() != (*family == "TCP4") {
                return Err(invalid("the source is of another family"));
            }
            Ok(Some(SocketAddr::new(address.to_canonical(), port)))
        }
        _ => Err(invalid("the line is incomplete")),
    }
}

/// Family and transport share a byte; the transport is a stream's, because this is one.
fn binary(command: u8, family: u8, body: &[u8]) -> io::Result<Option<SocketAddr>> {
    match (command, family) {
        (0, _) | (1, 0x00 | 0x31) => Ok(None),
        (1, 0x11) if body.len() >= 12 => {
            let source = Ipv4Addr::new(body[0], body[1], body[2], body[3]);
            Ok(Some(SocketAddr::new(source.into(), u16::from_be_bytes([body[8], body[9]]))))
        }
        (1, 0x21) if body.len() >= 36 => {
            let source: [u8; 16] = body[..16].try_into().expect("sixteen bytes");
            Ok(Some(SocketAddr::new(
                IpAddr::from(Ipv6Addr::from(source)).to_canonical(),
                u16::from_be_bytes([body[32], body[33]]),
            )))
        }
        _ => Err(invalid("unknown command or family")),
    }
}

fn invalid(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("PROXY protocol: {what}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn check(bytes: &[u8], expected: Option<Option<&str>>) {
        let mut stream = bytes;
        let found = read(&mut stream).await.ok().map(|a| a.map(|a| a.to_string()));
        assert_eq!(found, expected.map(|e| e.map(str::to_owned)), "{bytes:?}");
        if expected.is_some() {
            assert_eq!(stream, b"GET", "what follows is left alone");
        }
    }

    #[tokio::test]
    async fn both_versions() {
        let v2 = |command: u8, family: u8, body: &[u8]| {
            let mut bytes = SIGNATURE.to_vec();
            bytes.extend([0x20 | command, family << 4 | 1, 0, body.len() as u8]);
            bytes.extend(body);
            bytes.extend(b"GET");
            bytes
        };
        check(b"PROXY TCP4 192.0.2.1 192.0.2.2 4711 443\r\nGET", Some(Some("192.0.2.1:4711"))).await;
        check(b"PROXY TCP6 2001:db8::1 2001:db8::2 4711 443\r\nGET", Some(Some("[2001:db8::1]:4711"))).await;
        check(b"PROXY UNKNOWN\r\nGET", Some(None)).await;
        check(&v2(1, 1, &[192, 0, 2, 1, 192, 0, 2, 2, 18, 103, 1, 187]), Some(Some("192.0.2.1:4711"))).await;
        check(&v2(0, 0, &[]), Some(None)).await;
        check(b"GET / HTTP/1.1\r\n", None).await;
        check(b"PROXY TCP4 2001:db8::1 192.0.2.2 1 2\r\n", None).await;
        check(&v2(1, 1, &[192, 0]), None).await;
        check(&[b'P'; 200], None).await;
        check(format!("PROXY TCP4 {}", "1".repeat(200)).as_bytes(), None).await;
    }
}
