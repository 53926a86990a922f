//! Decisions and the memory of one node together, as a request meets them: real policies, real counts, time as an
//! argument.

mod breaker;
mod fleet;
mod hours;
mod ladder;
mod networks;
mod office;
mod simulation;
mod world;
