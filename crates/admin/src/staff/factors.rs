//! What users have besides a password: an authenticator app and passkeys.

use rusqlite::{OptionalExtension, Row, params};
use spigot_decision::Millis;

use super::store::StaffStore;
use super::totp;
use crate::StoreError;

/// Passkeys of one user at most: phones, computers and a spare.
const PASSKEYS_PER_USER: u32 = 20;
/// RFC 4226, section 4: the secret should have 160 bits.
const TOTP_BYTES: usize = 20;

/// A passkey as it is kept: its public half.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Passkey {
    /// The credential's id.
    pub id: Vec<u8>,
    /// Whose.
    pub user: String,
    /// How its user calls it.
    pub label: String,
    /// COSE algorithm (RFC 9053): -7 ES256, -8 EdDSA.
    pub algorithm: i64,
    /// The public key as the algorithm writes it.
    pub key: Vec<u8>,
    /// How often it says that it has signed; some always say 0.
    pub count: u32,
    /// Since when.
    pub created: Millis,
    /// When it was used last.
    pub used: Option<Millis>,
}

impl StaffStore {
    /// A fresh secret for an app, which counts from [`Self::confirm_totp`] on.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn propose_totp(&mut self, user: &str) -> Result<Vec<u8>, StoreError> {
        let mut secret = vec![0; TOTP_BYTES];
        getrandom::fill(&mut secret)
            .map_err(|error| StoreError(format!("the system has no randomness: {error}")))?;
        self.connection
            .execute("UPDATE user SET totp_pending = ?2 WHERE name = ?1", params![user, secret])?;
        Ok(secret)
    }

    /// Puts the proposed secret in force when the app shows the right code; whether it did.
    ///
    /// # Errors
    /// When the store cannot be used.
    pub fn confirm_totp(&mut self, user: &str, code: &str, now: Millis) -> Result<bool, StoreError> {
        let pending: Option<Vec<u8>> = self
            .connection
            .query_row("SELECT totp_pending FROM user WHERE name = ?1", [user], |row| row.get(0))
            .optional()?
            .flatten();
        let step = pending.and_then(|secret| totp::accepted(&secret, code, 0, now));
        let Some(step) = step else { return Ok(false) };
        self.connection.execute(
            "UPDATE user SET totp = totp_pending, totp_pending = NULL, totp_step = ?2 WHERE name = ?1",
            params![user, step],
        )?;
        Ok(true)
    }

    /// Asks for no codes any more.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn remove_totp(&mut self, user: &str) -> Result<(), StoreError> {
        self.connection.execute(
            "UPDATE user SET totp = NULL, totp_pending = NULL, totp_step = 0 WHERE name = ?1",
            [user],
        )?;
        Ok(())
    }

    /// Adds a passkey.
    ///
    /// # Errors
    /// When it is known already, or the user has too many.
    pub fn add_passkey(&mut self, passkey: &Passkey) -> Result<(), StoreError> {
        let has = self.user(&passkey.user)?.map_or(0, |user| user.passkeys);
        if has >= PASSKEYS_PER_USER {
            return Err(StoreError(format!("you have {has} passkeys already; remove one first")));
        }
        let added = self.connection.execute(
            "INSERT OR IGNORE INTO passkey (id, user, label, algorithm, key, count, created) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            params![
                passkey.id, passkey.user, passkey.label, passkey.algorithm, passkey.key, passkey.count,
                passkey.created.0
            ],
        )?;
        if added == 0 {
            return Err(StoreError("this passkey is known already".to_owned()));
        }
        Ok(())
    }

    /// The passkeys of a user, the oldest first.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn passkeys_of(&self, user: &str) -> Result<Vec<Passkey>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT id, user, label, algorithm, key, count, created, used FROM passkey WHERE user = ?1 ORDER BY created",
        )?;
        let rows = statement.query_map([user], read)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The passkey of a credential's id.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn passkey(&self, id: &[u8]) -> Result<Option<Passkey>, StoreError> {
        let found = self.connection.query_row(
            "SELECT id, user, label, algorithm, key, count, created, used FROM passkey WHERE id = ?1",
            [id],
            read,
        );
        Ok(found.optional()?)
    }

    /// Notes that a passkey has signed.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn passkey_used(&mut self, id: &[u8], count: u32, now: Millis) -> Result<(), StoreError> {
        let set = params![id, count, now.0];
        self.connection.execute("UPDATE passkey SET count = ?2, used = ?3 WHERE id = ?1", set)?;
        Ok(())
    }

    /// Removes a passkey of a user; false when they have none of this id.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn remove_passkey(&mut self, user: &str, id: &[u8]) -> Result<bool, StoreError> {
        let which = params![user, id];
        Ok(self.connection.execute("DELETE FROM passkey WHERE user = ?1 AND id = ?2", which)? > 0)
    }
}

fn read(row: &Row<'_>) -> rusqlite::Result<Passkey> {
    Ok(Passkey {
        id: row.get(0)?,
        user: row.get(1)?,
        label: row.get(2)?,
        algorithm: row.get(3)?,
        key: row.get(4)?,
        count: row.get(5)?,
        created: Millis(row.get(6)?),
        used: row.get::<_, Option<i64>>(7)?.map(Millis),
    })
}
