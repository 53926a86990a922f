//! Forward-confirmed reverse DNS: the address's name lies in one of the operator's domains, and that name has this
//! address. A stub that asks the resolvers of the configuration (RFC 1035; TCP where an answer does not fit, RFC 7766).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use domain::base::iana::Rcode;
use domain::base::{Message, MessageBuilder, Name, ParseRecordData, Rtype};
use domain::rdata::{A, Aaaa, Ptr};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, UdpSocket};
use tokio::time::timeout;

use crate::entropy::random;

/// Names of one address that are looked at. A crawler's has one.
const NAMES_MAX: usize = 4;
/// Without EDNS an answer over UDP has at most this.
const DATAGRAM_MAX: usize = 512;
/// Answers with another's id or question that are passed over before the next attempt.
const STRAYS_MAX: usize = 8;
const ATTEMPTS: u32 = 2;
/// Bounds of how long a confirmed name holds, whatever its records say.
const LIFE: (Duration, Duration) = (Duration::from_secs(600), Duration::from_secs(86_400));

/// Nobody answered, or not with an answer. It says nothing about the address.
#[derive(Debug)]
pub(super) struct Unanswered;

type DnsName = Name<Vec<u8>>;

/// For how long an address is known to be named in one of `domains`; `None` when it is not.
pub(super) async fn confirmed(
    servers: &[SocketAddr],
    time: Duration,
    address: IpAddr,
    domains: &[String],
) -> Result<Option<Duration>, Unanswered> {
    let asked = DnsName::reverse_from_addr(address).map_err(|_| Unanswered)?;
    let answer = ask(servers, time, &asked, Rtype::PTR).await?;
    let names = records::<Ptr<_>>(&answer)?.into_iter().map(|(pointer, life)| {
        let name = pointer.ptrdname();
        (format!("{name}").trim_end_matches('.').to_ascii_lowercase(), life)
    });
    let names: Vec<_> =
        names.filter(|(name, _)| domains.iter().any(|domain| within(name, domain))).take(NAMES_MAX).collect();
    for (name, life) in names {
        let Ok(name) = name.parse::<DnsName>() else { continue };
        let kind = if address.is_ipv4() { Rtype::A } else { Rtype::AAAA };
        let answer = ask(servers, time, &name, kind).await?;
        let found = addresses(&answer, kind)?.into_iter().find(|(found, _)| *found == address);
        if let Some((_, its_life)) = found {
            return Ok(Some(life.min(its_life).clamp(LIFE.0, LIFE.1)));
        }
    }
    Ok(None)
}

/// Whether a name is a domain or lies below it.
fn within(name: &str, domain: &str) -> bool {
    name.strip_suffix(domain).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

fn addresses(answer: &[u8], kind: Rtype) -> Result<Vec<(IpAddr, Duration)>, Unanswered> {
    if kind == Rtype::A {
        let found = records::<A>(answer)?.into_iter();
        return Ok(found.map(|(a, life)| (Ipv4Addr::from(a.addr().octets()).into(), life)).collect());
    }
    let found = records::<Aaaa>(answer)?.into_iter();
    Ok(found.map(|(aaaa, life)| (Ipv6Addr::from(aaaa.addr().octets()).into(), life)).collect())
}

/// The records of one type in an answer, whatever name they are of: a delegated reverse zone answers under another
/// (RFC 2317), and the resolver is trusted to answer what was asked.
fn records<'a, R: ParseRecordData<'a, [u8]>>(answer: &'a [u8]) -> Result<Vec<(R, Duration)>, Unanswered> {
    let message = Message::from_slice(answer).map_err(|_| Unanswered)?;
    let section = message.answer().map_err(|_| Unanswered)?;
    let all = section.limit_to_in::<R>().map(|record| {
        let record = record.map_err(|_| Unanswered)?;
        let life = record.ttl().into_duration();
        Ok((record.into_data(), life))
    });
    all.collect()
}

/// The answer to a question: that there is such a name, or that there is none.
async fn ask(
    servers: &[SocketAddr],
    time: Duration,
    name: &DnsName,
    kind: Rtype,
) -> Result<Vec<u8>, Unanswered> {
    let each = time / (2 * ATTEMPTS);
    for _ in 0..ATTEMPTS {
        for server in servers {
            let query = query(name, kind)?;
            let Ok(Ok(answer)) = timeout(each, exchange(*server, &query)).await else { continue };
            let header = Message::from_slice(&answer).map_err(|_| Unanswered)?.header();
            if matches!(header.rcode(), Rcode::NOERROR | Rcode::NXDOMAIN) {
                return Ok(answer);
            }
        }
    }
    Err(Unanswered)
}

fn query(name: &DnsName, kind: Rtype) -> Result<Vec<u8>, Unanswered> {
    let mut message = MessageBuilder::new_vec();
    message.header_mut().set_id(u16::from_ne_bytes(random()));
    message.header_mut().set_rd(true);
    let mut question = message.question();
    question.push((name, kind)).map_err(|_| Unanswered)?;
    Ok(question.finish())
}

async fn exchange(server: SocketAddr, query: &[u8]) -> std::io::Result<Vec<u8>> {
    let from: SocketAddr =
        if server.is_ipv4() { (Ipv4Addr::UNSPECIFIED, 0).into() } else { (Ipv6Addr::UNSPECIFIED, 0).into() };
    let socket = UdpSocket::bind(from).await?;
    socket.connect(server).await?;
    socket.send(query).await?;
    let mut buffer = [0; DATAGRAM_MAX];
    for _ in 0..STRAYS_MAX {
        let length = socket.recv(&mut buffer).await?;
        let answer = &buffer[..length];
        if !answers(answer, query) {
            continue;
        }
        let is_cut = Message::from_slice(answer).is_ok_and(|message| message.header().tc());
        return if is_cut { exchange_whole(server, query).await } else { Ok(answer.to_vec()) };
    }
    Err(std::io::ErrorKind::InvalidData.into())
}

async fn exchange_whole(server: SocketAddr, query: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut stream = TcpStream::connect(server).await?;
    let length = u16::try_from(query.len()).map_err(|_| std::io::ErrorKind::InvalidInput)?;
    stream.write_all(&[&length.to_be_bytes()[..], query].concat()).await?;
    let length = stream.read_u16().await?;
    let mut answer = vec![0; usize::from(length)];
    stream.read_exact(&mut answer).await?;
    if answers(&answer, query) { Ok(answer) } else { Err(std::io::ErrorKind::InvalidData.into()) }
}

/// Whether it has the id and the question of the query.
fn answers(answer: &[u8], query: &[u8]) -> bool {
    match (Message::from_slice(answer), Message::from_slice(query)) {
        (Ok(answer), Ok(query)) => answer.is_answer(query),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn names_within_domains() {
        for (name, domain, expected) in [
            ("crawl-66-249-64-1.googlebot.com", "googlebot.com", true),
            ("googlebot.com", "googlebot.com", true),
            ("notgooglebot.com", "googlebot.com", false),
            ("googlebot.com.evil.example", "googlebot.com", false),
            ("", "googlebot.com", false),
        ] {
            assert_eq!(super::within(name, domain), expected, "{name}");
        }
    }
}
