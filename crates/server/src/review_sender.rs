//! Sends the weekly review where `[review]` says, on a thread of its own. What does not arrive is sent again on that way,
//! later and later, until the next one is due.

mod mail;
mod schedule;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use serde::{Deserialize, Serialize};
use spigot_admin::PolicyStore;
use spigot_admin::api::Report;
use spigot_admin::review::{Known, Review, keep, read, text};
use spigot_decision::Millis;
use spigot_gateway::{Gateway, Posted, post};
use spigot_state::Memory;
use tokio::sync::watch;

use self::schedule::Schedule;
use crate::clock::now;
use crate::config::{Hook, MailSection, ReviewSection};

/// Between two looks at the clock; also how long an end may wait for this thread.
const TICK: Duration = Duration::from_secs(1);
/// A report has some kilobytes; slow servers get a while.
const HOOK_TIME: Duration = Duration::from_secs(30);
/// Mail takes several questions and answers, of up to twenty seconds each.
const MAIL_TIME: Duration = Duration::from_secs(120);
/// Of what a server said, in the log and on a page.
const SAID_MAX: usize = 500;

const FILE: &str = "review-sent.json";
const VERSION: u32 = 1;
/// It holds two numbers.
const FILE_BYTES_MAX: u64 = 4_096;

/// How each way stands, for the panel.
pub(crate) type Reports = Arc<ArcSwap<Vec<Report>>>;

/// What is remembered over a restart: the time that the last one was due at, of each way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Sent {
    #[serde(rename = "due_millis", default)]
    hook: Option<i64>,
    #[serde(rename = "mail_due_millis", default)]
    mail: Option<i64>,
}

/// What is posted. `text` is where chat servers look for what they show.
#[derive(Serialize)]
struct Post<'a> {
    text: String,
    review: &'a Review,
}

/// One way for it to go.
enum To {
    Hook(Hook),
    Mail(Box<MailSection>),
}

struct Way {
    to: To,
    schedule: Schedule,
    last_sent: Option<i64>,
    failed: Option<String>,
}

/// Starts the thread; it ends with `stopped`.
pub(crate) fn start(
    section: ReviewSection,
    data: PathBuf,
    gateway: Arc<Gateway<Memory>>,
    reports: Reports,
    stopped: watch::Receiver<bool>,
) -> Result<(), String> {
    let file = data.join(FILE);
    let sent: Sent = spigot_keeping::read(&file, VERSION, FILE_BYTES_MAX)
        .unwrap_or_else(|error| {
            crate::log::line("review_time_unread", &[("error", &error.to_string())]);
            None
        })
        .unwrap_or_default();
    let way = |to, sent: Option<i64>| Way {
        schedule: Schedule::new(section.due_millis, sent, now()),
        to,
        last_sent: None,
        failed: None,
    };
    let hook = section.hook.map(|hook| way(To::Hook(hook), sent.hook));
    let mail = section.mail.map(|mail| way(To::Mail(Box::new(mail)), sent.mail));
    let ways = hook.into_iter().chain(mail).collect();
    let sender = Sender { ways, data, file, gateway, reports, stopped, made: None };
    let run = move || {
        // Two that may wait: what does not answer at all is left behind by one.
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_all().max_blocking_threads(2).build();
        if let Ok(runtime) = runtime {
            tokio::task::LocalSet::new().block_on(&runtime, sender.run());
        }
    };
    let thread = std::thread::Builder::new().name("spigot-review-sender".to_owned()).spawn(run);
    thread.map(drop).map_err(|error| format!("a thread cannot be started: {error}"))
}

struct Sender {
    ways: Vec<Way>,
    data: PathBuf,
    file: PathBuf,
    gateway: Arc<Gateway<Memory>>,
    reports: Reports,
    stopped: watch::Receiver<bool>,
    /// The last one, with the time that it was due at: made once for all ways and attempts.
    made: Option<(i64, Arc<Review>)>,
}

impl Sender {
    async fn run(mut self) {
        self.remember();
        self.report();
        while !*self.stopped.borrow() {
            for index in 0..self.ways.len() {
                let Some(due) = self.ways[index].schedule.due(now()) else { continue };
                let sent = self.send(index, due).await;
                self.note(index, due, sent);
            }
            tokio::select! {
                () = tokio::time::sleep(TICK) => {}
                changed = self.stopped.changed() => if changed.is_err() { return },
            }
        }
    }

    fn note(&mut self, index: usize, due: i64, sent: Result<(), String>) {
        let way = &mut self.ways[index];
        let name = way.to.name();
        match sent {
            Ok(()) => {
                way.schedule.sent(due);
                (way.last_sent, way.failed) = (Some(now().0), None);
                crate::log::line("review_sent", &[("way", name)]);
                self.remember();
            }
            Err(error) => {
                let error: String = error.chars().filter(|c| !c.is_control()).take(SAID_MAX).collect();
                way.schedule.failed(now());
                crate::log::line("review_unsent", &[("way", name), ("error", &error)]);
                way.failed = Some(error);
            }
        }
        self.report();
    }

    async fn send(&mut self, index: usize, due: i64) -> Result<(), String> {
        let review = self.review(due)?;
        match &self.ways[index].to {
            To::Hook(hook) => posted(hook, &review).await,
            To::Mail(section) => mailed((**section).clone(), review).await,
        }
    }

    /// The review of the week that ended at `due`.
    fn review(&mut self, due: i64) -> Result<Arc<Review>, String> {
        if let Some((_, review)) = self.made.as_ref().filter(|(of, _)| *of == due) {
            return Ok(review.clone());
        }
        // A mistake in there must not end the reviews of all weeks to come.
        let made = catch_unwind(AssertUnwindSafe(|| self.make(Millis(due))));
        let made = made.unwrap_or_else(|_| Err("making it met a mistake in Spigot itself".to_owned()))?;
        let made = Arc::new(made);
        self.made = Some((due, made.clone()));
        Ok(made)
    }

    fn make(&self, until: Millis) -> Result<Review, String> {
        let store = PolicyStore::open(&self.data).map_err(|error| error.to_string())?;
        let policy = self.gateway.snapshot.load().policy.clone();
        let known = Known::of(policy, &store, now()).map_err(|error| error.to_string())?;
        let mut go_on = |_, _| !*self.stopped.borrow();
        let made = read(&self.data, until, &known, &mut go_on)?;
        let made = made.ok_or("it was stopped before it was made")?;
        keep(&self.data, &made).map_err(|error| format!("it cannot be kept: {error}"))?;
        Ok(made)
    }

    /// A folder that cannot be written to is no reason not to send; the same week may then be sent again after a restart.
    fn remember(&self) {
        let mut sent = Sent::default();
        for way in &self.ways {
            match way.to {
                To::Hook(_) => sent.hook = Some(way.schedule.done),
                To::Mail(_) => sent.mail = Some(way.schedule.done),
            }
        }
        if let Err(error) = spigot_keeping::write(&self.file, VERSION, sent) {
            crate::log::line("review_time_unkept", &[("error", &error.to_string())]);
        }
    }

    fn report(&self) {
        let of = |way: &Way| Report {
            way: way.to.name().to_owned(),
            to: way.to.place(),
            sent_millis: way.last_sent,
            next_millis: way.schedule.next(now()),
            attempts: way.schedule.failures,
            failed: way.failed.clone(),
        };
        self.reports.store(Arc::new(self.ways.iter().map(of).collect()));
    }
}

impl To {
    fn name(&self) -> &'static str {
        match self {
            Self::Hook(_) => "hook",
            Self::Mail(_) => "mail",
        }
    }

    /// The server, and no more.
    fn place(&self) -> String {
        match self {
            Self::Hook(hook) => hook.to.to_string(),
            Self::Mail(mail) => format!("{}:{}", mail.host, mail.port),
        }
    }
}

async fn posted(hook: &Hook, review: &Review) -> Result<(), String> {
    let body = serde_json::to_vec(&Post { text: text(review), review });
    let posted = Posted {
        to: &hook.to,
        body: body.map_err(|error| error.to_string())?.into(),
        key: hook.key.as_ref(),
        time: HOOK_TIME,
    };
    post(&posted).await
}

async fn mailed(section: MailSection, review: Arc<Review>) -> Result<(), String> {
    let sending = tokio::task::spawn_blocking(move || mail::send(&section, &review));
    match tokio::time::timeout(MAIL_TIME, sending).await {
        Ok(sent) => sent.unwrap_or_else(|_| Err("sending it met a mistake in Spigot itself".to_owned())),
        Err(_) => Err(format!("it was not taken within {} s", MAIL_TIME.as_secs())),
    }
}
