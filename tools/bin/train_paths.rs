//! Trains the model of pointer paths, writes its weights, and prints the report that docs/behaviour.md holds.
//!
//! ```sh
//! cargo run --release -p spigot-tools --bin train_paths -- DATA/behaviour crates/decision/src/behaviour/path_model.weights
//! ```
//!
//! Nothing in it is random: the same recordings give the same weights.

use std::path::Path;
use std::process::ExitCode;

use spigot_decision::behaviour::path_model::{FEATURES, MOVES, Model, features};
use spigot_tools::paths::logistic::{Sample, fit};
use spigot_tools::paths::measure::{above, auc, bound};
use spigot_tools::paths::recordings::{Origin, Recording, read};
use spigot_tools::paths::sums::windows;

/// Of each origin at most so many windows are trained on, evenly spread.
const WINDOWS_MAX: usize = 800;
/// The bounds: what this share of the people that it was trained on exceeds.
const BOUND_SHARE: f64 = 0.005;

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let (Some(folder), Some(weights)) = (arguments.next(), arguments.next()) else {
        eprintln!("usage: train_paths FOLDER-OF-RECORDINGS WEIGHTS-FILE");
        return ExitCode::FAILURE;
    };
    match read(Path::new(&folder)) {
        Ok(recordings) => report(&Windows::of(&recordings), Path::new(&weights)),
        Err(error) => {
            eprintln!("the recordings cannot be read: {error}");
            ExitCode::FAILURE
        }
    }
}

/// What the model sees of each window, by origin and length.
struct Windows(Vec<(Origin, u32, Vec<[f64; FEATURES]>)>);

impl Windows {
    fn of(recordings: &[Recording]) -> Self {
        let mut all: Vec<(Origin, u32, Vec<_>)> = Vec::new();
        for recording in recordings {
            for moves in MOVES {
                let found =
                    windows(&recording.happened, moves).iter().filter_map(features).collect::<Vec<_>>();
                match all.iter_mut().find(|(origin, of, _)| (*origin, *of) == (recording.origin, moves)) {
                    Some((.., windows)) => windows.extend(found),
                    None => all.push((recording.origin, moves, found)),
                }
            }
        }
        Self(all)
    }

    fn get(&self, origin: Origin, moves: u32) -> &[[f64; FEATURES]] {
        let found = self.0.iter().find(|(of, length, _)| (*of, *length) == (origin, moves));
        found.map_or(&[], |(.., windows)| windows)
    }

    fn values(&self, model: &Model, origin: Origin, moves: u32) -> Vec<f64> {
        self.get(origin, moves).iter().map(|features| model.value(features)).collect()
    }
}

/// Tools together count as much as people together, and each origin and length as much as its like.
fn trained(windows: &Windows, tools: &[Origin], people: &[Origin]) -> Model {
    let mut samples = Vec::new();
    for (origins, tool) in [(tools, true), (people, false)] {
        for &origin in origins {
            for moves in MOVES {
                let all = windows.get(origin, moves);
                let every = all.len().div_ceil(WINDOWS_MAX).max(1);
                let taken: Vec<_> = all.iter().step_by(every).collect();
                #[allow(clippy::cast_precision_loss)]
                let weight = 1.0 / (origins.len() * taken.len().max(1)) as f64;
                samples.extend(taken.into_iter().map(|&features| Sample { features, tool, weight }));
            }
        }
    }
    let (bias, weights) = fit(&samples);
    let mut model = Model { bias, weights, bounds: [f64::INFINITY; 2] };
    model.bounds = MOVES.map(|moves| {
        let values: Vec<f64> =
            people.iter().flat_map(|origin| windows.values(&model, *origin, moves)).collect();
        bound(&values, BOUND_SHARE)
    });
    model
}

fn report(windows: &Windows, file: &Path) -> ExitCode {
    println!("| recordings | windows of 50 moves | of 200 |\n|---|---|---|");
    for origin in [Origin::Visitors, Origin::Volunteers].into_iter().chain(Origin::TOOLS) {
        let [short, long] = MOVES.map(|moves| windows.get(origin, moves).len());
        println!("| {} | {short} | {long} |", origin.name());
    }
    println!(
        "\n| trained on | tested on | moves | AUC | detection at 1 % | at the bound | people above it |"
    );
    println!("|---|---|---|---|---|---|---|");
    for left_out in Origin::TOOLS {
        let tools: Vec<_> = Origin::TOOLS.into_iter().filter(|tool| *tool != left_out).collect();
        let model = trained(windows, &tools, &[Origin::Visitors]);
        let name = format!("`visits` and `bot-paths` without {}", left_out.name());
        row(windows, &model, &name, left_out, Origin::Volunteers);
    }
    let visits = trained(windows, &[Origin::Moderate, Origin::Advanced], &[Origin::Visitors]);
    for tool in [Origin::GhostCursor, Origin::Pyclick] {
        row(windows, &visits, "`visits`", tool, Origin::Volunteers);
    }
    let paths = trained(windows, &[Origin::GhostCursor, Origin::Pyclick], &[Origin::Volunteers]);
    for tool in [Origin::Moderate, Origin::Advanced] {
        row(windows, &paths, "`bot-paths` and `human-mouse`", tool, Origin::Visitors);
    }
    let shipped = trained(windows, &Origin::TOOLS, &[Origin::Visitors]);
    println!("\nShipped, trained on `visits` and `bot-paths`: {shipped:?}\n");
    println!("| `human-mouse`, never trained on | above the bound |\n|---|---|");
    for moves in MOVES {
        let share = above(&windows.values(&shipped, Origin::Volunteers, moves), shipped.bound(moves));
        println!("| after {moves} moves | {:.2} % |", share * 100.0);
    }
    let Model { bias, weights: [speed, bend, flips], bounds: [short, long] } = shipped;
    let text = format!(
        "// Made by tools/bin/train_paths.rs: bias, unevenness of speed, bend, flips of speed; bounds after 50 and 200\n\
         // moves.\n\
         [{bias:.6}, {speed:.6}, {bend:.6}, {flips:.6}, {short:.6}, {long:.6}]\n"
    );
    match std::fs::write(file, text) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{}: {error}", file.display());
            ExitCode::FAILURE
        }
    }
}

fn row(windows: &Windows, model: &Model, trained_on: &str, tool: Origin, people: Origin) {
    for moves in MOVES {
        let [tools, humans] = [tool, people].map(|origin| windows.values(model, origin, moves));
        println!(
            "| {trained_on} | {} against {} | {moves} | {:.3} | {:.0} % | {:.0} % | {:.2} % |",
            tool.name(),
            people.name(),
            auc(&tools, &humans),
            100.0 * above(&tools, bound(&humans, 0.01)),
            100.0 * above(&tools, model.bound(moves)),
            100.0 * above(&humans, model.bound(moves)),
        );
    }
}
