//! How much a pointer's way looks like a program's: a logistic regression over three sums that do not depend on screen,
//! device or distance. Its weights are made by `tools/bin/train_paths.rs`; what it was measured on is in
//! `docs/behaviour.md`.

use super::Pointer;

/// The sums that it looks at.
pub const FEATURES: usize = 3;

/// Fewer moves than the first are no way; the second says all that more would. These are the lengths that it is trained
/// and measured on.
pub const MOVES: [u32; 2] = [50, 200];

/// A bias, a weight for each feature, and the values from which a way counts as a program's.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Model {
    /// What is there without any feature.
    pub bias: f64,
    /// By feature.
    pub weights: [f64; FEATURES],
    /// In the unit of [`Model::value`], after so many moves as [`MOVES`] names.
    pub bounds: [f64; 2],
}

/// The one that is shipped.
pub const SHIPPED: Model = {
    let [bias, speed, bend, flips, short, long] = include!("path_model.weights");
    Model { bias, weights: [speed, bend, flips], bounds: [short, long] }
};

impl Model {
    /// The logarithm of the odds that a program moved the pointer, were programs as frequent as people.
    #[must_use]
    pub fn value(&self, features: &[f64; FEATURES]) -> f64 {
        self.weights.iter().zip(features).fold(self.bias, |sum, (weight, feature)| sum + weight * feature)
    }

    /// From which value on a way of so many moves counts. A short one tells less, as any mean of few: between the two
    /// lengths the bound follows the square root.
    #[must_use]
    pub fn bound(&self, moves: u32) -> f64 {
        let [near, far] = MOVES.map(|moves| 1.0 / f64::from(moves).sqrt());
        let at = 1.0 / f64::from(moves.clamp(MOVES[0], MOVES[1])).sqrt();
        let [short, long] = self.bounds;
        long + (short - long) * (at - far) / (near - far)
    }
}

/// What the model sees of a pointer: logarithms, because a pace that varies by 10 % differs from one of 20 % as one of 50 %
/// from 100 %. `None` for too few moves, and for widgets that do not count flips.
#[must_use]
pub fn features(pointer: &Pointer) -> Option<[f64; FEATURES]> {
    let enough = pointer.moves >= MOVES[0] && pointer.speed_flips_percent > 0;
    enough.then(|| {
        let uneven = f64::from(pointer.speed_cv_percent) / 100.0;
        let bent = 1.0 - f64::from(pointer.straight_percent.min(100)) / 100.0;
        [(uneven + 0.02).ln(), (bent + 0.02).ln(), f64::from(pointer.speed_flips_percent.min(100)) / 100.0]
    })
}

/// How likely a program moved the pointer, and from where on that counts, in percent; `None` while it does not.
#[must_use]
pub fn suspicion(pointer: &Pointer) -> Option<(u32, u32)> {
    let (value, bound) = (SHIPPED.value(&features(pointer)?), SHIPPED.bound(pointer.moves));
    (value >= bound).then(|| (percent(value), percent(bound)))
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // between 0 and 100
fn percent(value: f64) -> u32 {
    (100.0 / (1.0 + (-value).exp())).round() as u32
}
