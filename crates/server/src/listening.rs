//! Whether an address is free to listen on. Sockets that share an address (SO_REUSEPORT) do so unnoticed, so it is asked
//! for before, and sharing is only for whoever takes over from a Spigot that is about to stop.

use std::fs;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};
use std::path::Path;

use socket2::{Domain, Protocol, Socket, Type};

/// Whether addresses that another process listens on may be shared with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sharing {
    /// Each is this process's own.
    Refused,
    /// This one takes over: it listens beside the other until that one is stopped. The admin port is never shared.
    TakeOver,
}

impl Sharing {
    pub(crate) fn of(take_over: bool) -> Self {
        if take_over { Self::TakeOver } else { Self::Refused }
    }

    /// Whether all addresses, each with the key that names it, can be listened on.
    ///
    /// # Errors
    /// Which is taken, by whom, and what to do.
    pub(crate) fn check(self, addresses: &[(&'static str, SocketAddr)]) -> Result<(), String> {
        for (key, address) in addresses {
            let shared = self == Self::TakeOver && *key != "admin";
            if shared || !is_taken(*address) {
                continue;
            }
            let who = holder(*address)
                .map_or("another process".to_owned(), |(pid, name)| format!("{name} (process {pid})"));
            let help = match (*key, self) {
                ("admin", Self::TakeOver) => {
                    "the admin port is never shared, also not while one takes over from another: give this one another `admin` address"
                }
                ("admin", Self::Refused) => "stop that one first, or give this one another `admin` address",
                _ => {
                    "stop that one first, choose another address, or add --take-over to listen beside it until it is stopped"
                }
            };
            return Err(format!("`{key}`: {who} listens on {address} already; {help}"));
        }
        Ok(())
    }
}

/// Whether somebody listens there already. A socket that was closed a moment ago does not count.
fn is_taken(address: SocketAddr) -> bool {
    // A port of the system's choice is nobody's yet.
    address.port() != 0 && matches!(bound(address), Err(error) if error.kind() == io::ErrorKind::AddrInUse)
}

/// A listening socket that nobody can share.
///
/// # Errors
/// What the system says.
pub(crate) fn listen_alone(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = bound(address)?;
    socket.set_nonblocking(true)?;
    socket.listen(128)?;
    Ok(socket.into())
}

fn bound(address: SocketAddr) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    // Connections of one that has ended keep the address for a minute otherwise.
    socket.set_reuse_address(true)?;
    socket.bind(&address.into())?;
    Ok(socket)
}

/// The process that listens there and its name, where this user may know.
fn holder(address: SocketAddr) -> Option<(u32, String)> {
    let tables = ["/proc/net/tcp", "/proc/net/tcp6"];
    let tables: Vec<String> = tables.iter().filter_map(|table| fs::read_to_string(table).ok()).collect();
    let sockets: Vec<String> = tables
        .iter()
        .flat_map(|table| listening(table, address))
        .map(|inode| format!("socket:[{inode}]"))
        .collect();
    for process in fs::read_dir("/proc").ok()?.flatten() {
        let Some(pid) = process.file_name().to_str().and_then(|name| name.parse().ok()) else { continue };
        if has_open(&process.path(), &sockets) {
            let name = fs::read_to_string(process.path().join("comm")).unwrap_or_default();
            return Some((pid, name.trim().to_owned()));
        }
    }
    None
}

fn has_open(process: &Path, sockets: &[String]) -> bool {
    let Ok(files) = fs::read_dir(process.join("fd")) else { return false };
    files
        .flatten()
        .filter_map(|file| fs::read_link(file.path()).ok())
        .any(|link| link.to_str().is_some_and(|link| sockets.iter().any(|socket| socket == link)))
}

/// The inodes of sockets that listen at an address, of a table in the form of `/proc/net/tcp` (proc(5)).
fn listening(table: &str, address: SocketAddr) -> impl Iterator<Item = &str> {
    table.lines().filter_map(move |line| {
        let words: Vec<&str> = line.split_ascii_whitespace().collect();
        let (local, state, inode) = (words.get(1)?, words.get(3)?, words.get(9)?);
        let (host, port) = local.split_once(':')?;
        let port = u16::from_str_radix(port, 16).ok()?;
        let host = host_of(host)?;
        let everywhere = host.is_unspecified() || address.ip().is_unspecified();
        let fits = *state == "0A" && port == address.port() && (everywhere || host == address.ip());
        fits.then_some(*inode)
    })
}

/// An address as the kernel writes it there: words of four bytes, each in the machine's order.
fn host_of(hex: &str) -> Option<IpAddr> {
    let word = |at: usize| u32::from_str_radix(hex.get(at..at + 8)?, 16).ok().map(u32::to_ne_bytes);
    match hex.len() {
        8 => word(0).map(|bytes| IpAddr::V4(Ipv4Addr::from(bytes))),
        32 => {
            let words = [word(0)?, word(8)?, word(16)?, word(24)?];
            let bytes: [u8; 16] = words.concat().try_into().ok()?;
            Some(IpAddr::V6(Ipv6Addr::from(bytes)).to_canonical())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn any() -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], 0))
    }

    #[test]
    fn who_listens_is_told_and_what_to_do() {
        let check = |listener: TcpListener, key: &'static str, sharing: Sharing, said: Option<&str>| {
            let address = listener.local_addr().unwrap();
            let answer = sharing.check(&[(key, address)]).err();
            let me = format!("(process {})", std::process::id());
            match said {
                None => assert_eq!(answer, None, "{key} {sharing:?}"),
                Some(said) => {
                    let answer = answer.unwrap_or_else(|| panic!("{key} {sharing:?} is shared"));
                    for said in [said, &me, &address.to_string(), key] {
                        assert!(answer.contains(said), "{answer} without {said}");
                    }
                }
            }
            drop(listener);
            assert_eq!(sharing.check(&[(key, address)]), Ok(()), "nobody listens any more");
        };
        let shared = || spigot_gateway::listen(any()).unwrap();
        check(shared(), "listen", Sharing::Refused, Some("--take-over"));
        check(shared(), "listen", Sharing::TakeOver, None);
        check(shared(), "admin", Sharing::Refused, Some("another `admin` address"));
        check(shared(), "admin", Sharing::TakeOver, Some("never shared"));
        check(listen_alone(any()).unwrap(), "admin", Sharing::Refused, Some("another `admin` address"));
    }

    #[test]
    fn an_address_that_is_held_alone_cannot_be_shared() {
        let held = listen_alone(any()).unwrap();
        let address = held.local_addr().unwrap();
        assert!(spigot_gateway::listen(address).is_err());
        assert!(listen_alone(address).is_err());
    }

    #[test]
    fn the_kernels_table_is_read() {
        let table = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n   0: 00000000:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 11 1\n   1: 0100007F:1F91 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 12 1\n   2: 0100007F:1F92 0100007F:0001 01 00000000:00000000 00:00000000 00000000     0        0 13 1\n   3: 00000000000000000000000000000000:1F93 0:0 0A 0:0 0:0 0 0 0 14 1\n";
        let check = |address: &str, inodes: &[&str]| {
            let found: Vec<&str> = listening(table, address.parse().unwrap()).collect();
            assert_eq!(found, inodes, "{address}");
        };
        check("127.0.0.1:8080", &["11"]);
        check("127.0.0.1:8082", &[]);
        check("[::1]:8083", &["14"]);
        if cfg!(target_endian = "little") {
            check("127.0.0.1:8081", &["12"]);
            check("127.0.0.2:8081", &[]);
        }
    }
}
