//! Writes the vectors shared with the browser's solver to standard output, or with `--write` to their file:
//! `cargo run -p spigot-cachewalk --release --example vectors -- --write`.

#[allow(dead_code, reason = "the test and the oracle read back what this only writes")]
mod cases;

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../web/solver/vectors.json");

fn main() -> std::io::Result<()> {
    let vectors = cases::vectors();
    if std::env::args().any(|argument| argument == "--write") {
        return std::fs::write(FILE, vectors);
    }
    print!("{vectors}");
    Ok(())
}
