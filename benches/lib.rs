//! Benchmarks; each file in `bin/` says how to run it.
