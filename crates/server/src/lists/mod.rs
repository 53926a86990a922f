//! Lists from files and addresses, kept up to date by a thread of their own. Requests read what is compiled; what is kept
//! in the data folder is compiled before the first of them.

mod kept;
mod refresh;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use arc_swap::ArcSwap;
use spigot_decision::{Millis, Policy};
use spigot_intel::lists::Format;
use spigot_intel::{Lists, Reputations};
use tokio::sync::watch;
use tokio::time::Instant;

pub(crate) use self::kept::{About, Kept};
use self::refresh::{Followed, pause};
pub(crate) use self::refresh::{Judged, Refreshed, refresh};
use crate::clock::now;
use crate::config::{Feed, From};
use crate::log::line;
use crate::run::{Stamp, stamp};
use spigot_keeping::random;

/// How often files are looked at.
const TICK: Duration = Duration::from_secs(1);

type Feeds = Vec<Arc<Feed>>;

/// The lists, and the thread that looks after them.
pub(crate) struct ListKeeper {
    kept: Kept,
    shared: Arc<Shared>,
    feeds: watch::Sender<Feeds>,
    /// What was put in force last.
    seen: u64,
    thread: Option<JoinHandle<()>>,
}

struct Shared {
    compiled: ArcSwap<Compiled>,
    /// Grows with each compilation.
    turn: AtomicU64,
}

/// Lists in an order of their own, and their names in that order.
#[derive(Default)]
struct Compiled {
    names: Vec<String>,
    lists: Lists,
}

impl ListKeeper {
    pub(crate) fn new(data: &Path) -> Self {
        let shared = Shared { compiled: ArcSwap::default(), turn: AtomicU64::new(0) };
        Self {
            kept: Kept::new(data),
            shared: Arc::new(shared),
            feeds: watch::Sender::default(),
            seen: 0,
            thread: None,
        }
    }

    /// Takes over what a configuration names. Its lists are compiled from what is kept when they are the first; later
    /// ones follow when the thread has looked after them.
    pub(crate) fn follow(&mut self, feeds: &Feeds, policy: &Policy) -> Result<Arc<Reputations>, String> {
        if *self.feeds.borrow() != *feeds {
            self.feeds.send_replace(feeds.clone());
            if self.thread.is_none() {
                self.shared.compile(feeds, &self.kept);
                let (kept, shared, feeds) = (self.kept.clone(), self.shared.clone(), self.feeds.subscribe());
                let run = move || {
                    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
                    if let Ok(runtime) = runtime {
                        let lists = Turns { kept, shared, feeds, sources: Vec::new() };
                        tokio::task::LocalSet::new().block_on(&runtime, lists.run());
                    }
                };
                let thread = std::thread::Builder::new().name("spigot-lists".to_owned()).spawn(run);
                self.thread = Some(thread.map_err(|error| format!("a thread cannot be started: {error}"))?);
            }
        }
        self.seen = self.shared.turn.load(Ordering::Acquire);
        Ok(Arc::new(self.shared.compiled.load().under(policy)))
    }

    /// Whether there are newer lists than those that were followed last.
    pub(crate) fn changed(&self) -> bool {
        self.shared.turn.load(Ordering::Acquire) != self.seen
    }
}

/// What the data folder holds of a configuration's lists, for whoever only looks.
pub(crate) fn kept_reputations(feeds: &[Arc<Feed>], kept: &Kept, policy: &Policy) -> Reputations {
    Compiled::of(feeds, kept).under(policy)
}

impl Compiled {
    fn of(feeds: &[Arc<Feed>], kept: &Kept) -> Self {
        let held = feeds.iter().filter_map(|feed| {
            let about = kept.about(&feed.name, &feed.from.shown());
            about.changed?;
            Some((feed.name.clone(), kept.entries(&feed.name, now())?))
        });
        let (names, entries): (Vec<_>, Vec<_>) = held.unzip();
        Self { names, lists: Lists::new(&entries) }
    }

    /// The lists under a policy's numbers; one that the policy does not name any more is left out.
    fn under(&self, policy: &Policy) -> Reputations {
        let place = |list: usize| {
            let name = self.names.get(list)?;
            policy.lists.iter().position(|list| list.name == *name)
        };
        Reputations::new(self.lists.arranged(place), policy)
    }
}

impl Shared {
    /// Compiles what is kept.
    fn compile(&self, feeds: &[Arc<Feed>], kept: &Kept) {
        self.compiled.store(Arc::new(Compiled::of(feeds, kept)));
        self.turn.fetch_add(1, Ordering::Release);
    }
}

/// The thread's own view.
struct Turns {
    kept: Kept,
    shared: Arc<Shared>,
    feeds: watch::Receiver<Feeds>,
    sources: Vec<Source>,
}

/// One list's turn.
struct Source {
    feed: Arc<Feed>,
    due: Instant,
    failures: u32,
    /// Of its file, when it is one.
    file: Option<Stamp>,
    /// Of what is kept, which `spigot lists update` may have changed.
    kept: Option<Stamp>,
    /// When the next of its entries ends by itself, whoever can be asked then.
    ends: Option<Millis>,
    /// What was said of it last, so that it is said once.
    said: Option<String>,
    /// What a CrowdSec told so far.
    followed: Option<Followed>,
}

impl Turns {
    /// Until the keeper is gone.
    async fn run(mut self) {
        self.take_over();
        let mut ticks = tokio::time::interval(TICK);
        loop {
            tokio::select! {
                _ = ticks.tick() => {}
                changed = self.feeds.changed() => match changed {
                    Ok(()) => self.take_over(),
                    Err(_) => return,
                },
            }
            let mut changed = false;
            for index in 0..self.sources.len() {
                changed |= self.turn(index).await;
                // A configuration that has changed meanwhile, or an end, does not wait for slow sources.
                if self.feeds.has_changed().unwrap_or(true) {
                    break;
                }
            }
            if changed {
                let feeds: Vec<_> = self.sources.iter().map(|source| source.feed.clone()).collect();
                self.shared.compile(&feeds, &self.kept);
            }
        }
    }

    /// Sources that stay keep their times.
    fn take_over(&mut self) {
        let feeds = self.feeds.borrow_and_update().clone();
        let mut before = std::mem::take(&mut self.sources);
        let mut gone = before.len() != feeds.len();
        for feed in feeds {
            let known = before.iter().position(|source| source.feed == feed);
            gone |= known.is_none();
            self.sources.push(match known {
                Some(at) => before.swap_remove(at),
                None => Source::new(feed, &self.kept),
            });
        }
        if gone {
            let feeds: Vec<_> = self.sources.iter().map(|source| source.feed.clone()).collect();
            self.shared.compile(&feeds, &self.kept);
        }
    }

    /// Looks after one source; whether its entries have changed.
    async fn turn(&mut self, index: usize) -> bool {
        let source = &mut self.sources[index];
        let kept = self.kept.stamp(&source.feed.name);
        let by_others = std::mem::replace(&mut source.kept, kept) != kept;
        if !source.is_due() {
            return by_others | source.ended(&self.kept, by_others, now());
        }
        if by_others {
            // It was asked by somebody else, to whom it told changes that are not told again.
            source.followed = None;
        }
        let followed = &mut source.followed;
        let refreshed = refresh(&source.feed, &self.kept, Judged::Carefully, now(), followed).await;
        source.kept = self.kept.stamp(&source.feed.name);
        source.tell(&refreshed);
        by_others | source.ended(&self.kept, true, now()) | matches!(refreshed, Refreshed::New(_))
    }
}

/// When the next entry of a list ends; only CrowdSec's do.
fn ends(feed: &Feed, kept: &Kept, now: Millis) -> Option<Millis> {
    matches!(feed.format, Format::CrowdSec(_)).then(|| kept.next_end(&feed.name, now)).flatten()
}

impl Source {
    fn new(feed: Arc<Feed>, kept: &Kept) -> Self {
        // What was fetched a moment before a restart is not fetched again.
        let asked = kept.about(&feed.name, &feed.from.shown()).asked;
        let age =
            asked.map_or(u64::MAX, |asked| u64::try_from(now().0.saturating_sub(asked)).unwrap_or(u64::MAX));
        let rest = feed.every.saturating_sub(Duration::from_millis(age));
        let (ends, kept) = (ends(&feed, kept, now()), kept.stamp(&feed.name));
        let due = Instant::now() + rest;
        Self { feed, due, failures: 0, file: None, kept, ends, said: None, followed: None }
    }

    /// Whether an entry has ended since this was asked last, and when the next one does where that may be `another`. By one
    /// clock for both, so that none ends in between.
    fn ended(&mut self, kept: &Kept, another: bool, now: Millis) -> bool {
        let ended = self.ends.is_some_and(|end| end <= now);
        if ended || another {
            self.ends = ends(&self.feed, kept, now);
        }
        ended
    }

    /// An address when its time has come, a file when it is another one.
    fn is_due(&mut self) -> bool {
        match &self.feed.from {
            From::Url(..) => Instant::now() >= self.due,
            From::File(path) => {
                let file = stamp(path);
                // One that is not there is said once, and not looked for but once a second.
                let changed = file != self.file || (file.is_none() && self.said.is_none());
                self.file = file;
                changed
            }
        }
    }

    fn tell(&mut self, refreshed: &Refreshed) {
        let (name, from) = (self.feed.name.clone(), self.feed.from.shown());
        match refreshed {
            Refreshed::Refused(_, why) => {
                self.failures = self.failures.saturating_add(1);
                if self.said.as_ref() != Some(why) {
                    line("list_refused", &[("list", &name), ("from", &from), ("error", why)]);
                    self.said = Some(why.clone());
                }
            }
            Refreshed::New(about) => {
                line(
                    "list_loaded",
                    &[("list", &name), ("from", &from), ("entries", &about.entries.to_string())],
                );
                (self.failures, self.said) = (0, None);
            }
            Refreshed::Same(_) => {
                if self.said.take().is_some() {
                    line("list_works_again", &[("list", &name), ("from", &from)]);
                }
                self.failures = 0;
            }
        }
        // Without random bytes every node asks at once, which is no reason not to ask.
        let number = random().map_or(u32::MAX / 2, u32::from_le_bytes);
        self.due = Instant::now() + pause(self.feed.every, self.failures, number);
    }
}
