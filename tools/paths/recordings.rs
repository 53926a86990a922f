//! Recordings of pointers, by people and by tools.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::Path;

use flate2::read::GzDecoder;
use serde::Deserialize;

/// Where a recording comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Origin {
    /// People on a web site (`visits`).
    Visitors,
    /// Straight ways, step by step (`visits`, moderate bots).
    Moderate,
    /// Ways with bends and pauses (`visits`, advanced bots).
    Advanced,
    /// The tool of that name (`bot-paths`).
    GhostCursor,
    /// The tool of that name (`bot-paths`).
    Pyclick,
    /// People with a mouse in a trial (`human-mouse`).
    Volunteers,
}

impl Origin {
    /// The programs.
    pub const TOOLS: [Self; 4] = [Self::Moderate, Self::Advanced, Self::GhostCursor, Self::Pyclick];

    /// As reports name it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Visitors => "people of visits",
            Self::Moderate => "moderate bots",
            Self::Advanced => "advanced bots",
            Self::GhostCursor => "ghost-cursor",
            Self::Pyclick => "pyclick",
            Self::Volunteers => "human-mouse",
        }
    }

    /// Whether it is a program.
    #[must_use]
    pub fn is_tool(self) -> bool {
        Self::TOOLS.contains(&self)
    }
}

/// What a page hears of a pointer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Happened {
    /// It is there now: time in milliseconds, place in pixels.
    Move(f64, f64, f64),
    /// It was pressed.
    Press,
}

/// One sitting of one person, or one run of a tool.
pub struct Recording {
    /// Whose it is.
    pub origin: Origin,
    /// In the order of time.
    pub happened: Vec<Happened>,
}

/// Between two paths of a tool: it comes to rest and presses.
const REST_MILLIS: f64 = 800.0;

/// Reads all sets of a folder.
///
/// # Errors
/// When a file is missing or is not what it says.
pub fn read(folder: &Path) -> io::Result<Vec<Recording>> {
    let mut all = visits(lines(&folder.join("visits.jsonl.gz"))?)?;
    all.extend(mice(lines(&folder.join("human-mouse.csv.gz"))?)?);
    all.extend(paths(lines(&folder.join("bot-paths.csv.gz"))?)?);
    Ok(all)
}

fn lines(path: &Path) -> io::Result<impl Iterator<Item = io::Result<String>>> {
    let file = File::open(path)
        .map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", path.display())))?;
    Ok(BufReader::new(GzDecoder::new(file)).lines())
}

fn malformed(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what.to_owned())
}

#[derive(Deserialize)]
struct Visit {
    label: String,
    total_behaviour: String,
    mousemove_times: String,
}

/// `[m(x,y)][c(l)]…`, with the times of the moves apart.
fn visits(lines: impl Iterator<Item = io::Result<String>>) -> io::Result<Vec<Recording>> {
    let mut all = Vec::new();
    for line in lines {
        let visit: Visit = serde_json::from_str(&line?)?;
        let origin = match visit.label.as_str() {
            "human" => Origin::Visitors,
            "moderate_bot" => Origin::Moderate,
            "advanced_bot" => Origin::Advanced,
            _ => return Err(malformed("visits: an unknown label")),
        };
        let mut times = visit.mousemove_times.split(',').filter_map(|time| time.trim().parse::<f64>().ok());
        let mut happened = Vec::new();
        for piece in visit.total_behaviour.split(']') {
            if let Some(place) = piece.strip_prefix("[m(").and_then(|rest| rest.strip_suffix(')')) {
                let (x, y) =
                    place.split_once(',').ok_or_else(|| malformed("visits: a move without a place"))?;
                let (Ok(x), Ok(y), Some(at)) = (x.parse(), y.parse(), times.next()) else { break };
                happened.push(Happened::Move(at, x, y));
            } else if piece.starts_with("[c(") {
                happened.push(Happened::Press);
            }
        }
        all.push(Recording { origin, happened });
    }
    Ok(all)
}

/// `user,client timestamp,button,state,x,y`
fn mice(lines: impl Iterator<Item = io::Result<String>>) -> io::Result<Vec<Recording>> {
    let mut users: BTreeMap<String, Vec<Happened>> = BTreeMap::new();
    for line in lines.skip(1) {
        let line = line?;
        let fields: Vec<&str> = line.split(',').collect();
        let [user, at, _, state, x, y] = fields[..] else {
            return Err(malformed("human-mouse: not six fields"));
        };
        let happened = match state {
            "Move" | "Drag" => match (at.parse(), x.parse(), y.parse()) {
                (Ok(at), Ok(x), Ok(y)) => Happened::Move(at, x, y),
                _ => return Err(malformed("human-mouse: a move without numbers")),
            },
            "Pressed" => Happened::Press,
            _ => continue,
        };
        users.entry(user.to_owned()).or_default().push(happened);
    }
    let whole = |happened| Recording { origin: Origin::Volunteers, happened };
    Ok(users.into_values().map(whole).collect())
}

/// `tool,traj,timing,t_ms,x,y`; a tool's paths follow each other, each ends with a press.
fn paths(lines: impl Iterator<Item = io::Result<String>>) -> io::Result<Vec<Recording>> {
    let mut all: Vec<Recording> = Vec::new();
    let (mut path, mut begin, mut last) = (String::new(), 0.0, 0.0);
    for line in lines.skip(1) {
        let line = line?;
        let fields: Vec<&str> = line.split(',').collect();
        let [tool, number, _, at, x, y] = fields[..] else {
            return Err(malformed("bot-paths: not six fields"));
        };
        let origin = match tool {
            "ghost-cursor" => Origin::GhostCursor,
            "pyclick" => Origin::Pyclick,
            _ => return Err(malformed("bot-paths: an unknown tool")),
        };
        if all.last().is_none_or(|recording| recording.origin != origin) {
            all.push(Recording { origin, happened: Vec::new() });
            (path, begin, last) = (number.to_owned(), 0.0, 0.0);
        }
        let Some(recording) = all.last_mut() else { continue };
        if path != number {
            recording.happened.push(Happened::Press);
            number.clone_into(&mut path);
            begin = last + REST_MILLIS;
        }
        let (Ok(at), Ok(x), Ok(y)) = (at.parse::<f64>(), x.parse::<f64>(), y.parse::<f64>()) else {
            return Err(malformed("bot-paths: a move without numbers"));
        };
        last = begin + at;
        // Pages hear of whole pixels.
        recording.happened.push(Happened::Move(last, x.round(), y.round()));
    }
    Ok(all)
}
