//! Trains the model of pointer paths, writes its weights, and prints the report that docs/behaviour.md holds.
//!
//! ```sh
//! cargo run --release -p spigot-tools --bin train_paths -- DATA/behaviour crates/decision/src/behaviour/path_model.weights
//! ```
//!
//! Nothing in it is random: the same recordings give the same weights.

use std::path::Path;
use std::process::ExitCode;

use spigot_tools::paths::recordings::read;
use spigot_tools::paths::training::{Windows, file, report, shipped};

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let (Some(folder), Some(weights)) = (arguments.next(), arguments.next()) else {
        eprintln!("usage: train_paths FOLDER-OF-RECORDINGS WEIGHTS-FILE");
        return ExitCode::FAILURE;
    };
    let recordings = match read(Path::new(&folder)) {
        Ok(recordings) => recordings,
        Err(error) => {
            eprintln!("the recordings cannot be read: {error}");
            return ExitCode::FAILURE;
        }
    };
    let windows = Windows::of(&recordings);
    let model = shipped(&windows);
    println!("{}", report(&windows, &model));
    match std::fs::write(&weights, file(&model)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{weights}: {error}");
            ExitCode::FAILURE
        }
    }
}
