//! A server of the test's own for what Spigot fetches.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener};

/// Answers each request by its head, lines in lower case, with a status, a tag and a body.
pub(crate) fn publish(
    answer: impl Fn(&[String]) -> (u16, Option<String>, String) + Send + 'static,
) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        while let Ok((mut stream, _)) = listener.accept() {
            let Ok(reading) = stream.try_clone() else { continue };
            let lines = BufReader::new(reading).lines().map_while(Result::ok);
            let head: Vec<String> =
                lines.take_while(|line| !line.is_empty()).map(|line| line.to_ascii_lowercase()).collect();
            let (status, tag, body) = answer(&head);
            let tag = tag.map_or(String::new(), |tag| format!("etag: {tag}\r\n"));
            let length =
                if status == 304 { String::new() } else { format!("content-length: {}\r\n", body.len()) };
            let head = format!("HTTP/1.1 {status} X\r\nconnection: close\r\n{tag}{length}\r\n");
            let _ = stream.write_all(format!("{head}{body}").as_bytes());
        }
    });
    address
}
