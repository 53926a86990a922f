//! What an attacker would write: solves challenges natively, as fast as one core can. Each line in is the challenge's
//! bytes in hexadecimal with `log2_n`, `grind` and `open`; each line out is the proof in hexadecimal. For `lab`.

use std::io::{BufRead, Write, stdin, stdout};

use spigot_cachewalk::{Params, Solver, key};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    for line in stdin().lock().lines() {
        let line = line?;
        let [bytes, log2_n, grind, open] = line.split(' ').collect::<Vec<_>>()[..] else {
            return Err("write: HEX LOG2_N GRIND OPEN".into());
        };
        let bytes: Vec<u8> = (0..bytes.len() / 2)
            .map(|at| u8::from_str_radix(&bytes[2 * at..2 * at + 2], 16))
            .collect::<Result<_, _>>()?;
        let params = Params::new(log2_n.parse()?, grind.parse()?, open.parse()?)?;
        let proof = Solver::new(key(&bytes), params).solve().encode();
        let hex: String = proof.iter().map(|byte| format!("{byte:02x}")).collect();
        let mut out = stdout().lock();
        writeln!(out, "{hex}")?;
        out.flush()?;
    }
    Ok(())
}
