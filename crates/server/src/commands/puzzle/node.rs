//! The solvers of visitors' browsers, measured with Node where there is one. The program carries them, so that it does not
//! matter where it is run from.

use std::io::Write;
use std::process::{Command, Stdio};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use spigot_cachewalk::Params;

const WORKER: &str = include_str!("../../../../../web/challenge/dist/worker.js");
const WASM: &[u8] = include_bytes!("../../../../../web/challenge/dist/cachewalk.wasm");
const MEASURE: &str = include_str!("measure.mjs");

/// What Node says of each kernel; `null` where there is no Node, or none that runs it.
pub(super) fn measured(levels: &[Params]) -> Value {
    said(levels).and_then(|text| serde_json::from_slice(&text).ok()).unwrap_or(Value::Null)
}

fn said(levels: &[Params]) -> Option<Vec<u8>> {
    let level = |of: &Params| json!({ "log2N": of.log2_n(), "grind": of.grind(), "open": of.open() });
    let levels: Vec<Value> = levels.iter().map(level).collect();
    let files = json!({ "worker": WORKER, "wasm": STANDARD.encode(WASM), "levels": levels });
    let mut node = Command::new("node")
        .args(["--input-type=module", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .ok()?;
    // It reads all of it before it says anything.
    let wrote = node.stdin.take()?.write_all(format!("const files = {files};\n{MEASURE}").as_bytes());
    let output = node.wait_with_output().ok()?;
    (wrote.is_ok() && output.status.success()).then_some(output.stdout)
}
