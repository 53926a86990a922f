//! Spigot.
fn main() {}
