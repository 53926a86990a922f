//! What the shop remembers, in one JSON file.

use std::collections::VecDeque;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use serde::{Deserialize, Serialize};

use crate::answer::Fault;

/// Each bound keeps the file, which is written whole at every change, to some hundred kilobytes. The oldest entry goes
/// first; counts go on.
///
/// Posts remembered: what `/received` promises.
const RECEIVED_MAX: usize = 100;
/// Accounts: more than a demonstration signs up by hand, few enough to look through for a repeated address.
const ACCOUNTS_MAX: usize = 500;
/// Subscribers and orders: nobody reads further back.
const SUBSCRIBERS_MAX: usize = 500;
const ORDERS_MAX: usize = 200;
/// Items, each of up to some 700 bytes: `/api/items` answers with all of them.
const ITEMS_MAX: usize = 200;
/// Larger than any file that the bounds above allow; a larger one is not ours.
const FILE_BYTES_MAX: u64 = 8 * 1024 * 1024;

/// Everything the shop remembers. Passwords are no part of it.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct State {
    pub(crate) received: Kept<Received>,
    pub(crate) accounts: Kept<Account>,
    pub(crate) subscribers: Kept<String>,
    pub(crate) orders: Kept<Order>,
    pub(crate) items: Kept<Item>,
    pub(crate) resets: u64,
    pub(crate) coupons: u64,
}

/// The newest entries of a list, and how many there ever were.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Kept<T> {
    pub(crate) total: u64,
    pub(crate) entries: VecDeque<T>,
}

impl<T> Default for Kept<T> {
    fn default() -> Kept<T> {
        Kept { total: 0, entries: VecDeque::new() }
    }
}

impl<T> Kept<T> {
    /// Adds the entry made from its number, counted from 1.
    fn push(&mut self, entries_max: usize, entry: impl FnOnce(u64) -> T) -> u64 {
        while self.entries.len() >= entries_max {
            self.entries.pop_front();
        }
        self.total += 1;
        self.entries.push_back(entry(self.total));
        self.total
    }
}

/// A post that reached the shop. Its values are not kept.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Received {
    /// Counted from 1 over the life of the shop.
    pub(crate) number: u64,
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) content_type: String,
    pub(crate) body_sha256: String,
    pub(crate) body_bytes: u64,
    /// Names of the form's fields, in order.
    pub(crate) fields: Vec<String>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Account {
    pub(crate) email: String,
    /// False for one that a gateway wanted shadowed.
    pub(crate) active: bool,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Order {
    pub(crate) number: u64,
    pub(crate) name: String,
    pub(crate) email: String,
    /// Product and quantity.
    pub(crate) lines: Vec<(u16, u32)>,
    pub(crate) total_cents: u64,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Item {
    pub(crate) id: u64,
    pub(crate) name: String,
    pub(crate) price_cents: u64,
    pub(crate) note: String,
}

impl State {
    pub(crate) fn receive(&mut self, post: Received) {
        self.received.push(RECEIVED_MAX, |number| Received { number, ..post });
    }

    /// Adds an account, unless the address has one.
    pub(crate) fn sign_up(&mut self, email: &str, active: bool) {
        if !self.accounts.entries.iter().any(|account| account.email.eq_ignore_ascii_case(email)) {
            self.accounts.push(ACCOUNTS_MAX, |_| Account { email: email.into(), active });
        }
    }

    /// Returns which subscriber this is, counted from 1.
    pub(crate) fn subscribe(&mut self, email: &str) -> u64 {
        self.subscribers.push(SUBSCRIBERS_MAX, |_| email.into())
    }

    /// Returns the order's number.
    pub(crate) fn order(&mut self, order: Order) -> u64 {
        self.orders.push(ORDERS_MAX, |number| Order { number, ..order })
    }

    pub(crate) fn add_item(&mut self, item: Item) -> Item {
        let id = self.items.push(ITEMS_MAX, |id| Item { id, ..item.clone() });
        Item { id, ..item }
    }
}

/// The state and its file. Cheap to clone; clones are the same store.
#[derive(Clone)]
pub(crate) struct Store(Arc<Inner>);

struct Inner {
    folder: PathBuf,
    /// With its version, which counts changes.
    state: Mutex<(State, u64)>,
    /// The version in the file. Held while the file is written, so that there is one writer.
    written: Mutex<u64>,
}

impl Store {
    pub(crate) fn open(folder: &Path) -> io::Result<Store> {
        fs::create_dir_all(folder)?;
        let state = match File::open(folder.join("shop.json")) {
            Ok(file) => read(file)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => State::default(),
            Err(error) => return Err(error),
        };
        let inner = Inner { folder: folder.into(), state: Mutex::new((state, 0)), written: Mutex::new(0) };
        Ok(Store(Arc::new(inner)))
    }

    /// Looks at the state.
    pub(crate) fn look<T>(&self, look: impl FnOnce(&State) -> T) -> T {
        look(&self.0.state.lock().unwrap_or_else(PoisonError::into_inner).0)
    }

    /// Changes the state and returns once the file holds the change.
    pub(crate) async fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> Result<T, Fault> {
        let (outcome, version) = {
            let mut guard = self.0.state.lock().unwrap_or_else(PoisonError::into_inner);
            guard.1 += 1;
            (change(&mut guard.0), guard.1)
        };
        let store = self.clone();
        let write = tokio::task::spawn_blocking(move || store.write_up_to(version)).await;
        match write {
            Ok(Ok(())) => Ok(outcome),
            Ok(Err(_)) | Err(_) => Err(Fault::Storage),
        }
    }

    /// Sees to it that the file holds this version or a later one. Changes that wait for the writer share one write.
    fn write_up_to(&self, version: u64) -> io::Result<()> {
        let mut written = self.0.written.lock().unwrap_or_else(PoisonError::into_inner);
        if *written >= version {
            return Ok(());
        }
        let (bytes, latest) = {
            let guard = self.0.state.lock().unwrap_or_else(PoisonError::into_inner);
            (serde_json::to_vec(&guard.0)?, guard.1)
        };
        let temporary = self.0.folder.join("shop.json.tmp");
        let mut file = File::create(&temporary)?;
        file.write_all(&bytes)?;
        file.sync_all()?;
        fs::rename(&temporary, self.0.folder.join("shop.json"))?;
        // The rename itself is durable once its folder is.
        File::open(&self.0.folder)?.sync_all()?;
        *written = latest;
        Ok(())
    }
}

fn read(file: File) -> io::Result<State> {
    let mut bytes = Vec::new();
    file.take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > FILE_BYTES_MAX {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "shop.json is larger than a shop writes"));
    }
    serde_json::from_slice(&bytes)
        .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, format!("shop.json: {error}")))
}
