//! What an operator should hear of at once: a line on standard error, and, where `[alerts]` names a place, a post there by
//! a thread of its own. What does not arrive is tried again for an hour; alerts keep their order.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use spigot_gateway::{Posted, post};
use tokio::sync::{mpsc, watch};

use crate::clock::now;
use crate::config::Hook;

/// They wait while a place does not answer; each is some hundred bytes. What comes beyond is a line and no more.
const WAITING_MAX: usize = 64;
const TIME: Duration = Duration::from_secs(10);
/// After a first failure; doubled with each. Twelve tries take a little over an hour.
const AGAIN: Duration = Duration::from_secs(1);
const TRIES: u32 = 12;

/// Where alerts are handed in.
#[derive(Clone, Default)]
pub(crate) struct Alerts {
    queue: Option<mpsc::Sender<Alert>>,
}

struct Alert {
    body: Vec<u8>,
    name: Arc<str>,
}

impl Alerts {
    /// Starts the thread; it ends with `stopped`.
    pub(crate) fn start(hook: Option<Hook>, stopped: watch::Receiver<bool>) -> Result<Self, String> {
        let Some(hook) = hook else { return Ok(Self::default()) };
        let (queue, waiting) = mpsc::channel(WAITING_MAX);
        let run = move || {
            let runtime =
                tokio::runtime::Builder::new_current_thread().enable_all().max_blocking_threads(1).build();
            if let Ok(runtime) = runtime {
                tokio::task::LocalSet::new().block_on(&runtime, send(hook, waiting, stopped));
            }
        };
        let thread = std::thread::Builder::new().name("spigot-alerts".to_owned()).spawn(run);
        thread
            .map(|_| Self { queue: Some(queue) })
            .map_err(|error| format!("a thread cannot be started: {error}"))
    }

    /// Tells what happened, in the past tense, and its fields; `text` is the same for people.
    pub(crate) fn tell(&self, happened: &str, fields: &[(&str, &str)], text: &str) {
        crate::log::line(happened, fields);
        let Some(queue) = &self.queue else { return };
        let told: serde_json::Map<_, _> =
            fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).into())).collect();
        // `text` is where chat servers look for what they show.
        let body = json!({ "text": text, "time": now().to_string(), "event": happened, "told": told });
        let alert = Alert { body: body.to_string().into_bytes(), name: happened.into() };
        if queue.try_send(alert).is_err() {
            crate::log::line(
                "alert_unsent",
                &[("alert", happened), ("error", "too many are waiting already")],
            );
        }
    }
}

async fn send(hook: Hook, mut waiting: mpsc::Receiver<Alert>, mut stopped: watch::Receiver<bool>) {
    loop {
        let alert = tokio::select! {
            alert = waiting.recv() => alert,
            _ = stopped.wait_for(|stopped| *stopped) => None,
        };
        let Some(alert) = alert else { return };
        let arrive = arrive(&hook, alert.body);
        let arrived = tokio::select! {
            arrived = arrive => arrived,
            _ = stopped.wait_for(|stopped| *stopped) => Err("it was stopped before".to_owned()),
        };
        match arrived {
            Ok(()) => crate::log::line("alert_sent", &[("alert", &alert.name)]),
            Err(error) => crate::log::line("alert_unsent", &[("alert", &alert.name), ("error", &error)]),
        }
    }
}

async fn arrive(hook: &Hook, body: Vec<u8>) -> Result<(), String> {
    let mut tries = 1;
    loop {
        let posted = Posted { to: &hook.to, body: body.clone().into(), key: hook.key.as_ref(), time: TIME };
        match post(&posted).await {
            Err(_) if tries < TRIES => tokio::time::sleep(AGAIN * (1 << (tries - 1))).await,
            ended => return ended,
        }
        tries += 1;
    }
}
