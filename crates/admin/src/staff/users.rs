use rusqlite::{OptionalExtension, Row, params};
use spigot_decision::Millis;

use super::password;
use super::role::Role;
use super::store::StaffStore;
use super::totp;
use crate::StoreError;

/// Users at most: everybody who runs a site, with room; the list is one page.
const USERS_MAX: i64 = 500;
const NAME_BYTES_MAX: usize = 64;
const COLUMNS: &str = "name, role, created, password IS NOT NULL, totp IS NOT NULL, oidc, handle, last_seen, \
    disabled, (SELECT count(*) FROM passkey WHERE passkey.user = user.name)";

/// Somebody who may sign in to the panel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// How they are called, and sign in.
    pub name: String,
    /// What they may.
    pub role: Role,
    /// Since when.
    pub created: Millis,
    /// They have a password.
    pub has_password: bool,
    /// Their password counts together with a code of their app alone.
    pub has_totp: bool,
    /// How the identity provider calls them: issuer and subject.
    pub oidc: Option<String>,
    /// What their passkeys know them by.
    pub handle: Vec<u8>,
    /// When they were here last.
    pub last_seen: Option<Millis>,
    /// They stay out, however they would sign in.
    pub is_disabled: bool,
    /// How many passkeys they have.
    pub passkeys: u32,
}

/// What became of a password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PasswordCheck {
    /// It is theirs, and the code with it where one is needed.
    Right(User),
    /// It is theirs, and a code is needed.
    CodeNeeded,
    /// Not.
    Wrong,
}

/// Checks how somebody shall be called.
///
/// # Errors
/// What may be written.
pub fn check_name(name: &str) -> Result<(), String> {
    let fits = |character: char| character.is_ascii_alphanumeric() || "._-@+".contains(character);
    if name.is_empty() || name.len() > NAME_BYTES_MAX || !name.chars().all(fits) {
        return Err(format!(
            "\"{name}\" is no name for a user; use up to {NAME_BYTES_MAX} letters, digits and . _ - @ +"
        ));
    }
    Ok(())
}

impl StaffStore {
    /// Makes a user who cannot sign in yet: that takes a link.
    ///
    /// # Errors
    /// When the name is taken or no name, or there are too many.
    pub fn add_user(&mut self, name: &str, role: Role, now: Millis) -> Result<User, StoreError> {
        check_name(name).map_err(StoreError)?;
        let mut handle = [0; 16];
        getrandom::fill(&mut handle)
            .map_err(|error| StoreError(format!("the system has no randomness: {error}")))?;
        let count: i64 = self.connection.query_row("SELECT count(*) FROM user", [], |row| row.get(0))?;
        if count >= USERS_MAX {
            return Err(StoreError(format!("there are {count} users already; remove some first")));
        }
        let added = self.connection.execute(
            "INSERT OR IGNORE INTO user (name, role, created, handle) VALUES (?1, ?2, ?3, ?4)",
            params![name, role.name(), now.0, handle],
        )?;
        if added == 0 {
            return Err(StoreError(format!("there is a user \"{name}\" already; choose another name")));
        }
        self.user(name)?.ok_or_else(|| StoreError(format!("there is no user \"{name}\"")))
    }

    /// Everybody, by name.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn users(&self) -> Result<Vec<User>, StoreError> {
        let mut statement =
            self.connection.prepare_cached(&format!("SELECT {COLUMNS} FROM user ORDER BY name"))?;
        let rows = statement.query_map([], read)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// One of them.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn user(&self, name: &str) -> Result<Option<User>, StoreError> {
        self.one("name = ?1", name)
    }

    /// The one whom passkeys know by this handle.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn user_by_handle(&self, handle: &[u8]) -> Result<Option<User>, StoreError> {
        self.one("handle = ?1", handle)
    }

    pub(super) fn one(
        &self,
        condition: &str,
        value: impl rusqlite::ToSql,
    ) -> Result<Option<User>, StoreError> {
        let statement = format!("SELECT {COLUMNS} FROM user WHERE {condition}");
        Ok(self.connection.prepare_cached(&statement)?.query_row([value], read).optional()?)
    }

    /// Gives somebody another role. Their sessions end, and the tokens that they made: what they may has changed.
    ///
    /// # Errors
    /// When there is no such user, or it is the last admin.
    pub fn set_role(&mut self, name: &str, role: Role) -> Result<(), StoreError> {
        let transaction = self.connection.transaction()?;
        transaction.execute("UPDATE user SET role = ?2 WHERE name = ?1", params![name, role.name()])?;
        end_what_they_hold(&transaction, name)?;
        keep_an_admin(&transaction)?;
        Ok(transaction.commit()?)
    }

    /// Keeps somebody out, or lets them in again. Their sessions end, the tokens that they made, and their links.
    ///
    /// # Errors
    /// When it is the last admin.
    pub fn set_disabled(&mut self, name: &str, is_disabled: bool) -> Result<(), StoreError> {
        let transaction = self.connection.transaction()?;
        transaction.execute("UPDATE user SET disabled = ?2 WHERE name = ?1", params![name, is_disabled])?;
        transaction.execute("DELETE FROM link WHERE user = ?1", [name])?;
        end_what_they_hold(&transaction, name)?;
        keep_an_admin(&transaction)?;
        Ok(transaction.commit()?)
    }

    /// Removes a user with sessions, links and passkeys; the audit log keeps the name. Tokens that they made end too.
    ///
    /// # Errors
    /// When there is no such user, or it is the last admin.
    pub fn remove_user(&mut self, name: &str) -> Result<(), StoreError> {
        let transaction = self.connection.transaction()?;
        if transaction.execute("DELETE FROM user WHERE name = ?1", [name])? == 0 {
            return Err(StoreError(format!("there is no user \"{name}\"")));
        }
        transaction.execute("DELETE FROM token WHERE creator = ?1", [name])?;
        keep_an_admin(&transaction)?;
        Ok(transaction.commit()?)
    }

    /// Sets a password. Every session of theirs ends but `keep`.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn set_password(&mut self, name: &str, new: &str, keep: Option<&[u8]>) -> Result<(), StoreError> {
        password::check_new(new, name).map_err(StoreError)?;
        let hash = password::hash(new).map_err(StoreError)?;
        let transaction = self.connection.transaction()?;
        transaction.execute("UPDATE user SET password = ?2 WHERE name = ?1", params![name, hash])?;
        transaction
            .execute("DELETE FROM session WHERE user = ?1 AND digest IS NOT ?2", params![name, keep])?;
        transaction.execute("DELETE FROM link WHERE user = ?1", [name])?;
        Ok(transaction.commit()?)
    }

    /// Checks a password, and the code of the app where the user has one. Takes as long for names that do not exist.
    ///
    /// # Errors
    /// When the store cannot be used.
    pub fn check_password(
        &mut self,
        name: &str,
        given: &str,
        code: Option<&str>,
        now: Millis,
    ) -> Result<PasswordCheck, StoreError> {
        let row = self.connection.query_row(
            // Who is kept out, or comes by the identity provider, has no password that counts.
            "SELECT password, totp, totp_step FROM user WHERE name = ?1 AND disabled = 0 AND oidc IS NULL",
            [name],
            |row| {
                Ok((
                    row.get::<_, Option<String>>(0)?,
                    row.get::<_, Option<Vec<u8>>>(1)?,
                    row.get::<_, i64>(2)?,
                ))
            },
        );
        let (hash, secret, last) = row.optional()?.unwrap_or_default();
        if !password::verify(given, hash.as_deref()) {
            return Ok(PasswordCheck::Wrong);
        }
        if let Some(secret) = secret {
            let Some(code) = code else { return Ok(PasswordCheck::CodeNeeded) };
            let Some(step) = totp::accepted(&secret, code, last, now) else {
                return Ok(PasswordCheck::Wrong);
            };
            // Whoever comes second with the same code finds it used.
            let first = self.connection.execute(
                "UPDATE user SET totp_step = ?2 WHERE name = ?1 AND totp_step < ?2",
                params![name, step],
            )?;
            if first == 0 {
                return Ok(PasswordCheck::Wrong);
            }
        }
        Ok(self.user(name)?.map_or(PasswordCheck::Wrong, PasswordCheck::Right))
    }
}

/// Nobody locks everybody out.
pub(super) fn keep_an_admin(connection: &rusqlite::Connection) -> Result<(), StoreError> {
    let left: i64 = connection.query_row(
        "SELECT count(*) FROM user WHERE role = 'admin' AND disabled = 0",
        [],
        |row| row.get(0),
    )?;
    if left == 0 {
        return Err(StoreError("that is the last admin; make another one first".to_owned()));
    }
    Ok(())
}

/// What somebody was let in with, and what they let in: sessions, and tokens that they made.
pub(super) fn end_what_they_hold(connection: &rusqlite::Connection, name: &str) -> Result<(), StoreError> {
    connection.execute("DELETE FROM session WHERE user = ?1", [name])?;
    connection.execute("DELETE FROM token WHERE creator = ?1", [name])?;
    Ok(())
}

pub(super) fn read(row: &Row<'_>) -> rusqlite::Result<User> {
    // What a newer version wrote may do the least.
    let role = Role::parse(&row.get::<_, String>(1)?).unwrap_or(Role::Support);
    Ok(User {
        name: row.get(0)?,
        role,
        created: Millis(row.get(2)?),
        has_password: row.get(3)?,
        has_totp: row.get(4)?,
        oidc: row.get(5)?,
        handle: row.get(6)?,
        last_seen: row.get::<_, Option<i64>>(7)?.map(Millis),
        is_disabled: row.get(8)?,
        passkeys: row.get(9)?,
    })
}
