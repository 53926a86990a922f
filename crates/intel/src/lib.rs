//! Data sets in memory: what is known about clients that no counter tells.

mod agents;
mod breach;
mod crawlers;
mod device;
mod domains;
pub mod lists;
mod networks;

pub use agents::{Agents, Software};
pub use breach::{Breached, Built, Corpus, Digest, build as build_breached, range_holds};
pub use crawlers::{CrawlerId, KnownCrawler, Named, Reputations, known_crawlers};
pub use device::device_named;
pub use domains::Domains;
pub use lists::Lists;
pub use networks::{Networks, Place};
