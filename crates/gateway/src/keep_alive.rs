use std::io;
use std::os::fd::AsFd;
use std::time::Duration;

use socket2::{SockRef, TcpKeepalive};

/// Lets the system ask the other side of a quiet connection whether it is still there: who is gone without a word is
/// noticed after two minutes, also behind an answer that may rest for as long as it likes. Connections have it from the
/// socket that they are accepted on.
///
/// Not by pings of HTTP/2: they wait behind a large answer on a slow link, and gRPC servers close for too many.
pub(crate) fn keep_alive(socket: &impl AsFd) -> io::Result<()> {
    let times = TcpKeepalive::new()
        .with_time(Duration::from_secs(60))
        .with_interval(Duration::from_secs(20))
        .with_retries(3);
    SockRef::from(socket).set_tcp_keepalive(&times)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accepted_connections_have_it() {
        let listener = crate::front::listen("127.0.0.1:0".parse().unwrap()).unwrap();
        let _client = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        listener.set_nonblocking(false).unwrap();
        let (stream, _) = listener.accept().unwrap();
        let socket = SockRef::from(&stream);
        assert!(socket.keepalive().unwrap());
        assert_eq!(socket.tcp_keepalive_time().unwrap(), Duration::from_secs(60));
    }
}
