//! Data sets in memory: what is known about clients that no counter tells.

mod device;

pub use device::device;
