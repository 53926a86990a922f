//! The logs: found, read, put into one order.

use std::io::Read;
use std::path::PathBuf;

use spigot_accesslog::{Format, Lines, Record, Reject, Reorder, Scratch, discover};
use spigot_decision::{Millis, Prefix};

use crate::error::ReplayError;
use crate::recorded::{Clearances, Recorded, Told};
use crate::report::Input;
use crate::request::{Held, Shape};

/// Where lines come from.
pub enum Log {
    /// A file, plain or gzip, or a folder of logs.
    Path(PathBuf),
    /// Anything that can be read, plain or gzip, such as standard input. Read after the files.
    Reader(Box<dyn Read + Send>),
    /// Spigot's own events, oldest first. Read after everything else, one at a time.
    Recorded(Box<dyn Iterator<Item = std::io::Result<Recorded>> + Send>),
}

/// How to replay; every bound of its memory.
#[derive(Clone, Debug)]
pub struct Options {
    /// The lines' format; detected when absent.
    pub format: Option<Format>,
    /// Proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<Prefix>,
    /// Memory for counts, in bytes.
    pub counter_bytes: usize,
    /// Lines held to be put in order: a log no longer than this is sorted wholly, a longer one as far as lines are
    /// at most so many lines late. About 300 bytes each.
    pub held_max: usize,
    /// Clients that are followed one by one; of further ones only requests are counted. About 300 bytes each.
    pub clients_max: usize,
    /// Stopped subjects, and differences of a comparison, that the report lists.
    pub listed_max: usize,
}

impl Default for Options {
    /// 64 MiB of counts, 20,000 lines, a million clients, a list of 1,000.
    fn default() -> Self {
        Self {
            format: None,
            trusted_proxies: Vec::new(),
            counter_bytes: 64 << 20,
            held_max: 20_000,
            clients_max: 1_000_000,
            listed_max: 1000,
        }
    }
}

/// How far a replay is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Logs read to their end.
    pub logs_done: usize,
    /// Logs in all.
    pub logs: usize,
    /// Lines read.
    pub lines: u64,
    /// Bytes of text read from the current log.
    pub log_bytes: u64,
}

/// Lines between two calls of the progress function.
const PROGRESS_LINES: u64 = 1 << 16;

/// Reads every log and gives each request in order of time.
pub(crate) fn read(
    logs: Vec<Log>,
    options: &Options,
    progress: &mut dyn FnMut(Progress),
    each: &mut dyn FnMut(Millis, &Held),
) -> Result<Input, ReplayError> {
    if logs.is_empty() {
        return Err(ReplayError::NoLogs);
    }
    let (mut paths, mut readers, mut recordings) = (Vec::new(), Vec::new(), Vec::new());
    for log in logs {
        match log {
            Log::Path(path) => paths.push(path),
            Log::Reader(reader) => readers.push(reader),
            Log::Recorded(recorded) => recordings.push(recorded),
        }
    }
    let files = discover(&paths, options.format.as_ref())?;
    let mut reading = Reading {
        options,
        reorder: Reorder::whole(options.held_max),
        spare: Vec::new(),
        input: Input::default(),
        rejects: [0; Reject::ALL.len()],
        times: None,
        clearances: Clearances::new(options.clients_max),
        done: Progress {
            logs_done: 0,
            logs: files.len() + readers.len() + recordings.len(),
            lines: 0,
            log_bytes: 0,
        },
        progress,
        each,
    };
    for file in files {
        let named = |error: std::io::Error| {
            std::io::Error::new(error.kind(), format!("{}: {error}", file.path.display()))
        };
        let lines = Lines::open(&file.path).map_err(named)?;
        reading.log(lines, &file.format.unwrap_or_default()).map_err(named)?;
    }
    for reader in readers {
        reading.log(Lines::new(reader)?, &options.format.clone().unwrap_or_default())?;
    }
    for recorded in recordings {
        reading.recorded(recorded)?;
    }
    Ok(reading.finish())
}

struct Reading<'r> {
    options: &'r Options,
    reorder: Reorder<Held>,
    /// Memory of requests that were given, to be used again.
    spare: Vec<String>,
    input: Input,
    rejects: [u64; Reject::ALL.len()],
    times: Option<(i64, i64)>,
    clearances: Clearances,
    done: Progress,
    progress: &'r mut dyn FnMut(Progress),
    each: &'r mut dyn FnMut(Millis, &Held),
}

impl Reading<'_> {
    fn log(&mut self, mut lines: Lines<'_>, format: &Format) -> std::io::Result<()> {
        let mut scratch = Scratch::default();
        while let Some(line) = lines.next_line()? {
            self.input.lines += 1;
            match format.parse(line, &mut scratch) {
                Ok(record) => self.take(&record, Told::default()),
                Err(reject) => self.rejects[reject.index()] += 1,
            }
            if self.input.lines.is_multiple_of(PROGRESS_LINES) {
                self.progress(lines.stats().bytes);
            }
        }
        let stats = lines.stats();
        self.input.lines += stats.too_long;
        self.rejects[Reject::TooLong.index()] += stats.too_long;
        self.input.damaged_logs += u64::from(stats.gzip_damaged);
        self.done.logs_done += 1;
        self.progress(stats.bytes);
        Ok(())
    }

    fn recorded(&mut self, events: impl Iterator<Item = std::io::Result<Recorded>>) -> std::io::Result<()> {
        for recorded in events {
            let recorded = recorded?;
            self.input.lines += 1;
            match recorded.line() {
                Ok(record) => {
                    let clearance = self.clearances.of(&recorded);
                    self.input.with_clearance += u64::from(clearance.is_some());
                    let Recorded { sender, device, network, country, fingerprint, .. } = recorded;
                    self.take(&record, Told { sender, device, network, country, fingerprint, clearance });
                }
                Err(reject) => self.rejects[reject.index()] += 1,
            }
            if self.input.lines.is_multiple_of(PROGRESS_LINES) {
                self.progress(0);
            }
        }
        self.done.logs_done += 1;
        self.progress(0);
        Ok(())
    }

    fn take(&mut self, record: &Record<'_>, told: Told) {
        self.input.records += 1;
        let spare = self.spare.pop().unwrap_or_default();
        let mut held = Held::take(record, &self.options.trusted_proxies, spare);
        held.told = told;
        if held.shape == Shape::Nothing {
            self.input.without_request += 1;
        }
        self.reorder.push(record.time_millis, held);
        self.drain();
    }

    fn progress(&mut self, log_bytes: u64) {
        self.done.lines = self.input.lines;
        self.done.log_bytes = log_bytes;
        (self.progress)(self.done);
    }

    fn drain(&mut self) {
        while let Some((time_millis, held)) = self.reorder.pop() {
            self.times = Some((self.times.map_or(time_millis, |(first, _)| first), time_millis));
            if held.shape != Shape::Nothing {
                (self.each)(Millis(time_millis), &held);
            }
            self.spare.push(held.into_spare());
        }
    }

    fn finish(mut self) -> Input {
        self.reorder.finish();
        self.drain();
        let stats = self.reorder.stats();
        let named = Reject::ALL.iter().zip(self.rejects).filter(|(_, count)| *count > 0);
        Input {
            rejects: named.map(|(reject, count)| (reject.name().to_owned(), count)).collect(),
            first: self.times.map(|(first, _)| Millis(first).to_string()),
            last: self.times.map(|(_, last)| Millis(last).to_string()),
            out_of_order: stats.out_of_order,
            clamped: stats.clamped,
            ..self.input
        }
    }
}
