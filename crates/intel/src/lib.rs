//! Data sets in memory: what is known about clients that no counter tells.

mod agents;
mod device;
pub mod lists;
mod networks;

pub use agents::{Agents, Software};
pub use device::device_named;
pub use lists::Lists;
pub use networks::{Networks, Place};
