//! An agent's key directory: fetched away from requests, kept while it cannot be fetched, and not forever. Only what
//! the configuration names is fetched, whatever a request says.

use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use http::HeaderMap;
use parking_lot::Mutex;
use spigot_decision::Millis;
use spigot_proof::{DIRECTORY_PATH, DIRECTORY_TYPE, KeySet, directory_keys};
use spigot_state::State;

use crate::pipeline::Gateway;
use crate::provider::Question;
use crate::upstream::Upstream;

/// How long an answer counts, by its own word within these, and without one.
const FRESH_MILLIS: std::ops::RangeInclusive<i64> = 300_000..=86_400_000;
const FRESH_MILLIS_USUAL: i64 = 3_600_000;
/// How long keys count that cannot be fetched anew. Whoever lost a key has waited long enough then.
const KEPT_MILLIS: i64 = 7 * 86_400_000;
/// After a failure, doubled with each, at most.
const RETRY_MILLIS: i64 = 10_000;
const RETRY_MILLIS_MAX: i64 = 600_000;
/// How soon an unknown key makes it fetched again: strangers can bring that about.
const MISSED_MILLIS: i64 = 60_000;
/// Bytes of a directory: 32 keys have at most some 30 thousand.
const ANSWER_BYTES: usize = 64 << 10;
const DEADLINE: Duration = Duration::from_secs(10);

/// A directory, and what is known of it.
#[derive(Debug)]
pub struct Directory {
    server: Arc<Upstream>,
    /// Keys count that have not signed the answer.
    unsigned: bool,
    keys: ArcSwap<KeySet>,
    standing: Mutex<Standing>,
}

#[derive(Debug, Default)]
struct Standing {
    due: Millis,
    asked: Millis,
    good: Option<Millis>,
    failures: u32,
    busy: bool,
}

impl Directory {
    /// At this server.
    #[must_use]
    pub fn new(server: Arc<Upstream>, unsigned: bool) -> Self {
        Self { server, unsigned, keys: ArcSwap::default(), standing: Mutex::default() }
    }

    pub(crate) fn server(&self) -> &Arc<Upstream> {
        &self.server
    }

    pub(super) fn is_same(&self, other: &Self) -> bool {
        *self.server == *other.server && self.unsigned == other.unsigned
    }

    /// The keys that count now.
    pub(super) fn keys(&self, now: Millis) -> Arc<KeySet> {
        let too_old = self.standing.lock().good.is_none_or(|good| now.since(good) > KEPT_MILLIS);
        if too_old { Arc::default() } else { self.keys.load_full() }
    }

    /// A signature in its name is by a key that it did not show.
    pub(super) fn key_missed(&self, now: Millis) {
        let mut standing = self.standing.lock();
        let soonest = standing.asked.plus(MISSED_MILLIS);
        standing.due = standing.due.min(soonest.max(now));
    }

    /// Whether it is to be fetched now; who is told so fetches it.
    fn take_due(&self, now: Millis) -> bool {
        let mut standing = self.standing.lock();
        let due = !standing.busy && standing.due <= now;
        if due {
            (standing.busy, standing.asked) = (true, now);
        }
        due
    }

    /// Notes what fetching it came to.
    fn heard(&self, found: Result<(KeySet, i64), String>, now: Millis) -> Result<usize, String> {
        let mut standing = self.standing.lock();
        standing.busy = false;
        match found {
            Ok((keys, fresh_millis)) => {
                let count = keys.keys().len();
                self.keys.store(Arc::new(keys));
                (standing.good, standing.failures) = (Some(now), 0);
                standing.due = now.plus(fresh_millis);
                Ok(count)
            }
            Err(error) => {
                let wait = RETRY_MILLIS << standing.failures.min(6);
                standing.failures = standing.failures.saturating_add(1);
                standing.due = now.plus(wait.min(RETRY_MILLIS_MAX));
                Err(error)
            }
        }
    }
}

impl<S: State> Gateway<S> {
    /// The directories that are to be fetched now, each with the name of its trusted client.
    #[must_use]
    pub fn due_directories(&self, now: Millis) -> Vec<(String, Arc<Directory>)> {
        let snapshot = self.snapshot.load();
        let named = snapshot.settings.trusted.iter().filter_map(|client| Some((client, client.directory()?)));
        let due = named.filter(|(_, directory)| directory.take_due(now));
        due.map(|(client, directory)| (client.name.clone(), directory.clone())).collect()
    }

    /// Fetches a directory.
    ///
    /// # Errors
    /// Why it has no keys, or none that count; those that it had stay.
    pub async fn fetch_directory(&self, directory: &Directory) -> Result<usize, String> {
        let question = Question::get(DIRECTORY_PATH, ANSWER_BYTES).with("accept", DIRECTORY_TYPE);
        let answer = self.asker.ask(&directory.server, question, DEADLINE).await;
        let now = (self.clock)();
        let found = match answer {
            Ok(Some(answer)) if answer.status == 200 => {
                let authority = directory.server.authority();
                let (headers, seconds) = (&answer.headers, now.0.div_euclid(1000));
                directory_keys(&authority, headers, &answer.body, directory.unsigned, seconds)
                    .map(|keys| (keys, fresh_millis(headers)))
            }
            Ok(Some(answer)) => Err(format!("it answers with status {}", answer.status)),
            Ok(None) => Err("it does not answer in time".to_owned()),
            Err(_) => Err("too many questions wait already".to_owned()),
        };
        directory.heard(found, now)
    }
}

/// How long an answer counts (RFC 9111, section 5.2.2.1).
fn fresh_millis(headers: &HeaderMap) -> i64 {
    let control = headers.get("cache-control").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let seconds = control.split(',').find_map(|part| {
        let (name, value) = part.trim().split_once('=')?;
        name.eq_ignore_ascii_case("max-age").then(|| value.trim_matches('"').parse::<i64>().ok())?
    });
    let millis = seconds.map_or(FRESH_MILLIS_USUAL, |seconds| seconds.saturating_mul(1000));
    millis.clamp(*FRESH_MILLIS.start(), *FRESH_MILLIS.end())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::upstream::Trust;

    #[test]
    fn it_is_fetched_again_in_time_and_not_too_often() {
        let server = Upstream::parse("http://127.0.0.1:1", Trust::system).unwrap();
        let directory = Directory::new(Arc::new(server), true);
        let at = |seconds: i64| Millis(1_000_000_000 + seconds * 1000);
        let key = r#"{"kty":"OKP","crv":"Ed25519","x":"JrQLj5P_89iXES9-vFgrIy29clF9CC_oPPsw3c5D0bs"}"#;
        let keys = || Ok((KeySet::parse(key).unwrap(), 300_000));
        assert!(directory.take_due(at(0)), "at once");
        assert!(!directory.take_due(at(9)), "one fetch at a time");
        assert!(directory.heard(Err("away".to_owned()), at(0)).is_err());
        assert!(!directory.take_due(at(9)) && directory.take_due(at(10)));
        assert!(directory.heard(Err("away".to_owned()), at(10)).is_err());
        assert!(!directory.take_due(at(29)) && directory.take_due(at(30)));
        assert_eq!(directory.keys(at(30)).keys().len(), 0);
        assert_eq!(directory.heard(keys(), at(30)), Ok(1));
        assert!(!directory.take_due(at(329)));
        directory.key_missed(at(31));
        assert!(!directory.take_due(at(89)) && directory.take_due(at(90)), "at most once a minute");
        assert!(directory.heard(Err("away".to_owned()), at(90)).is_err());
        assert_eq!(directory.keys(at(90)).keys().len(), 1, "what stood stays");
        assert_eq!(directory.keys(at(30 + 7 * 86_400)).keys().len(), 1);
        assert_eq!(directory.keys(at(31 + 7 * 86_400)).keys().len(), 0, "but not forever");
    }

    #[test]
    fn answers_say_how_long_they_count() {
        let check = |control: Option<&'static str>, seconds: i64| {
            let mut headers = HeaderMap::new();
            headers.extend(
                control.map(|value| (http::header::CACHE_CONTROL, http::HeaderValue::from_static(value))),
            );
            assert_eq!(fresh_millis(&headers), seconds * 1000, "{control:?}");
        };
        check(None, 3600);
        check(Some("public, max-age=7200"), 7200);
        check(Some("max-age=1"), 300);
        check(Some("max-age=99999999999999999"), 86_400);
        check(Some("no-cache"), 3600);
    }
}
