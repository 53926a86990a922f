//! How much a count says.

/// Two-sided 95 % of a normal distribution.
const Z: f64 = 1.96;

/// The interval in which a share lies with 95 % confidence (Wilson, "Probable inference", 1927).
pub(crate) fn wilson(of: u64, all: u64) -> (f64, f64) {
    if all == 0 {
        return (0.0, 1.0);
    }
    let (n, share) = (all as f64, of as f64 / all as f64);
    let middle = share + Z * Z / (2.0 * n);
    let spread = Z * (share * (1.0 - share) / n + Z * Z / (4.0 * n * n)).sqrt();
    let whole = 1.0 + Z * Z / n;
    (((middle - spread) / whole).max(0.0), ((middle + spread) / whole).min(1.0))
}

/// The interval in which the logarithm of a likelihood ratio lies: how many times as often bots show something as people
/// do. Half a client is added to each side, so that nothing is infinitely telling.
pub(crate) fn log_ratio(bots: u64, of_bots: u64, people: u64, of_people: u64) -> (f64, f64) {
    let (b, p) = (bots as f64 + 0.5, people as f64 + 0.5);
    let (all_b, all_p) = (of_bots as f64 + 1.0, of_people as f64 + 1.0);
    let ratio = (b / all_b).ln() - (p / all_p).ln();
    let spread = Z * (1.0 / b - 1.0 / all_b + 1.0 / p - 1.0 / all_p).max(0.0).sqrt();
    (ratio - spread, ratio + spread)
}

/// Whether so many changes for the better against so many for the worse are more than chance (McNemar's test, at two
/// standard deviations).
pub(crate) fn significant(better: u64, worse: u64) -> bool {
    let (better, worse) = (better as f64, worse as f64);
    better >= 5.0 && better - worse >= 2.0 * (better + worse).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals() {
        let check = |of, all, low: f64, high: f64| {
            let (l, h) = wilson(of, all);
            assert!((l - low).abs() < 0.001 && (h - high).abs() < 0.001, "{of} of {all}: {l} to {h}");
        };
        // From the paper's formula, worked out by hand.
        check(0, 100, 0.0, 0.037);
        check(5, 100, 0.0215, 0.1118);
        check(0, 0, 0.0, 1.0);
        let (low, high) = log_ratio(50, 100, 50, 100);
        assert!(low < 0.0 && high > 0.0, "as often with both says nothing");
        assert!(log_ratio(50, 100, 1, 1000).0 > 3.0_f64.ln(), "much more often with bots");
        assert!(log_ratio(1, 2, 0, 2).0 < 0.0, "of two clients nothing follows");
    }

    #[test]
    fn chance() {
        assert!(!significant(4, 0));
        assert!(significant(5, 0));
        assert!(!significant(10, 9));
        assert!(significant(30, 9));
    }
}
