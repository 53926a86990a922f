//! Where upstreams' names lead, looked up away from the threads that serve: asking the system may take seconds.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use spigot_gateway::{Settings, Upstream};

/// Look-ups while nobody failed to connect: addresses move rarely, and failures ask at once.
const TURNS: u64 = 30;

/// Looks up what has no address yet. A name that leads nowhere is said, and asked for again while serving.
pub(crate) fn look_up(settings: &Settings) {
    settings.upstreams().filter(|upstream| upstream.take_doubt()).for_each(|upstream| resolve(upstream));
}

fn resolve(upstream: &Upstream) {
    if let Err(error) = upstream.resolve() {
        let (upstream, error) = (upstream.to_string(), error.to_string());
        crate::log::line("upstream_not_found", &[("upstream", &upstream), ("error", &error)]);
    }
}

/// Keeps looking while it serves.
#[derive(Default)]
pub(crate) struct Names {
    turn: u64,
    busy: Arc<AtomicBool>,
}

impl Names {
    /// One turn, every second: what is doubted, and from time to time all. One look-up at a time; while a slow one
    /// lasts, turns are left out.
    pub(crate) fn turn(&mut self, settings: &Settings) {
        if self.busy.load(Ordering::Acquire) {
            return;
        }
        self.turn += 1;
        let all = self.turn.is_multiple_of(TURNS);
        let asked: Vec<Arc<Upstream>> = settings
            .upstreams()
            .filter(|upstream| !upstream.is_address() && (upstream.take_doubt() || all))
            .cloned()
            .collect();
        if asked.is_empty() {
            return;
        }
        self.busy.store(true, Ordering::Release);
        let busy = self.busy.clone();
        let look = move || {
            asked.iter().for_each(|upstream| resolve(upstream));
            busy.store(false, Ordering::Release);
        };
        // Not waited for at the end: it holds nothing that has to be put away.
        if std::thread::Builder::new().name("spigot-names".to_owned()).spawn(look).is_err() {
            self.busy.store(false, Ordering::Release);
        }
    }
}
