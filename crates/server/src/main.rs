//! Spigot: the control point that decides how much automation an application lets through.

#![deny(
    clippy::print_stdout,
    reason = "a reader that goes away would be a panic: `say!` and `tell!` are for that"
)]

#[macro_use]
mod out;

mod account_data;
mod admin_http;
mod alerts;
mod breaker;
mod certificate_ends;
mod cli;
mod clock;
mod commands;
mod config;
mod courier;
mod data_files;
mod directories;
mod draft_replay;
mod listening;
mod lists;
mod live;
mod log;
mod names;
mod node;
mod review_sender;
mod route_names;
mod run;
mod said;
mod site_api;
mod sites;
mod tls;
mod written;

use std::io::Write;
use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    match cli::run() {
        Ok(()) => {
            out::flush();
            ExitCode::SUCCESS
        }
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "spigot: {error}");
            ExitCode::FAILURE
        }
    }
}
