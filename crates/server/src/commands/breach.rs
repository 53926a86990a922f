use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Error};
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
        Box::new(BufReader::with_capacity(1 << 20, file))
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
