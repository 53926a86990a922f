use rusqlite::{OptionalExtension, params};
use spigot_decision::Millis;

use super::secret::{digest, fresh_secret, hex};
use super::store::StaffStore;
use super::users::User;
use crate::StoreError;

/// A session ends after this much time without a request.
pub const IDLE_MILLIS: i64 = 30 * 60_000;
/// And after this much time in any case.
pub const SESSION_MILLIS: i64 = 12 * 3_600_000;
/// Sessions of one user at most: a few devices; the oldest one ends.
const SESSIONS_PER_USER: i64 = 10;
/// That somebody is here is written down this often at most, because each is a write to the disk.
const SEEN_EVERY_MILLIS: i64 = 60_000;
const AGENT_CHARACTERS_MAX: usize = 200;

/// Somebody signed in.
#[derive(Clone, Debug)]
pub struct Session {
    /// Who.
    pub user: User,
    /// What the cookie's secret is kept as.
    pub digest: Vec<u8>,
    /// Since when.
    pub created: Millis,
    /// When they were here last, to the minute.
    pub seen: Millis,
    /// How they signed in.
    pub method: String,
    /// Their browser's name for itself.
    pub agent: String,
}

impl Session {
    /// What names it to its user; says nothing about its secret.
    #[must_use]
    pub fn id(&self) -> String {
        hex(&self.digest[..8])
    }
}

impl StaffStore {
    /// Starts a session and returns the secret for its cookie.
    ///
    /// # Errors
    /// When the user is kept out, or the store cannot be written.
    pub fn start_session(
        &mut self,
        user: &str,
        method: &str,
        agent: &str,
        now: Millis,
    ) -> Result<String, StoreError> {
        let secret = fresh_secret("").map_err(StoreError)?;
        let agent: String = agent.chars().take(AGENT_CHARACTERS_MAX).collect();
        if self.user(user)?.is_none_or(|user| user.is_disabled) {
            return Err(StoreError(format!("\"{user}\" may not sign in. Ask an admin")));
        }
        let transaction = self.connection.transaction()?;
        transaction.execute(
            "DELETE FROM session WHERE seen <= ?1 OR created <= ?2",
            [now.0 - IDLE_MILLIS, now.0 - SESSION_MILLIS],
        )?;
        transaction.execute(
            "DELETE FROM session WHERE user = ?1 AND digest NOT IN
               (SELECT digest FROM session WHERE user = ?1 ORDER BY seen DESC LIMIT ?2)",
            params![user, SESSIONS_PER_USER - 1],
        )?;
        transaction.execute(
            "INSERT INTO session (digest, user, created, seen, method, agent) VALUES (?1, ?2, ?3, ?3, ?4, ?5)",
            params![digest(&secret), user, now.0, method, agent],
        )?;
        transaction.execute("UPDATE user SET last_seen = ?2 WHERE name = ?1", params![user, now.0])?;
        transaction.commit()?;
        Ok(secret)
    }

    /// Whose session it is, when it has not ended. What a page asks by itself (`is_polled`) says nothing of somebody being
    /// there, and keeps no session alive.
    ///
    /// # Errors
    /// When the store cannot be used.
    pub fn session(
        &mut self,
        secret: &str,
        is_polled: bool,
        now: Millis,
    ) -> Result<Option<Session>, StoreError> {
        let digest = digest(secret);
        let found = self.sessions_where("digest = ?1", &digest, now)?.pop();
        if let Some(session) = &found
            && !is_polled
            && session.seen.0 + SEEN_EVERY_MILLIS <= now.0
        {
            let set = params![digest, now.0];
            self.connection.execute("UPDATE session SET seen = ?2 WHERE digest = ?1", set)?;
            self.connection.execute(
                "UPDATE user SET last_seen = ?2 WHERE name = ?1",
                params![session.user.name, now.0],
            )?;
        }
        Ok(found)
    }

    /// The sessions of a user that have not ended, the one used last first.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn sessions_of(&self, user: &str, now: Millis) -> Result<Vec<Session>, StoreError> {
        self.sessions_where("user = ?1", user, now)
    }

    fn sessions_where(
        &self,
        condition: &str,
        value: impl rusqlite::ToSql,
        now: Millis,
    ) -> Result<Vec<Session>, StoreError> {
        let mut statement = self.connection.prepare_cached(&format!(
            "SELECT digest, user, created, seen, method, agent FROM session
             WHERE {condition} AND seen > ?2 AND created > ?3 ORDER BY seen DESC"
        ))?;
        let (idle, oldest) = (now.0 - IDLE_MILLIS, now.0 - SESSION_MILLIS);
        let rows = statement.query_map(params![value, idle, oldest], |row| {
            let (created, seen) = (Millis(row.get(2)?), Millis(row.get(3)?));
            Ok((row.get(0)?, row.get::<_, String>(1)?, created, seen, row.get(4)?, row.get(5)?))
        })?;
        let mut found = Vec::new();
        for row in rows {
            let (digest, name, created, seen, method, agent) = row?;
            let Some(user) = self.user(&name)?.filter(|user| !user.is_disabled) else { continue };
            found.push(Session { user, digest, created, seen, method, agent });
        }
        Ok(found)
    }

    /// Ends the session of a secret.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn end_session(&mut self, secret: &str) -> Result<(), StoreError> {
        self.connection.execute("DELETE FROM session WHERE digest = ?1", [digest(secret)])?;
        Ok(())
    }

    /// Ends one of a user's sessions by its id; all of them without one, but `keep`. How many ended.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn end_sessions(
        &mut self,
        user: &str,
        id: Option<&str>,
        keep: Option<&[u8]>,
    ) -> Result<usize, StoreError> {
        Ok(self.connection.execute(
            "DELETE FROM session WHERE user = ?1 AND (?2 IS NULL OR lower(substr(hex(digest), 1, 16)) = ?2) AND digest IS NOT ?3",
            params![user, id, keep],
        )?)
    }

    /// Whether anybody can sign in by now.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn is_set_up(&self) -> Result<bool, StoreError> {
        let ready: Option<i64> = self
            .connection
            .query_row(
                "SELECT 1 FROM user WHERE role = 'admin' AND disabled = 0 AND (password IS NOT NULL OR oidc IS NOT NULL
                   OR EXISTS (SELECT 1 FROM passkey WHERE passkey.user = user.name)) LIMIT 1",
                [],
                |row| row.get(0),
            )
            .optional()?;
        Ok(ready.is_some())
    }
}
