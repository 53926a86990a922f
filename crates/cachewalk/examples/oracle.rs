//! Answers questions for the differential fuzzing in `web/solver/fuzz.mjs`: one JSON object per line in, one string per
//! line out, in the vectors' notation.

#[path = "vectors/cases.rs"]
#[allow(dead_code, reason = "the vectors need more of it")]
mod cases;

use std::io::{BufRead, Write, stdin, stdout};

use cases::{hex, hex_words, refusal, unhex, unhex_words};
use serde::Deserialize;
use sha2::{Digest, Sha256};
use spigot_cachewalk::blake2s::block;
use spigot_cachewalk::{Params, Solver, Table, key, leaf};

#[derive(Deserialize)]
#[serde(tag = "op", rename_all = "snake_case")]
enum Question {
    Key { bytes: String },
    Block { message: String, tag: u32 },
    Leaf { key: String, i: u32, dom: u32 },
    Solve { bytes: String, log2_n: u8, grind: u32, open: u8 },
    Refusal { bytes: String, log2_n: u8, grind: u32, open: u8, proof: String },
    Sha256 { bytes: String },
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut table = Table::boxed();
    for line in stdin().lock().lines() {
        let answer = answer(&mut table, serde_json::from_str(&line?)?)?;
        let mut out = stdout().lock();
        writeln!(out, "{answer}")?;
        out.flush()?;
    }
    Ok(())
}

fn answer(table: &mut Table, question: Question) -> Result<String, Box<dyn std::error::Error>> {
    Ok(match question {
        Question::Key { bytes } => hex_words(&key(&unhex(&bytes))),
        Question::Block { message, tag } => hex_words(&block(&unhex_words(&message), tag)),
        Question::Leaf { key, i, dom } => hex_words(&leaf(table, &unhex_words(&key), i, dom)),
        Question::Solve { bytes, log2_n, grind, open } => {
            hex(&Solver::new(key(&unhex(&bytes)), Params::new(log2_n, grind, open)?).solve().encode())
        }
        Question::Refusal { bytes, log2_n, grind, open, proof } => {
            refusal(table, &key(&unhex(&bytes)), Params::new(log2_n, grind, open)?, &unhex(&proof))
        }
        Question::Sha256 { bytes } => hex(&Sha256::digest(unhex(&bytes))),
    })
}
