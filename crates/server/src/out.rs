//! What commands print. A reader that goes away, as `head` does, ends the command quietly; what cannot be written is an
//! error like any other.

use std::fmt;
use std::io::{self, Write};

/// Prints a line, like `println!`.
macro_rules! say {
    ($($what:tt)*) => { $crate::out::print(format_args!("{}\n", format_args!($($what)*))) };
}

/// Prints a text that ends its own lines, like `print!`.
macro_rules! tell {
    ($($what:tt)*) => { $crate::out::print(format_args!($($what)*)) };
}

/// Writes to standard output, or ends the process: nobody is left to read the rest, or there is no room for it. What
/// commands change is committed before they tell of it.
pub(crate) fn print(what: fmt::Arguments<'_>) {
    ended(io::stdout().lock().write_fmt(what));
}

/// Writes what is still held back.
pub(crate) fn flush() {
    ended(io::stdout().lock().flush());
}

/// What a server says in passing: a closed standard output is no reason to stop serving.
pub(crate) fn remark(what: fmt::Arguments<'_>) {
    let _ = writeln!(io::stdout().lock(), "{what}");
}

fn ended(written: io::Result<()>) {
    match written {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => std::process::exit(0),
        Err(error) => {
            // Standard error may be as full; there is no third place to say it.
            let _ = writeln!(io::stderr(), "spigot: the result cannot be written: {error}");
            std::process::exit(1);
        }
    }
}
