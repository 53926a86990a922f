use rusqlite::{OptionalExtension, params};
use spigot_decision::Millis;

use super::secret::{digest, fresh_secret};
use super::store::StaffStore;
use crate::StoreError;

/// How long a one-time link counts.
pub const LINK_MILLIS: i64 = 24 * 3_600_000;

impl StaffStore {
    /// The secret of a fresh one-time link, with which a user signs in once and sets a password. Earlier ones end.
    ///
    /// # Errors
    /// When there is no such user.
    pub fn add_link(&mut self, user: &str, now: Millis) -> Result<String, StoreError> {
        match self.user(user)? {
            None => {
                return Err(StoreError(format!(
                    "there is no user \"{user}\"; `spigot admin create {user}` makes one"
                )));
            }
            Some(known) if known.is_disabled => {
                return Err(StoreError(format!(
                    "\"{user}\" is kept out; `spigot admin enable {user}` lets them in again"
                )));
            }
            Some(known) if known.oidc.is_some() => {
                return Err(StoreError(format!(
                    "\"{user}\" signs in by the identity provider; `spigot admin identity {user} --none` ends that"
                )));
            }
            Some(_) => {}
        }
        let secret = fresh_secret("").map_err(StoreError)?;
        let transaction = self.connection.transaction()?;
        transaction.execute("DELETE FROM link WHERE user = ?1 OR end <= ?2", params![user, now.0])?;
        transaction.execute(
            "INSERT INTO link (digest, user, end) VALUES (?1, ?2, ?3)",
            params![digest(&secret), user, now.0 + LINK_MILLIS],
        )?;
        transaction.commit()?;
        Ok(secret)
    }

    /// Whose link it is; it counts still.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn link(&self, secret: &str, now: Millis) -> Result<Option<String>, StoreError> {
        let found = self.connection.query_row(
            "SELECT user FROM link WHERE digest = ?1 AND end > ?2",
            params![digest(secret), now.0],
            |row| row.get(0),
        );
        Ok(found.optional()?)
    }

    /// Uses a link up and returns whose it was; only the first who comes gets it.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn use_link(&mut self, secret: &str, now: Millis) -> Result<Option<String>, StoreError> {
        let found = self.connection.query_row(
            "DELETE FROM link WHERE digest = ?1 AND end > ?2 RETURNING user",
            params![digest(secret), now.0],
            |row| row.get(0),
        );
        Ok(found.optional()?)
    }
}
