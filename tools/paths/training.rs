//! Training, and how well it does on what it has not seen: the tables of docs/behaviour.md.

use spigot_decision::behaviour::path_model::{FEATURES, MOVES, Model, features};

use super::logistic::{Sample, fit};
use super::measure::{above, auc, bound};
use super::recordings::{Origin, Recording};
use super::sums::windows;

/// Of each origin at most so many windows are trained on, evenly spread.
const WINDOWS_MAX: usize = 800;
/// The bounds: what this share of the people that it was trained on exceeds.
const BOUND_SHARE: f64 = 0.005;

/// What the model sees of each window, by origin and length.
pub struct Windows(Vec<(Origin, u32, Vec<[f64; FEATURES]>)>);

impl Windows {
    /// Reads them off.
    #[must_use]
    pub fn of(recordings: &[Recording]) -> Self {
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

    /// Those of one origin and length.
    #[must_use]
    pub fn get(&self, origin: Origin, moves: u32) -> &[[f64; FEATURES]] {
        let found = self.0.iter().find(|(of, length, _)| (*of, *length) == (origin, moves));
        found.map_or(&[], |(.., windows)| windows)
    }

    /// What a model says of them.
    #[must_use]
    pub fn values(&self, model: &Model, origin: Origin, moves: u32) -> Vec<f64> {
        self.get(origin, moves).iter().map(|features| model.value(features)).collect()
    }
}

/// Tools together count as much as people together, and each origin and length as much as its like.
#[must_use]
pub fn trained(windows: &Windows, tools: &[Origin], people: &[Origin]) -> Model {
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

/// The model that is shipped.
#[must_use]
pub fn shipped(windows: &Windows) -> Model {
    trained(windows, &Origin::TOOLS, &[Origin::Visitors])
}

/// The file of its weights.
#[must_use]
pub fn file(model: &Model) -> String {
    let Model { bias, weights: [speed, bend, flips], bounds: [short, long] } = model;
    format!(
        "// Made by tools/bin/train_paths.rs: bias, unevenness of speed, bend, flips of speed; bounds after 50 and 200\n\
         // moves.\n\
         [{bias:.6}, {speed:.6}, {bend:.6}, {flips:.6}, {short:.6}, {long:.6}]\n"
    )
}

/// How well a model does on a tool and on people that it was not trained on.
#[derive(Debug)]
pub struct Row {
    /// What it was trained on, in words.
    pub trained_on: String,
    /// Which tool it was tested on.
    pub tool: Origin,
    /// On which people.
    pub people: Origin,
    /// Moves of a window.
    pub moves: u32,
    /// Area under the curve.
    pub auc: f64,
    /// The share of the tool's windows above what one in a hundred of these people exceeds.
    pub found: f64,
    /// The share of them above the model's own bound.
    pub found_at_bound: f64,
    /// The share of these people above it.
    pub wrong_at_bound: f64,
}

/// Leave one tool out, and train on one set alone.
#[must_use]
pub fn across_sets(windows: &Windows) -> Vec<Row> {
    let mut all = Vec::new();
    let mut test = |model: &Model, trained_on: &str, tool, people| {
        all.extend(MOVES.map(|moves| row(windows, model, trained_on, (tool, people), moves)));
    };
    for left_out in Origin::TOOLS {
        let tools: Vec<_> = Origin::TOOLS.into_iter().filter(|tool| *tool != left_out).collect();
        let model = trained(windows, &tools, &[Origin::Visitors]);
        let name = format!("`visits` and `bot-paths` without {}", left_out.name());
        test(&model, &name, left_out, Origin::Volunteers);
    }
    let visits = trained(windows, &[Origin::Moderate, Origin::Advanced], &[Origin::Visitors]);
    for tool in [Origin::GhostCursor, Origin::Pyclick] {
        test(&visits, "`visits`", tool, Origin::Volunteers);
    }
    let paths = trained(windows, &[Origin::GhostCursor, Origin::Pyclick], &[Origin::Volunteers]);
    for tool in [Origin::Moderate, Origin::Advanced] {
        test(&paths, "`bot-paths` and `human-mouse`", tool, Origin::Visitors);
    }
    all
}

fn row(windows: &Windows, model: &Model, trained_on: &str, on: (Origin, Origin), moves: u32) -> Row {
    let [tools, humans] = [on.0, on.1].map(|origin| windows.values(model, origin, moves));
    Row {
        trained_on: trained_on.to_owned(),
        tool: on.0,
        people: on.1,
        moves,
        auc: auc(&tools, &humans),
        found: above(&tools, bound(&humans, 0.01)),
        found_at_bound: above(&tools, model.bound(moves)),
        wrong_at_bound: above(&humans, model.bound(moves)),
    }
}

/// Both tables, and what the shipped model says of people that it never saw, as docs/behaviour.md has them.
#[must_use]
pub fn report(windows: &Windows, shipped: &Model) -> String {
    let origins = [Origin::Visitors, Origin::Volunteers].into_iter().chain(Origin::TOOLS);
    let counts = origins.map(|origin| {
        let [short, long] = MOVES.map(|moves| windows.get(origin, moves).len());
        format!("| {} | {short} | {long} |\n", origin.name())
    });
    let rows = across_sets(windows).into_iter().map(|row| row.line());
    let wrong = MOVES.map(|moves| {
        let share = above(&windows.values(shipped, Origin::Volunteers, moves), shipped.bound(moves));
        format!("| after {moves} moves | {:.2} % |\n", share * 100.0)
    });
    let [counts, rows, wrong] = [counts.collect::<String>(), rows.collect(), wrong.concat()];
    format!(
        "| recordings | windows of 50 moves | of 200 |\n|---|---|---|\n{counts}\n\
         | trained on | tested on | moves | AUC | detection at 1 % | at the bound | people above it |\n\
         |---|---|---|---|---|---|---|\n{rows}\n\
         | `human-mouse`, never trained on | above the bound |\n|---|---|\n{wrong}"
    )
}

impl Row {
    fn line(&self) -> String {
        format!(
            "| {} | {} against {} | {} | {:.3} | {:.0} % | {:.0} % | {:.2} % |\n",
            self.trained_on,
            self.tool.name(),
            self.people.name(),
            self.moves,
            self.auc,
            100.0 * self.found,
            100.0 * self.found_at_bound,
            100.0 * self.wrong_at_bound,
        )
    }
}
