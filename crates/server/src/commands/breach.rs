use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Error, IsTerminal, Read};
use std::time::Instant;

use spigot_intel::{Corpus, build_breached};

use crate::cli::{BreachArgs, BreachCommand, BuildArgs};

pub(crate) fn run(args: &BreachArgs) -> Result<(), String> {
    let BreachCommand::Build(args) = &args.what;
    build(args)
}

/// Written beside its place and moved there whole: a running Spigot never reads half a file.
fn build(args: &BuildArgs) -> Result<(), String> {
    let failed = |what: &std::path::Path, error: &Error| format!("{}: {error}", what.display());
    let input: Box<dyn BufRead> = if args.input.as_os_str() == "-" {
        Box::new(std::io::stdin().lock())
    } else {
        let file = File::open(&args.input).map_err(|error| failed(&args.input, &error))?;
        let size = file.metadata().map_or(0, |metadata| metadata.len());
        Box::new(BufReader::with_capacity(1 << 20, Shown::new(file, size)))
    };
    let corpus =
        if args.words { Corpus::Words } else { Corpus::Hashes { seen_at_least: args.seen_at_least } };
    let fresh = args.out.with_extension("new");
    let begun = Instant::now();
    let output = File::create(&fresh).map_err(|error| failed(&fresh, &error))?;
    let built = build_breached(input, corpus, BufWriter::with_capacity(1 << 20, &output)).and_then(|built| {
        output.sync_all()?;
        std::fs::rename(&fresh, &args.out)?;
        Ok(built)
    });
    let built = built.map_err(|error| {
        let _ = std::fs::remove_file(&fresh);
        failed(&args.input, &error)
    })?;
    say!(
        "{}: {} passwords of {} lines in {} bytes, {:.1} s",
        args.out.display(),
        built.passwords,
        built.lines,
        built.bytes,
        begun.elapsed().as_secs_f64()
    );
    Ok(())
}

/// Shows on a terminal how much of a file was read: the corpus has tens of gigabytes.
struct Shown<R> {
    inner: R,
    read: u64,
    size: u64,
    percent: u64,
    is_terminal: bool,
}

impl<R> Shown<R> {
    fn new(inner: R, size: u64) -> Self {
        Self { inner, read: 0, size, percent: 0, is_terminal: std::io::stderr().is_terminal() }
    }
}

impl<R: Read> Read for Shown<R> {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        let read = self.inner.read(into)?;
        self.read += read as u64;
        // A pipe that has a name has no size.
        let percent = (self.read * 100).checked_div(self.size).unwrap_or(0).min(100);
        if self.is_terminal && percent > self.percent {
            self.percent = percent;
            eprint!("\r{percent} of 100{}", if percent == 100 { "\n" } else { "" });
        }
        Ok(read)
    }
}
