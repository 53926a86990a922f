//! Data sets in memory: what is known about clients that no counter tells.

mod agents;
mod device;
mod networks;

pub use agents::{Agents, Software};
pub use device::{device, device_named};
pub use networks::{Networks, Place};
