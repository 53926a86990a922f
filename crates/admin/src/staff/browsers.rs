//! Browsers that users have signed in with. Whoever comes from one of them does not wait because strangers tried the name.

use rusqlite::{OptionalExtension, params};
use spigot_decision::Millis;

use super::secret::digest;
use super::store::StaffStore;
use crate::StoreError;

/// How long a browser is remembered after the last sign-in.
pub const BROWSER_MILLIS: i64 = 90 * 86_400_000;
/// Browsers of one user at most: their devices; the one not used for longest is forgotten.
const BROWSERS_PER_USER: i64 = 20;

impl StaffStore {
    /// Whether somebody has signed in with this browser lately.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn knows_browser(&self, user: &str, secret: &str, now: Millis) -> Result<bool, StoreError> {
        let known: Option<i64> = self
            .connection
            .prepare_cached("SELECT 1 FROM browser WHERE user = ?1 AND digest = ?2 AND seen > ?3")?
            .query_row(params![user, digest(secret), now.0 - BROWSER_MILLIS], |row| row.get(0))
            .optional()?;
        Ok(known.is_some())
    }

    /// Remembers that somebody has signed in with it.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn remember_browser(&mut self, user: &str, secret: &str, now: Millis) -> Result<(), StoreError> {
        let transaction = self.connection.transaction()?;
        transaction.execute(
            "INSERT OR REPLACE INTO browser (digest, user, seen) VALUES (?1, ?2, ?3)",
            params![digest(secret), user, now.0],
        )?;
        transaction.execute(
            "DELETE FROM browser WHERE seen <= ?1 OR (user = ?2 AND digest NOT IN
               (SELECT digest FROM browser WHERE user = ?2 ORDER BY seen DESC LIMIT ?3))",
            params![now.0 - BROWSER_MILLIS, user, BROWSERS_PER_USER],
        )?;
        Ok(transaction.commit()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::staff::Role;

    #[test]
    fn browsers_are_known_for_a_while_by_whom_they_are_of() {
        let folder = tempfile::tempdir().unwrap();
        let mut staff = StaffStore::open(folder.path()).unwrap();
        for name in ["ada", "bob"] {
            staff.add_user(name, Role::Admin, Millis(1)).unwrap();
        }
        staff.remember_browser("ada", "first", Millis(1)).unwrap();
        let knows = |staff: &StaffStore, user: &str, secret: &str, at: i64| {
            staff.knows_browser(user, secret, Millis(at)).unwrap()
        };
        assert!(knows(&staff, "ada", "first", BROWSER_MILLIS));
        assert!(!knows(&staff, "ada", "first", BROWSER_MILLIS + 1));
        assert!(!knows(&staff, "bob", "first", 2) && !knows(&staff, "ada", "other", 2));
        for number in 0..BROWSERS_PER_USER {
            staff.remember_browser("ada", &number.to_string(), Millis(2 + number)).unwrap();
        }
        assert!(!knows(&staff, "ada", "first", 30) && knows(&staff, "ada", "0", 30));
        staff.remove_user("bob").unwrap();
    }
}
