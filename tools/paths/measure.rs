//! How well values tell tools from people.

/// The value that only `share` of these people exceed.
#[must_use]
pub fn bound(people: &[f64], share: f64) -> f64 {
    let mut sorted = people.to_vec();
    sorted.sort_by(f64::total_cmp);
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss)]
    let at = ((1.0 - share) * sorted.len() as f64).floor() as usize;
    sorted.get(at.min(sorted.len().saturating_sub(1))).copied().unwrap_or(f64::INFINITY)
}

/// The share of values above a bound.
#[must_use]
#[allow(clippy::cast_precision_loss)]
pub fn above(values: &[f64], bound: f64) -> f64 {
    values.iter().filter(|value| **value > bound).count() as f64 / values.len().max(1) as f64
}

/// How likely a tool's value is the larger of a tool's and a person's (area under the ROC curve); equal ones count half.
#[must_use]
#[allow(clippy::cast_precision_loss)]
pub fn auc(tools: &[f64], people: &[f64]) -> f64 {
    let mut sorted = people.to_vec();
    sorted.sort_by(f64::total_cmp);
    let wins: f64 = tools
        .iter()
        .map(|tool| {
            let below = sorted.partition_point(|person| person < tool);
            let not_above = sorted.partition_point(|person| person <= tool);
            (below + not_above) as f64 / 2.0
        })
        .sum();
    wins / (tools.len().max(1) * people.len().max(1)) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn areas_and_bounds() {
        assert_eq!(auc(&[2.0, 3.0], &[0.0, 1.0]), 1.0);
        assert_eq!(auc(&[1.0], &[0.0, 1.0, 2.0]), 0.5);
        let people: Vec<f64> = (0..100).map(f64::from).collect();
        assert_eq!(bound(&people, 0.01), 99.0);
        assert_eq!(above(&people, bound(&people, 0.05)), 0.04);
    }
}
