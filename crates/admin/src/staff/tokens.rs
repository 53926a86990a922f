use rusqlite::{OptionalExtension, Row, params};
use spigot_decision::Millis;

use super::role::Role;
use super::secret::{digest, fresh_secret};
use super::store::StaffStore;
use super::users::check_name;
use crate::StoreError;

/// Tokens at most: programs that call the API; each is looked up by its digest.
const TOKENS_MAX: i64 = 200;
/// How every token begins, so that scanners of repositories know one.
const PREFIX: &str = "spigot_admin_";
const USED_EVERY_MILLIS: i64 = 60_000;
const COLUMNS: &str = "name, role, resources, creator, created, end, used";

/// A token for a program that calls the admin API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// Its name.
    pub name: String,
    /// What it may at most.
    pub role: Role,
    /// The resources that it may touch; all when empty.
    pub resources: Vec<String>,
    /// Who made it: a person, whose token ends with what they may.
    pub creator: String,
    /// When.
    pub created: Millis,
    /// Until when.
    pub end: Option<Millis>,
    /// When it was used last, to the minute.
    pub used: Option<Millis>,
}

impl StaffStore {
    /// Makes a token and returns its secret, once.
    ///
    /// # Errors
    /// When the name is taken or no name, or there are too many.
    pub fn add_token(&mut self, token: &Token) -> Result<String, StoreError> {
        check_name(&token.name).map_err(StoreError)?;
        let count: i64 = self.connection.query_row("SELECT count(*) FROM token", [], |row| row.get(0))?;
        if count >= TOKENS_MAX {
            return Err(StoreError(format!("there are {count} tokens already; revoke some first")));
        }
        let secret = fresh_secret(PREFIX).map_err(StoreError)?;
        let added = self.connection.execute(
            "INSERT OR IGNORE INTO token (name, digest, role, resources, creator, created, end) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            params![
                token.name, digest(&secret), token.role.name(), token.resources.join(" "), token.creator,
                token.created.0, token.end.map(|end| end.0)
            ],
        )?;
        if added == 0 {
            let name = &token.name;
            return Err(StoreError(format!("there is a token \"{name}\" already; choose another name")));
        }
        Ok(secret)
    }

    /// All of them, by name.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn tokens(&self) -> Result<Vec<Token>, StoreError> {
        let mut statement =
            self.connection.prepare_cached(&format!("SELECT {COLUMNS} FROM token ORDER BY name"))?;
        let rows = statement.query_map([], read)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The token of a secret, when it has not ended.
    ///
    /// # Errors
    /// When the store cannot be used.
    pub fn token(&mut self, secret: &str, now: Millis) -> Result<Option<Token>, StoreError> {
        let digest = digest(secret);
        let statement =
            format!("SELECT {COLUMNS} FROM token WHERE digest = ?1 AND (end IS NULL OR end > ?2)");
        let found = self.connection.query_row(&statement, params![digest, now.0], read).optional()?;
        if found
            .as_ref()
            .is_some_and(|token| token.used.is_none_or(|used| used.0 + USED_EVERY_MILLIS <= now.0))
        {
            self.connection
                .execute("UPDATE token SET used = ?2 WHERE digest = ?1", params![digest, now.0])?;
        }
        Ok(found)
    }

    /// Revokes a token; false when there was none of this name.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn remove_token(&mut self, name: &str) -> Result<bool, StoreError> {
        Ok(self.connection.execute("DELETE FROM token WHERE name = ?1", [name])? > 0)
    }
}

fn read(row: &Row<'_>) -> rusqlite::Result<Token> {
    Ok(Token {
        name: row.get(0)?,
        role: Role::parse(&row.get::<_, String>(1)?).unwrap_or(Role::Support),
        resources: row.get::<_, String>(2)?.split_whitespace().map(str::to_owned).collect(),
        creator: row.get(3)?,
        created: Millis(row.get(4)?),
        end: row.get::<_, Option<i64>>(5)?.map(Millis),
        used: row.get::<_, Option<i64>>(6)?.map(Millis),
    })
}
