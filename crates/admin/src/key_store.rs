//! API keys of trusted clients among the settings.

use rusqlite::TransactionBehavior;
use spigot_decision::Millis;

use crate::key::KeySetting;
use crate::policy_store::{Change, PolicyStore, StoreError, put};
use crate::setting::Setting;
use crate::site_store::read_all;

/// Keys at most: a request with a key looks through all of them, for some microseconds then.
const KEYS_MAX: usize = 1000;

impl PolicyStore {
    /// The keys, by name; also those that are over.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn keys(&self) -> Result<Vec<KeySetting>, StoreError> {
        Ok(of(read_all(&self.connection, "key ")?))
    }

    /// Adds a key.
    ///
    /// # Errors
    /// When one is called so already, when there are too many, or a sentence about what is wrong with it.
    pub fn add_key(&mut self, key: KeySetting, author: &str, now: Millis) -> Result<Change, StoreError> {
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let known = of(read_all(&transaction, "key ")?);
        if known.len() >= KEYS_MAX {
            return Err(StoreError(format!("there are {KEYS_MAX} keys already; revoke some first")));
        }
        if known.iter().any(|known| known.name == key.name) {
            return Err(StoreError(format!(
                "there is a key \"{}\" already; choose another name, rotate it, or revoke it first",
                key.name
            )));
        }
        let change = put(&transaction, Setting::Key(key), author, now)?;
        transaction.commit()?;
        Ok(change)
    }

    /// Changes the key of this name; nobody else can change it meanwhile.
    ///
    /// # Errors
    /// When there is none, or what `change` says.
    pub fn change_key(
        &mut self,
        name: &str,
        author: &str,
        now: Millis,
        change: impl FnOnce(&mut KeySetting) -> Result<(), String>,
    ) -> Result<Change, StoreError> {
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let known = of(read_all(&transaction, "key ")?);
        let mut key = known.into_iter().find(|key| key.name == name).ok_or_else(|| {
            StoreError(format!("there is no key \"{name}\"; `spigot key list` shows those that there are"))
        })?;
        change(&mut key).map_err(StoreError)?;
        let change = put(&transaction, Setting::Key(key), author, now)?;
        transaction.commit()?;
        Ok(change)
    }
}

fn of(settings: Vec<Setting>) -> Vec<KeySetting> {
    let keys = settings.into_iter();
    keys.filter_map(|setting| if let Setting::Key(key) = setting { Some(key) } else { None }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_added_rotated_and_revoked_with_their_authors() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = PolicyStore::open(folder.path()).unwrap();
        let key = |name: &str| KeySetting {
            name: name.to_owned(),
            client: "partners".to_owned(),
            routes: Vec::new(),
            rate: None,
            until: None,
            digests: Vec::new(),
        };
        let now = Millis(1000);
        store.add_key(key("acme"), "ada", now).unwrap();
        assert!(store.add_key(key("acme"), "ada", now).unwrap_err().to_string().contains("rotate it"));
        assert!(store.add_key(key("Not a name"), "ada", now).is_err());
        let rotated =
            store.change_key("acme", "bob", now, |key| key.rotate("0a".repeat(32), now, now)).unwrap();
        assert_eq!((rotated.author.as_str(), rotated.key.as_str()), ("bob", "key acme"));
        assert_eq!(store.operator(now).unwrap().keys[0].digests, [([0x0a; 32], None)]);
        assert!(
            store.change_key("none", "bob", now, |_| Ok(())).unwrap_err().to_string().contains("key list")
        );
        store.remove("key acme", "ada", now).unwrap();
        assert_eq!((store.keys().unwrap().len(), store.operator(now).unwrap().keys.len()), (0, 0));
    }
}
