//! What survives a restart, in a data folder: the secrets, restrictions and hours, who is known for which account, and what was
//! learned of cohorts and by the breaker.
//!
//! Nothing here decides, and nothing here is on the way of a request: whoever wires an engine opens the folder, and calls once a
//! second. A file that cannot be used is said, and no reason not to start.

mod breaker;
mod cohorts;
mod keeping;
mod kept_json;
mod secrets;

pub use breaker::BreakerFile;
pub use cohorts::CohortFile;
pub use keeping::{Keeping, open_known};
pub use kept_json::{read, write};
pub use secrets::{Secrets, hex, random};

/// Who hears of a file that cannot be used: what happened, in the past tense, and why.
pub type Say = fn(&str, &str);
