//! A stub of a resolver. The end-to-end tests have it, too.

use std::collections::HashMap;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, UdpSocket};

use domain::base::iana::Rcode;
use domain::base::{Message, MessageBuilder, Name, Rtype};
use domain::rdata::{A, Aaaa, Ptr};

/// What a stub of a resolver says: for a name and a type the data of its records, or nothing that there is.
pub(crate) type Zone = HashMap<(&'static str, Rtype), &'static str>;

/// A resolver on the loopback. Over UDP it answers cut, when `cut`; `silent` it says nothing.
pub(crate) fn resolver(zone: Zone, cut: bool, silent: bool) -> SocketAddr {
    let (udp, tcp, address) = sockets();
    let whole = zone.clone();
    std::thread::spawn(move || {
        let mut buffer = [0; 512];
        while let Ok((length, from)) = udp.recv_from(&mut buffer) {
            if !silent {
                // A stray with another id comes first.
                let mut stray = answer(&zone, &buffer[..length], false);
                stray[0] ^= 0x55;
                udp.send_to(&stray, from).unwrap();
                udp.send_to(&answer(&zone, &buffer[..length], cut), from).unwrap();
            }
        }
    });
    std::thread::spawn(move || {
        while let Ok((mut stream, _)) = tcp.accept() {
            let mut length = [0; 2];
            stream.read_exact(&mut length).unwrap();
            let mut query = vec![0; usize::from(u16::from_be_bytes(length))];
            stream.read_exact(&mut query).unwrap();
            let answer = answer(&whole, &query, false);
            let length = u16::try_from(answer.len()).unwrap().to_be_bytes();
            stream.write_all(&[&length[..], &answer].concat()).unwrap();
        }
    });
    address
}

/// One port for both; what is free for the one may be another's of the other.
fn sockets() -> (UdpSocket, TcpListener, SocketAddr) {
    let tries = std::iter::repeat_with(|| {
        let udp = UdpSocket::bind("127.0.0.1:0").unwrap();
        let address = udp.local_addr().unwrap();
        TcpListener::bind(address).ok().map(|tcp| (udp, tcp, address))
    });
    tries.take(100).flatten().next().unwrap()
}

fn answer(zone: &Zone, query: &[u8], cut: bool) -> Vec<u8> {
    let query = Message::from_slice(query).unwrap();
    let question = query.sole_question().unwrap();
    let name = format!("{}", question.qname()).trim_end_matches('.').to_ascii_lowercase();
    let found = zone.iter().find(|((known, kind), _)| *known == name && *kind == question.qtype());
    let (rcode, data) = match found {
        Some((_, &"servfail")) => (Rcode::SERVFAIL, None),
        Some((_, data)) => (Rcode::NOERROR, Some(*data).filter(|_| !cut)),
        None => (Rcode::NXDOMAIN, None),
    };
    let mut message = MessageBuilder::new_vec().start_answer(query, rcode).unwrap();
    message.header_mut().set_tc(cut);
    let owner = question.qname();
    match (data, question.qtype()) {
        (Some(data), Rtype::PTR) => {
            let name: Name<Vec<u8>> = data.parse().unwrap();
            message.push((owner, 3600, Ptr::new(name))).unwrap();
        }
        (Some(data), Rtype::A) => message.push((owner, 3600, A::new(data.parse().unwrap()))).unwrap(),
        (Some(data), _) => message.push((owner, 3600, Aaaa::new(data.parse().unwrap()))).unwrap(),
        (None, _) => {}
    }
    message.finish()
}
