//! What cohorts usually do survives a restart: a file of the data folder, written whole each hour and at the end.

use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use spigot_decision::Millis;
use spigot_state::{Cohorts, KeptCohorts, KeptLevel};

use crate::Say;
use crate::kept_json::{self, wrong};

/// Larger than what the bounds of [`Cohorts`] allow.
const BYTES_MAX: u64 = 128 << 20;

#[derive(Serialize, Deserialize)]
struct Kept {
    routes: Vec<Route>,
}

#[derive(Serialize, Deserialize)]
struct Route {
    route: String,
    /// What is usual in each hour of the day, and of how many days that is known.
    day: Vec<(f64, u8)>,
    volume: f64,
    levels: Vec<Level>,
}

#[derive(Serialize, Deserialize)]
struct Level {
    /// Keyed hashes, and volumes.
    known: Vec<(u64, f64)>,
    others: f64,
}

const VERSION: u32 = 1;

/// Where it is kept, and when it was last.
pub struct CohortFile {
    path: PathBuf,
    written: i64,
    say: Say,
}

impl CohortFile {
    /// Takes back what the folder's file holds. One that cannot be used is no reason not to start: it is said, and what
    /// is usual is learned anew.
    pub fn open(folder: &Path, cohorts: &Cohorts, now: Millis, say: Say) -> Self {
        let path = folder.join("cohorts.json");
        match read(&path) {
            Ok(Some(kept)) => cohorts.restore(kept, now),
            Ok(None) => {}
            Err(error) => say("cohorts_unread", &error.to_string()),
        }
        Self { path, written: now.hour(), say }
    }

    /// Writes what is usual, once an hour.
    pub fn turn(&mut self, cohorts: &Cohorts, now: Millis) {
        if now.hour() != self.written {
            self.written = now.hour();
            self.write(cohorts);
        }
    }

    /// Writes what is usual.
    pub fn write(&self, cohorts: &Cohorts) {
        let kept = cohorts.kept();
        if kept.is_empty() {
            return;
        }
        if let Err(error) = write(&self.path, kept) {
            (self.say)("cohorts_unwritten", &error.to_string());
        }
    }
}

fn read(path: &Path) -> io::Result<Option<Vec<KeptCohorts>>> {
    let Some(Kept { routes }) = kept_json::read(path, VERSION, BYTES_MAX)? else { return Ok(None) };
    let routes = routes.into_iter().map(|Route { route, day, volume, levels }| {
        let level = |Level { known, others }| KeptLevel { known, others };
        let levels: Vec<KeptLevel> = levels.into_iter().map(level).collect();
        let shape = || wrong(path, format!("the route \"{route}\" has another shape"));
        Ok(KeptCohorts {
            day: day.try_into().map_err(|_: Vec<_>| shape())?,
            volume,
            levels: levels.try_into().map_err(|_: Vec<_>| shape())?,
            route: route.clone(),
        })
    });
    routes.collect::<io::Result<_>>().map(Some)
}

fn write(path: &Path, kept: Vec<KeptCohorts>) -> io::Result<()> {
    let routes = kept.into_iter().map(|KeptCohorts { route, day, volume, levels }| Route {
        route,
        day: day.to_vec(),
        volume,
        levels: levels.into_iter().map(|KeptLevel { known, others }| Level { known, others }).collect(),
    });
    kept_json::write(path, VERSION, Kept { routes: routes.collect() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("cohorts.json");
        assert_eq!(read(&path).unwrap(), None);
        let level = KeptLevel { known: vec![(u64::MAX, 12.5), (7, 0.5)], others: 3.25 };
        let mut day = [(0.0, 0); 24];
        day[23] = (0.25, 7);
        let kept = KeptCohorts {
            route: "search".to_owned(),
            day,
            volume: 15.75,
            levels: [level, KeptLevel::default(), KeptLevel::default()],
        };
        write(&path, vec![kept.clone()]).unwrap();
        assert_eq!(read(&path).unwrap(), Some(vec![kept]));
    }

    #[test]
    fn what_is_damaged_is_said_with_its_place() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("cohorts.json");
        for (text, said) in [
            ("{", "EOF"),
            ("{\"version\":2,\"routes\":[]}", "version 2"),
            (
                "{\"version\":1,\"routes\":[{\"route\":\"a\",\"day\":[],\"volume\":1.0,\"levels\":[]}]}",
                "another shape",
            ),
        ] {
            std::fs::write(&path, text).unwrap();
            let error = read(&path).unwrap_err().to_string();
            assert!(error.contains(said) && error.contains("cohorts.json"), "{error}");
        }
    }
}
