//! Crawlers that are known by the name of their address: one thread asks DNS, requests read what is known. While nothing
//! is, nothing is said; the answer serves the next request.

mod dns;

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use parking_lot::Mutex;
use spigot_decision::Millis;
use spigot_intel::{CrawlerId, Named};
use tokio::sync::{Semaphore, mpsc};
use tokio::time::timeout;

/// Whom the names of addresses are asked from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CrawlerDns {
    /// In turn, until one answers.
    pub servers: Vec<SocketAddr>,
    /// For all questions about one address.
    pub time: Duration,
}

/// Questions that wait. More come only from those who make crawlers' names up.
const QUEUE: usize = 1024;
/// Addresses that are asked about at a time.
const AT_ONCE: usize = 32;
/// Answers that are kept: two halves, of which the older one is let go when the newer one is full. About 64 bytes each,
/// 4 MiB in all; the crawlers of all search engines together have some thousand addresses that come to one site.
const HALF: usize = 1 << 15;
/// How long "it is not" holds; a crawler's new address has its name by then.
const REFUTED_MILLIS: i64 = 3_600_000;
/// How long nobody asks again after a failure.
const FAILED_MILLIS: i64 = 60_000;

type Key = (IpAddr, CrawlerId);

/// What is known, and the thread that asks, once it is needed.
#[derive(Default)]
pub(crate) struct Proofs {
    known: Arc<Mutex<Known>>,
    queue: OnceLock<Option<mpsc::Sender<Question>>>,
}

#[derive(Default)]
struct Known {
    new: HashMap<Key, (Named, Millis)>,
    old: HashMap<Key, (Named, Millis)>,
}

struct Question {
    dns: CrawlerDns,
    key: Key,
    asked: Millis,
}

impl Proofs {
    /// What DNS says of an address, as far as it is known by now.
    pub(crate) fn named(&self, dns: &CrawlerDns, id: CrawlerId, address: IpAddr, now: Millis) -> Named {
        let key = (address.to_canonical(), id);
        let mut known = self.known.lock();
        if let Some(named) = known.find(&key, now) {
            return named;
        }
        // So that the requests until the answer do not ask as well.
        let patience = i64::try_from(dns.time.as_millis()).unwrap_or(FAILED_MILLIS);
        known.keep(key, Named::Unknown, now.plus(2 * patience));
        drop(known);
        if let Some(queue) = self.queue.get_or_init(|| start(self.known.clone())) {
            // What finds no place is asked with a later request.
            let _ = queue.try_send(Question { dns: dns.clone(), key, asked: now });
        }
        Named::Unknown
    }
}

impl Known {
    fn find(&self, key: &Key, now: Millis) -> Option<Named> {
        let (named, until) = self.new.get(key).or_else(|| self.old.get(key))?;
        (now < *until).then_some(*named)
    }

    fn keep(&mut self, key: Key, named: Named, until: Millis) {
        if self.new.len() >= HALF && !self.new.contains_key(&key) {
            self.old = std::mem::take(&mut self.new);
        }
        self.new.insert(key, (named, until));
    }
}

fn start(known: Arc<Mutex<Known>>) -> Option<mpsc::Sender<Question>> {
    let (queue, mut questions) = mpsc::channel::<Question>(QUEUE);
    let work = move || {
        let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else { return };
        let asking = async {
            let places = Arc::new(Semaphore::new(AT_ONCE));
            while let Some(Question { dns, key, asked }) = questions.recv().await {
                let Ok(place) = places.clone().acquire_owned().await else { return };
                let known = known.clone();
                tokio::task::spawn_local(async move {
                    let (named, millis) = answer(&dns, key).await;
                    known.lock().keep(key, named, asked.plus(millis));
                    drop(place);
                });
            }
        };
        tokio::task::LocalSet::new().block_on(&runtime, asking);
    };
    std::thread::Builder::new().name("crawlers".to_owned()).spawn(work).ok().map(|_| queue)
}

/// What DNS says, and for how many milliseconds.
async fn answer(dns: &CrawlerDns, (address, id): Key) -> (Named, i64) {
    let domains = &id.known().domains;
    match timeout(dns.time, dns::confirmed(&dns.servers, dns.time, address, domains)).await {
        Ok(Ok(Some(life))) => (Named::Confirmed, i64::try_from(life.as_millis()).unwrap_or(REFUTED_MILLIS)),
        Ok(Ok(None)) => (Named::Refuted, REFUTED_MILLIS),
        Ok(Err(dns::Unanswered)) | Err(_) => (Named::Unknown, FAILED_MILLIS),
    }
}

#[cfg(test)]
mod tests;
