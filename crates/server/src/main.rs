//! Spigot: the control point that decides how much automation an application lets through.

mod account_data;
mod admin_http;
mod alerts;
mod breaker;
mod certificate_ends;
mod cli;
mod clock;
mod cohorts;
mod commands;
mod config;
mod courier;
mod data_files;
mod directories;
mod draft_replay;
mod keeping;
mod kept_json;
mod lists;
mod live;
mod log;
mod names;
mod node;
mod review_sender;
mod run;
mod secrets;
mod site_api;
mod sites;
mod tls;
mod written;

use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    match cli::run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("spigot: {error}");
            ExitCode::FAILURE
        }
    }
}
