//! Questions that were handed out and wait for their one answer.

use std::collections::HashMap;

use parking_lot::Mutex;
use spigot_decision::Millis;

/// Questions that are open at most: sign-ins that somebody begins and leaves. The oldest give way.
const OPEN_MAX: usize = 1000;

/// Open questions, by what names them in the answer, with what has to be remembered until then.
pub(crate) struct Open<T>(Mutex<HashMap<String, (i64, T)>>);

impl<T> Default for Open<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T> Open<T> {
    /// Remembers a question until `end`.
    pub(crate) fn ask(&self, name: String, about: T, end: Millis, now: Millis) {
        let mut open = self.0.lock();
        if open.len() >= OPEN_MAX {
            open.retain(|_, (end, _)| now.0 < *end);
        }
        if open.len() >= OPEN_MAX
            && let Some(oldest) = open.iter().min_by_key(|(_, (end, _))| *end).map(|(name, _)| name.clone())
        {
            open.remove(&oldest);
        }
        open.insert(name, (end.0, about));
    }

    /// What was remembered, when it is in time. Each question is answered once.
    pub(crate) fn answered(&self, name: &str, now: Millis) -> Option<T> {
        let (end, about) = self.0.lock().remove(name)?;
        (now.0 < end).then_some(about)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_answered_once_in_time_and_they_are_bounded() {
        let open = Open::default();
        open.ask("a".to_owned(), 1, Millis(10), Millis(0));
        open.ask("b".to_owned(), 2, Millis(10), Millis(0));
        assert_eq!(open.answered("a", Millis(9)), Some(1));
        assert_eq!(open.answered("a", Millis(9)), None, "once");
        assert_eq!(open.answered("b", Millis(10)), None, "in time");
        for number in 0..OPEN_MAX + 10 {
            let end = Millis(100 + i64::try_from(number).unwrap());
            open.ask(number.to_string(), 3, end, Millis(20));
        }
        assert_eq!(open.0.lock().len(), OPEN_MAX);
        assert_eq!(open.answered("0", Millis(20)), None, "the oldest gave way");
    }
}
