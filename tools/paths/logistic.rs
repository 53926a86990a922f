//! Logistic regression by Newton's method: deterministic, a handful of steps.

use spigot_decision::behaviour::path_model::FEATURES;

/// Bias and features.
const TERMS: usize = FEATURES + 1;
/// Keeps weights small where the samples can be told apart without error.
const RIDGE: f64 = 1e-3;
/// Newton's method is done after fewer.
const STEPS: usize = 40;

/// One sample.
#[derive(Clone, Copy, Debug)]
pub struct Sample {
    /// What the model sees.
    pub features: [f64; FEATURES],
    /// Whether a program made it.
    pub tool: bool,
    /// How much it counts.
    pub weight: f64,
}

/// Bias and weights, in the features' own units.
#[must_use]
pub fn fit(samples: &[Sample]) -> (f64, [f64; FEATURES]) {
    let all: f64 = samples.iter().map(|sample| sample.weight).sum();
    let mean = |of: &dyn Fn(&Sample) -> f64| {
        samples.iter().map(|sample| sample.weight * of(sample)).sum::<f64>() / all
    };
    let means: [f64; FEATURES] = std::array::from_fn(|i| mean(&|sample| sample.features[i]));
    let spreads: [f64; FEATURES] =
        std::array::from_fn(|i| mean(&|sample| (sample.features[i] - means[i]).powi(2)).sqrt().max(1e-9));
    let scaled = |sample: &Sample| -> [f64; TERMS] {
        std::array::from_fn(|i| {
            if i == 0 { 1.0 } else { (sample.features[i - 1] - means[i - 1]) / spreads[i - 1] }
        })
    };
    let mut terms = [0.0; TERMS];
    for _ in 0..STEPS {
        let mut slope: [f64; TERMS] = std::array::from_fn(|i| if i == 0 { 0.0 } else { -RIDGE * terms[i] });
        let mut bend = [[0.0; TERMS]; TERMS];
        for (i, row) in bend.iter_mut().enumerate() {
            row[i] = RIDGE;
        }
        for sample in samples {
            let x = scaled(sample);
            let value: f64 = terms.iter().zip(&x).map(|(term, x)| term * x).sum();
            let likely = 1.0 / (1.0 + (-value.clamp(-30.0, 30.0)).exp());
            let share = sample.weight / all;
            for i in 0..TERMS {
                slope[i] += share * (f64::from(u8::from(sample.tool)) - likely) * x[i];
                for j in 0..TERMS {
                    bend[i][j] += share * likely * (1.0 - likely) * x[i] * x[j];
                }
            }
        }
        let step = solved(bend, slope);
        terms.iter_mut().zip(&step).for_each(|(term, step)| *term += step);
        if step.iter().all(|step| step.abs() < 1e-9) {
            break;
        }
    }
    let weights: [f64; FEATURES] = std::array::from_fn(|i| terms[i + 1] / spreads[i]);
    let bias = terms[0] - weights.iter().zip(&means).map(|(weight, mean)| weight * mean).sum::<f64>();
    (bias, weights)
}

/// Solves a small system by elimination; `matrix` is positive definite.
fn solved(mut matrix: [[f64; TERMS]; TERMS], mut right: [f64; TERMS]) -> [f64; TERMS] {
    for i in 0..TERMS {
        for row in 0..TERMS {
            if row != i {
                let factor = matrix[row][i] / matrix[i][i];
                let pivot = matrix[i];
                matrix[row].iter_mut().zip(&pivot).for_each(|(cell, pivot)| *cell -= factor * pivot);
                right[row] -= factor * right[i];
            }
        }
    }
    std::array::from_fn(|i| right[i] / matrix[i][i])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_finds_the_weights_that_made_the_samples() {
        // Every combination of features, each as often a tool's as the model says.
        let (bias, weights) = (0.5, [1.0, -2.0, 0.25]);
        let steps = [-1.0, -0.5, 0.0, 0.5, 1.0];
        let mut samples = Vec::new();
        for a in steps {
            for b in steps {
                for c in steps {
                    let value = bias + weights[0] * a + weights[1] * b + weights[2] * c;
                    let likely = 1.0 / (1.0 + f64::exp(-value));
                    samples.push(Sample { features: [a, b, c], tool: true, weight: likely });
                    samples.push(Sample { features: [a, b, c], tool: false, weight: 1.0 - likely });
                }
            }
        }
        let (found_bias, found) = fit(&samples);
        assert!((found_bias - bias).abs() < 0.03, "{found_bias}");
        for (found, weight) in found.iter().zip(weights) {
            assert!((found - weight).abs() < 0.05, "{found} for {weight}");
        }
    }
}
