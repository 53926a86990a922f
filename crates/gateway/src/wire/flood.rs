//! Frames that cost us more than their sender: bounded in number, not forbidden, because each has honest uses.

use std::time::Duration;

use tokio::time::Instant;

/// What a connection may spend at once. A page of two hundred resources whose reader goes away resets as many streams,
/// and some browsers send a priority frame for each.
const MOST: u32 = 1000;
/// What time brings back.
const PER_SECOND: u32 = 50;

/// A connection's budget for such frames.
pub(super) struct Budget {
    left: u32,
    since: Instant,
}

impl Budget {
    pub(super) fn new(now: Instant) -> Self {
        Self { left: MOST, since: now }
    }

    /// A request earns a little, so that long honest connections never run out.
    pub(super) fn earn(&mut self) {
        self.left = (self.left + 1).min(MOST);
    }

    /// Whether there was enough left.
    pub(super) fn spend(&mut self, cost: u32, now: Instant) -> bool {
        if self.left < cost {
            let seconds = now.saturating_duration_since(self.since).as_secs();
            let back = u32::try_from(seconds).unwrap_or(u32::MAX).saturating_mul(PER_SECOND);
            self.left = self.left.saturating_add(back).min(MOST);
            self.since += Duration::from_secs(seconds);
        }
        let enough = self.left >= cost;
        self.left = self.left.saturating_sub(cost);
        enough
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_spent_and_comes_back() {
        let start = Instant::now();
        let mut budget = Budget::new(start);
        let spent = |budget: &mut Budget, now| (0..2 * MOST).take_while(|_| budget.spend(2, now)).count();
        assert_eq!(spent(&mut budget, start), 500);
        assert_eq!(spent(&mut budget, start + Duration::from_millis(2500)), 50, "two whole seconds' worth");
        assert_eq!(spent(&mut budget, start + Duration::from_millis(3000)), 25, "and the half is not lost");
        assert_eq!(spent(&mut budget, start + Duration::from_secs(3600)), 500, "never more than the most");
        budget.earn();
        budget.earn();
        assert!(budget.spend(2, start + Duration::from_secs(3600)));
    }
}
