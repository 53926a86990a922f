//! What has to survive a restart is written each second. When the data folder does not take it, serving goes on: it is
//! said once, counted, and written as soon as the folder takes it again.

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use arc_swap::ArcSwapOption;
use spigot_admin::{KnownStore, PolicyStore};
use spigot_decision::Millis;
use spigot_state::{Changes, Memory, Restricted};

use crate::Say;

/// How keeping went, for the admin port.
#[derive(Debug, Default)]
pub struct Keeping {
    /// Attempts that failed.
    failed: AtomicU64,
    /// Why the last one failed; `None` once one succeeds.
    last_error: ArcSwapOption<String>,
}

impl Keeping {
    /// How many attempts failed.
    #[must_use]
    pub fn failed(&self) -> u64 {
        self.failed.load(Ordering::Relaxed)
    }

    /// Why the last one did; `None` once one succeeds.
    #[must_use]
    pub fn last_error(&self) -> Option<String> {
        self.last_error.load_full().map(|error| (*error).clone())
    }

    /// Writes what has changed since the last time.
    pub fn keep(&self, store: &mut PolicyStore, known: Option<&mut KnownStore>, state: &Memory, now: Millis) {
        state.hours.running(now);
        // First who is known: a lock that is kept without would meet its owner at home after a crash.
        let known = known.map_or(Ok(()), |known| {
            let acquainted = state.accounts.successes.take_changed(now);
            known.keep(&acquainted, now).inspect_err(|_| state.accounts.successes.not_kept(&acquainted))
        });
        let (hours, mut restrictions) = (state.hours.take_changed(), state.restrictions.take_changed());
        if known.is_err() {
            state.restrictions.not_kept(&restrictions);
            restrictions = Changes::default();
        }
        let kept = store.keep(&hours, &restrictions);
        if kept.is_err() {
            state.hours.not_kept(hours);
            state.restrictions.not_kept(&restrictions);
        }
        match kept.and(known) {
            Ok(()) => self.last_error.store(None),
            Err(error) => {
                self.failed.fetch_add(1, Ordering::Relaxed);
                self.last_error.store(Some(error.to_string().into()));
            }
        }
    }
}

/// Takes back who is known for an account, and restrictions that were kept. A file that cannot be used is no reason not to
/// start: it is said, and everybody is a stranger until they have logged in; locks end then.
pub fn open_known(
    folder: &Path,
    state: &Memory,
    restrictions: Vec<(u64, Restricted)>,
    now: Millis,
    say: Say,
) -> Option<KnownStore> {
    let opened = KnownStore::open(folder).and_then(|store| Ok((store.kept(now)?, store)));
    match opened {
        Ok((kept, store)) => {
            state.accounts.successes.restore(kept);
            state.restrictions.restore(restrictions);
            Some(store)
        }
        Err(error) => {
            say("accounts_unread", &error.to_string());
            state.restrictions.restore_without_locks(restrictions);
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use rusqlite::Connection;
    use spigot_decision::policy::{Offender, load};
    use spigot_state::MemorySettings;

    use super::*;

    const NOW: Millis = Millis(1_800_000_000_000);

    /// A lock that is kept without who is known would meet its owner at home after a crash.
    #[test]
    fn no_restriction_is_kept_while_it_cannot_be_kept_who_is_known() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = PolicyStore::open(folder.path()).unwrap();
        let mut known = KnownStore::open(folder.path()).unwrap();
        let state = Memory::new(MemorySettings::default(), NOW);
        let ladder = load("policy", "").unwrap().ladder;
        state.accounts.successes.remember(1, 90, NOW);
        state.restrictions.strike(7, Offender::Account(7), &ladder, NOW);

        let keeping = Keeping::default();
        let beside = Connection::open(folder.path().join("accounts.sqlite")).unwrap();
        let is_known =
            || beside.query_row("SELECT count(*) FROM known", [], |row| row.get::<_, i64>(0)).unwrap();
        beside.execute_batch("ALTER TABLE known RENAME TO elsewhere").unwrap();
        keeping.keep(&mut store, Some(&mut known), &state, NOW);
        assert_eq!(keeping.failed(), 1);
        assert!(keeping.last_error().is_some());
        assert_eq!(store.kept().unwrap().1, []);

        beside.execute_batch("ALTER TABLE elsewhere RENAME TO known").unwrap();
        assert_eq!(is_known(), 0);
        keeping.keep(&mut store, Some(&mut known), &state, NOW.plus(1000));
        assert_eq!((keeping.failed(), keeping.last_error()), (1, None));
        assert_eq!(is_known(), 1);
        let kept: Vec<u64> = store.kept().unwrap().1.into_iter().map(|(key, _)| key).collect();
        assert_eq!(kept, [7]);
    }

    #[test]
    fn a_file_that_cannot_be_used_lets_no_lock_meet_its_owner() {
        let folder = tempfile::tempdir().unwrap();
        let state = Memory::new(MemorySettings::default(), NOW);
        let ladder = load("policy", "").unwrap().ladder;
        let spigot_state::Struck::Began(strike) =
            state.restrictions.strike(7, Offender::Account(7), &ladder, NOW)
        else {
            panic!("it began")
        };
        let lock = (7, Restricted { offender: Offender::Account(7), strike });
        let restored = |lock| {
            let state = Memory::new(MemorySettings::default(), NOW);
            let known = open_known(folder.path(), &state, vec![lock], NOW, |_, _| {});
            (known.is_some(), state.restrictions.find(7, NOW).is_some())
        };
        assert_eq!(restored(lock), (true, true));
        std::fs::write(
            folder.path().join("accounts.sqlite"),
            "no database, and longer than its head is".repeat(9),
        )
        .unwrap();
        assert_eq!(restored(lock), (false, false));
    }
}
