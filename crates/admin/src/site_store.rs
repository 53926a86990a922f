//! Sites and keys among the settings: found by what people call them, and changed in one step.

use rusqlite::TransactionBehavior;
use spigot_decision::Millis;

use crate::policy_store::{Change, PolicyStore, StoreError, put};
use crate::setting::Setting;
use crate::site::{ApiKeySetting, SiteSetting};

/// Sites at most: a running server holds all of them in memory, some hundred bytes each.
const SITES_MAX: usize = 1000;
/// API keys at most: each call of the API looks at all of them.
const API_KEYS_MAX: usize = 100;

impl PolicyStore {
    /// The sites, by site key.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn sites(&self) -> Result<Vec<SiteSetting>, StoreError> {
        Ok(read_all(&self.connection, "site ")?
            .into_iter()
            .filter_map(|setting| if let Setting::Site(site) = setting { Some(site) } else { None })
            .collect())
    }

    /// The API's keys, by name.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn api_keys(&self) -> Result<Vec<ApiKeySetting>, StoreError> {
        Ok(read_all(&self.connection, "api key ")?
            .into_iter()
            .filter_map(|setting| if let Setting::ApiKey(key) = setting { Some(key) } else { None })
            .collect())
    }

    /// Adds a site.
    ///
    /// # Errors
    /// When one is called so already, when there are too many, or a sentence about what is wrong with it.
    pub fn add_site(&mut self, site: SiteSetting, author: &str, now: Millis) -> Result<Change, StoreError> {
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let known = read_all(&transaction, "site ")?;
        if known.len() >= SITES_MAX {
            return Err(StoreError(format!("there are {SITES_MAX} sites already; remove some first")));
        }
        not_taken(&site, &known, None)?;
        let change = put(&transaction, Setting::Site(site), author, now)?;
        transaction.commit()?;
        Ok(change)
    }

    /// Changes the site with this key or name; nobody else can change it meanwhile.
    ///
    /// # Errors
    /// When there is none, another one is called so already, or what `change` says.
    pub fn change_site(
        &mut self,
        called: &str,
        author: &str,
        now: Millis,
        change: impl FnOnce(&mut SiteSetting) -> Result<(), String>,
    ) -> Result<Change, StoreError> {
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let known = read_all(&transaction, "site ")?;
        let before = find(&known, called).ok_or_else(|| no_site(called))?;
        let mut site = before.clone();
        change(&mut site).map_err(StoreError)?;
        // What keeps its name may always be changed: its secret has to rotate whatever others are called.
        if (&site.name, &site.site_key) != (&before.name, &before.site_key) {
            not_taken(&site, &known, Some(&before.site_key))?;
        }
        let change = put(&transaction, Setting::Site(site), author, now)?;
        transaction.commit()?;
        Ok(change)
    }

    /// The site with this key or name.
    ///
    /// # Errors
    /// When there is none, or the store cannot be read.
    pub fn site(&self, called: &str) -> Result<SiteSetting, StoreError> {
        self.find_site(called)?.ok_or_else(|| no_site(called))
    }

    /// The site with this key or name, when there is one.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn find_site(&self, called: &str) -> Result<Option<SiteSetting>, StoreError> {
        Ok(find(&read_all(&self.connection, "site ")?, called).cloned())
    }

    /// Adds a key for the API.
    ///
    /// # Errors
    /// When one is called so already, or there are too many.
    pub fn add_api_key(
        &mut self,
        key: ApiKeySetting,
        author: &str,
        now: Millis,
    ) -> Result<Change, StoreError> {
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let known = read_all(&transaction, "api key ")?;
        if known.len() >= API_KEYS_MAX {
            return Err(StoreError(format!("there are {API_KEYS_MAX} keys already; remove some first")));
        }
        let setting = Setting::ApiKey(key);
        if known.iter().any(|known| known.key() == setting.key()) {
            return Err(StoreError(format!(
                "there is a \"{}\" already; choose another name, or remove it first",
                setting.key()
            )));
        }
        let change = put(&transaction, setting, author, now)?;
        transaction.commit()?;
        Ok(change)
    }
}

pub(crate) fn read_all(connection: &rusqlite::Connection, prefix: &str) -> Result<Vec<Setting>, StoreError> {
    let mut statement =
        connection.prepare_cached("SELECT body FROM setting WHERE key GLOB ?1 || '*' ORDER BY key")?;
    let rows = statement.query_map([prefix], |row| row.get::<_, String>(0))?;
    let mut found = Vec::new();
    for body in rows {
        let setting = serde_json::from_str(&body?)
            .map_err(|error| StoreError(format!("a setting cannot be read: {error}")))?;
        found.push(setting);
    }
    Ok(found)
}

fn sites_among(settings: &[Setting]) -> impl Iterator<Item = &SiteSetting> {
    settings.iter().filter_map(|setting| if let Setting::Site(site) = setting { Some(site) } else { None })
}

/// People call a site by its name or key, so neither may be another's name or key. `own_key` is that of the site before
/// its change.
fn not_taken(site: &SiteSetting, known: &[Setting], own_key: Option<&str>) -> Result<(), StoreError> {
    let is_called = |other: &SiteSetting, word: &str| other.name == word || other.site_key == word;
    let mut others = sites_among(known).filter(|other| Some(other.site_key.as_str()) != own_key);
    let taken =
        others.find_map(|other| [&site.name, &site.site_key].into_iter().find(|word| is_called(other, word)));
    match taken {
        Some(word) => Err(StoreError(format!("there is a site \"{word}\" already; choose another name"))),
        None => Ok(()),
    }
}

/// The key comes first: names that are another site's key were once taken.
fn find<'a>(settings: &'a [Setting], called: &str) -> Option<&'a SiteSetting> {
    let by_key = sites_among(settings).find(|site| site.site_key == called);
    by_key.or_else(|| sites_among(settings).find(|site| site.name == called))
}

fn no_site(called: &str) -> StoreError {
    StoreError(format!("there is no site \"{called}\"; `spigot site show` lists those that there are"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn site(key: &str, name: &str) -> SiteSetting {
        SiteSetting {
            site_key: key.to_owned(),
            name: name.to_owned(),
            hosts: vec!["shop.example".to_owned()],
            level: "medium".to_owned(),
            client: "loose".to_owned(),
            press: "managed".to_owned(),
            token_millis: 300_000,
            secrets: Vec::new(),
        }
    }

    #[test]
    fn no_site_is_called_like_another() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = PolicyStore::open(folder.path()).unwrap();
        let now = Millis(1000);
        store.add_site(site("key-1", "shop"), "ada", now).unwrap();
        store.add_site(site("key-2", "blog"), "ada", now).unwrap();
        for (key, name) in [("key-3", "blog"), ("key-2", "forum"), ("key-3", "key-2"), ("blog", "forum")] {
            let error = store.add_site(site(key, name), "ada", now).unwrap_err().to_string();
            assert!(error.contains("choose another name"), "{key} {name}: {error}");
        }
        let mut rename = |name: &str| {
            store.change_site("shop", "ada", now, |site| {
                site.name = name.to_owned();
                Ok(())
            })
        };
        for taken in ["blog", "key-2"] {
            let error = rename(taken).unwrap_err().to_string();
            assert!(error.contains("choose another name"), "{taken}: {error}");
        }
        rename("shop").unwrap();
        rename("key-1").unwrap();
        assert_eq!(store.site("key-1").unwrap().name, "key-1", "its own key is nobody else's");
    }

    #[test]
    fn a_key_is_looked_for_before_a_name() {
        let sites = [site("key-1", "key-2"), site("key-2", "blog")].map(Setting::Site);
        assert_eq!(find(&sites, "key-2").unwrap().site_key, "key-2");
        assert_eq!(find(&sites, "blog").unwrap().site_key, "key-2");
        assert_eq!(find(&sites, "key-1").unwrap().site_key, "key-1");
    }

    #[test]
    fn sites_are_added_changed_and_removed_with_their_authors() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = PolicyStore::open(folder.path()).unwrap();
        let now = Millis(1000);
        store.add_site(site("key-1", "shop"), "ada", now).unwrap();
        store.add_site(site("key-2", "blog"), "ada", now).unwrap();
        assert!(store.add_site(site("key-3", "blog"), "ada", now).is_err(), "a name names one site");
        assert!(store.add_site(site("key-2", "forum"), "ada", now).is_err(), "and so does a key");
        let rotate = |site: &mut SiteSetting| site.rotate("00".to_owned(), now, now);
        let change = store.change_site("shop", "bob", now, rotate).unwrap();
        assert_eq!((change.author.as_str(), change.key.as_str()), ("bob", "site key-1"));
        assert_eq!(store.site("key-1").unwrap().secrets.len(), 1);
        assert!(store.change_site("shop", "bob", now, |_| Err("no".to_owned())).is_err());
        let spoil = |site: &mut SiteSetting| {
            site.hosts.clear();
            Ok(())
        };
        assert!(store.change_site("shop", "bob", now, spoil).is_err());
        assert_eq!(store.site("shop").unwrap().hosts, ["shop.example"], "what is wrong changes nothing");
        store.remove("site key-1", "ada", now).unwrap();
        let left: Vec<_> = store.sites().unwrap().into_iter().map(|site| site.name).collect();
        assert_eq!(left, ["blog"]);
        assert!(store.site("shop").unwrap_err().to_string().contains("spigot site show"));
        let key = ApiKeySetting { name: "ci".to_owned(), digest: "00".to_owned(), created: 1000 };
        store.add_api_key(key.clone(), "ada", now).unwrap();
        assert!(store.add_api_key(key, "ada", now).is_err());
        assert_eq!(store.api_keys().unwrap().len(), 1);
        assert_eq!(store.in_force(now).unwrap().len(), 2);
    }
}
