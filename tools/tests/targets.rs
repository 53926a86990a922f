//! The shipped model of pointer paths against the targets that docs/behaviour.md publishes, on recordings that are not part of
//! the project.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::Path;

use spigot_decision::behaviour::path_model::{MOVES, SHIPPED, features};
use spigot_tools::paths::measure::{above, auc, bound};
use spigot_tools::paths::recordings::{Origin, Recording, read};
use spigot_tools::paths::sums::windows;

fn values(recordings: &[Recording], origin: Origin, moves: u32) -> Vec<f64> {
    let of = recordings.iter().filter(|recording| recording.origin == origin);
    let windows = of.flat_map(|recording| windows(&recording.happened, moves));
    windows.filter_map(|pointer| features(&pointer)).map(|features| SHIPPED.value(&features)).collect()
}

#[test]
fn the_shipped_model_holds_what_is_published() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data/behaviour");
    if !folder.is_dir() {
        return println!("SKIPPED: no ../shared/data/behaviour beside the workspace");
    }
    let recordings = read(&folder).unwrap();
    for moves in MOVES {
        let people = values(&recordings, Origin::Volunteers, moves);
        assert!(people.len() > 500, "{} windows of people", people.len());
        // People that it was never trained on: at most one in a hundred.
        let wrong = above(&people, SHIPPED.bound(moves));
        println!("{moves} moves: {wrong:.4} of people above the bound");
        assert!(wrong <= 0.01, "{wrong} of people after {moves} moves");
        for tool in Origin::TOOLS {
            let tools = values(&recordings, tool, moves);
            let (area, found) = (auc(&tools, &people), above(&tools, bound(&people, 0.01)));
            println!("{moves} moves, {}: AUC {area:.3}, detection at 1 % {found:.2}", tool.name());
            assert!(area >= 0.9, "{}: AUC {area} after {moves} moves", tool.name());
            // What the tables say of the hardest of them, on recordings that the model saw.
            assert!(found >= 0.4, "{}: {found} after {moves} moves", tool.name());
        }
    }
}
