//! Training the model of pointer paths (`spigot_decision::behaviour::path_model`) on recordings.
//!
//! - [`recordings`]: the three sets, as moves and presses. [`sums`]: what the widget would have sent of them.
//! - [`logistic`]: the regression. [`measure`]: detection, false positives, and the area under the curve.
//! - [`training`]: who is trained on whom, and the report.

pub mod logistic;
pub mod measure;
pub mod recordings;
pub mod sums;
pub mod training;
