//! JA4 of every TLS connection in captures, beside what the reference implementation says of them. Where a server asked for
//! another hello (RFC 8446, section 4.1.4) the reference tells the fingerprints of both.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use etherparse::{NetSlice, SlicedPacket, TransportSlice};
use pcap_parser::{Block, Linktype, PcapBlockOwned, PcapError, create_reader, traits::PcapNGPacketBlock};

/// Where bytes of one direction of a connection come from and go to.
type Flow = (IpAddr, u16, IpAddr, u16);
/// The segments of a direction, by sequence number.
type Segments = BTreeMap<u32, Vec<u8>>;

fn captures() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/ja4");
    if !folder.is_dir() {
        eprintln!("SKIPPED: no ../shared/data/ja4 beside the workspace");
        return None;
    }
    Some(folder)
}

#[tokio::test]
async fn every_captured_connection_has_the_fingerprint_of_the_reference() {
    let Some(folder) = captures() else { return };
    let expected = std::fs::read_to_string(folder.join("expected.tsv")).unwrap();
    let mut wanted: BTreeMap<(&str, Flow), Vec<&str>> = BTreeMap::new();
    for row in expected.lines().skip(1) {
        let columns: Vec<_> = row.split('\t').collect();
        let [file, _, source, source_port, target, target_port, ja4, ..] = columns[..] else {
            panic!("a row of eight columns, not {row}");
        };
        let flow = (
            source.parse().unwrap(),
            source_port.parse().unwrap(),
            target.parse().unwrap(),
            target_port.parse().unwrap(),
        );
        wanted.entry((file, flow)).or_default().push(ja4);
    }
    assert_eq!(wanted.values().map(Vec::len).sum::<usize>(), 160, "all rows");
    let mut files: BTreeMap<&str, BTreeMap<Flow, Segments>> = BTreeMap::new();
    let mut wrong = Vec::new();
    for ((file, flow), mut wanted) in wanted {
        let flows = files.entry(file).or_insert_with(|| read(&folder.join("pcap").join(file)));
        let mut found = Vec::new();
        for bytes in flows.get(&flow).map(hellos).unwrap_or_default() {
            found.extend(fingerprint(&bytes).await);
        }
        wanted.sort_unstable();
        found.sort_unstable();
        if found != wanted {
            wrong.push(format!("{file} {flow:?}: {found:?}, not {wanted:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

async fn fingerprint(bytes: &[u8]) -> Option<String> {
    use tokio::io::AsyncReadExt;
    let mut stream = crate::wire::Overheard::new(bytes);
    // What follows the hello is nobody's concern, and what is missing of it neither.
    let mut piece = [0; 4096];
    while stream.hello().is_none() {
        if stream.read(&mut piece).await.ok()? == 0 {
            break;
        }
    }
    stream.hello().map(|hello| hello.ja4.to_string())
}

/// The bytes from each hello on: a proxy's own protocol may come before the first.
fn hellos(segments: &Segments) -> Vec<Vec<u8>> {
    let begins = |segment: &[u8]| matches!(segment, [22, 3, _, _, _, 1, ..]);
    let mut hellos: Vec<Vec<u8>> = Vec::new();
    let mut next: Option<u32> = None;
    for (sequence, segment) in segments {
        // Sent twice.
        let overlap = next.map_or(0, |next| next.saturating_sub(*sequence) as usize);
        let fresh = segment.get(overlap..).unwrap_or_default();
        // Some clients put what belongs before the second hello into the same segment.
        let fresh = fresh.strip_prefix(&[20, 3, 3, 0, 1, 1]).unwrap_or(fresh);
        if begins(fresh) {
            hellos.push(Vec::new());
        }
        if let Some(hello) = hellos.last_mut() {
            hello.extend(fresh);
        }
        next = Some(sequence.wrapping_add(u32::try_from(segment.len()).unwrap()).max(next.unwrap_or(0)));
    }
    hellos
}

/// What each direction of each TCP connection of a capture carries.
fn read(file: &Path) -> BTreeMap<Flow, Segments> {
    let mut reader = create_reader(1 << 20, std::fs::File::open(file).unwrap()).unwrap();
    let (mut flows, mut link) = (BTreeMap::new(), Linktype::ETHERNET);
    loop {
        match reader.next() {
            Ok((length, block)) => {
                match &block {
                    PcapBlockOwned::LegacyHeader(header) => link = header.network,
                    PcapBlockOwned::Legacy(packet) => note(&mut flows, link, packet.data),
                    PcapBlockOwned::NG(Block::InterfaceDescription(of)) => link = of.linktype,
                    PcapBlockOwned::NG(Block::EnhancedPacket(packet)) => {
                        note(&mut flows, link, packet.packet_data());
                    }
                    _ => {}
                }
                reader.consume(length);
            }
            Err(PcapError::Eof) => return flows,
            Err(PcapError::Incomplete(_)) => reader.refill().unwrap(),
            Err(error) => panic!("{}: {error:?}", file.display()),
        }
    }
}

fn note(flows: &mut BTreeMap<Flow, Segments>, link: Linktype, packet: &[u8]) {
    let packet = match link {
        // A loopback's: the address family in four bytes, then the packet.
        Linktype::NULL => SlicedPacket::from_ip(packet.get(4..).unwrap_or_default()),
        _ => SlicedPacket::from_ethernet(packet),
    };
    let Ok(packet) = packet else { return };
    let (source, target) = match &packet.net {
        Some(NetSlice::Ipv4(ip)) => (ip.header().source_addr().into(), ip.header().destination_addr().into()),
        Some(NetSlice::Ipv6(ip)) => (ip.header().source_addr().into(), ip.header().destination_addr().into()),
        _ => return,
    };
    let Some(TransportSlice::Tcp(tcp)) = &packet.transport else { return };
    if !tcp.payload().is_empty() {
        let flow = (source, tcp.source_port(), target, tcp.destination_port());
        let segments = flows.entry(flow).or_default();
        segments.entry(tcp.sequence_number()).or_insert_with(|| tcp.payload().to_vec());
    }
}
