//! How many lines per second of processor time: `cargo run --release -p spigot-accesslog --example throughput FILE…`
//!
//! Each file is read twice over: from disk with decompression, and from memory without. Processor time is the
//! thread's own (`/proc/thread-self/schedstat`, Linux), else the clock on the wall.

use spigot_accesslog::{Format, Lines, Reject, Reorder, Scratch, discover};
use std::time::{Duration, Instant};

/// Each measurement is made of so many rounds of at least this long; the best counts, since a shared machine can
/// only make a round slower.
const ROUNDS: u32 = 5;
const ROUND: Duration = Duration::from_millis(300);

fn main() -> std::io::Result<()> {
    let paths: Vec<String> = std::env::args().skip(1).collect();
    if paths.is_empty() {
        eprintln!("usage: throughput FILE…");
    }
    for file in discover(&paths, None)? {
        let format = file.format.unwrap_or_default();
        let text = plain(&file.path)?;
        let name = file.path.file_name().unwrap_or_default().to_string_lossy();
        println!("{name}: {} as {}", count(Lines::new(&text[..])?, &format)?, format.name());
        measure("decompress, split, parse", || count(Lines::open(&file.path)?, &format))?;
        measure("decompress, split       ", || split_only(Lines::open(&file.path)?))?;
        measure("split, parse            ", || count(Lines::new(&text[..])?, &format))?;
        let lines: Vec<&[u8]> = text.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).collect();
        measure("parse                   ", || Ok(parse_all(&lines, &format)))?;
        let times = times(&lines, &format);
        measure("reorder                 ", || Ok(reorder_all(&times)))?;
    }
    Ok(())
}

#[derive(Default)]
struct Counts {
    lines: u64,
    records: u64,
    malformed: u64,
    rejects: [u64; Reject::ALL.len()],
    /// Keeps the parser from being optimised away.
    sum: u64,
}

impl std::fmt::Display for Counts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} lines, {} records ({} malformed requests)", self.lines, self.records, self.malformed)?;
        for (reason, count) in Reject::ALL.iter().zip(self.rejects).filter(|(_, count)| *count > 0) {
            write!(f, ", {} {count}", reason.name())?;
        }
        Ok(())
    }
}

impl Counts {
    fn take(&mut self, line: &[u8], format: &Format, scratch: &mut Scratch) {
        self.lines += 1;
        match format.parse(line, scratch) {
            Ok(record) => {
                self.records += 1;
                self.malformed += u64::from(record.request_malformed);
                self.sum ^= std::hint::black_box(record).bytes;
            }
            Err(reject) => self.rejects[reject.index()] += 1,
        }
    }
}

fn count(mut lines: Lines<'_>, format: &Format) -> std::io::Result<Counts> {
    let (mut counts, mut scratch) = (Counts::default(), Scratch::default());
    while let Some(line) = lines.next_line()? {
        counts.take(line, format, &mut scratch);
    }
    counts.rejects[Reject::TooLong.index()] += lines.stats().too_long;
    Ok(counts)
}

fn split_only(mut lines: Lines<'_>) -> std::io::Result<Counts> {
    let mut counts = Counts::default();
    while let Some(line) = lines.next_line()? {
        counts.lines += 1;
        counts.sum ^= line.len() as u64;
    }
    Ok(counts)
}

fn parse_all(lines: &[&[u8]], format: &Format) -> Counts {
    let (mut counts, mut scratch) = (Counts::default(), Scratch::default());
    for line in lines {
        counts.take(line, format, &mut scratch);
    }
    counts
}

fn times(lines: &[&[u8]], format: &Format) -> Vec<i64> {
    let mut scratch = Scratch::default();
    lines
        .iter()
        .filter_map(|line| format.parse(line, &mut scratch).ok().map(|record| record.time_millis))
        .collect()
}

/// With items of the size that a caller would hold.
fn reorder_all(times: &[i64]) -> Counts {
    let (mut counts, mut reorder) = (Counts::default(), Reorder::within(60_000, 100_000));
    for time_millis in times {
        counts.lines += 1;
        reorder.push(*time_millis, [0u64; 16]);
        while let Some((time_millis, item)) = reorder.pop() {
            counts.sum ^= std::hint::black_box(item)[0] ^ time_millis as u64;
        }
    }
    counts
}

fn plain(path: &std::path::Path) -> std::io::Result<Vec<u8>> {
    let mut text = Vec::new();
    let mut lines = Lines::open(path)?;
    while let Some(line) = lines.next_line()? {
        text.extend_from_slice(line);
        text.push(b'\n');
    }
    Ok(text)
}

fn measure(what: &str, mut run: impl FnMut() -> std::io::Result<Counts>) -> std::io::Result<()> {
    let mut nanos = f64::INFINITY;
    for _ in 0..ROUNDS {
        let (wall, start) = (Instant::now(), processor_time());
        let mut lines = 0;
        while wall.elapsed() < ROUND {
            lines += std::hint::black_box(run()?).lines;
        }
        let spent = match (start, processor_time()) {
            (Some(start), Some(end)) => end - start,
            _ => wall.elapsed(),
        };
        nanos = nanos.min(spent.as_nanos() as f64 / lines.max(1) as f64);
    }
    println!("  {what} {:>11.0} lines/s {nanos:>8.1} ns/line", 1e9 / nanos);
    Ok(())
}

/// The first number of `schedstat` is the time on a processor, in nanoseconds.
fn processor_time() -> Option<Duration> {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    stat.split(' ').next()?.parse().ok().map(Duration::from_nanos)
}
