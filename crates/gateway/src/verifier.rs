//! Threads of their own for the costly part of verification, so that no other request waits behind it.
//!
//! As many threads as cores: more would only take turns, and each keeps one table of 64 KiB in its core's cache. The
//! queue is bounded by time rather than by memory: [`PER_THREAD`] proofs of about 150 µs each are 40 ms of waiting, and
//! whoever comes after that is told to come again instead of waiting for longer than the network takes.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use parking_lot::Mutex;
use spigot_challenge::Workspace;
use tokio::sync::oneshot;

/// Jobs that wait for each thread at most; a job holds its proof, at most some kilobytes.
const PER_THREAD: usize = 256;

type Job = Box<dyn FnOnce(&mut Workspace) + Send>;

/// The threads and their queue. Dropped, they finish what waits and end.
pub(crate) struct Verifier {
    queue: SyncSender<Job>,
}

/// Nobody is free: the queue is full, or the work broke off. Nothing was verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Busy;

impl Verifier {
    /// One thread for each core.
    pub(crate) fn for_this_machine() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Self::new(cores, cores * PER_THREAD)
    }

    pub(crate) fn new(threads: usize, most_waiting: usize) -> Self {
        let (queue, jobs) = sync_channel(most_waiting);
        let jobs = Arc::new(Mutex::new(jobs));
        for n in 0..threads {
            let jobs = jobs.clone();
            let named = std::thread::Builder::new().name(format!("verify-{n}"));
            // With fewer threads than wanted, or none, the queue fills and says so.
            let _ = named.spawn(move || {
                // Behind the threads that serve requests. Priorities are a thread's own on Linux only.
                #[cfg(target_os = "linux")]
                let _ = rustix::process::nice(5);
                work(&jobs);
            });
        }
        Self { queue }
    }

    /// Runs `job` on one of the threads. A job whose asker has gone away meanwhile is not done.
    ///
    /// # Errors
    /// [`Busy`], at once when the queue is full.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        job: impl FnOnce(&mut Workspace) -> T + Send + 'static,
    ) -> Result<T, Busy> {
        let (answer, answered) = oneshot::channel();
        let job = move |workspace: &mut Workspace| {
            if !answer.is_closed() {
                let _ = answer.send(job(workspace));
            }
        };
        self.queue.try_send(Box::new(job)).map_err(|_| Busy)?;
        answered.await.map_err(|_| Busy)
    }
}

fn work(jobs: &Mutex<Receiver<Job>>) {
    let mut workspace = Workspace::default();
    loop {
        // Held while waiting: the others wait for the lock instead, which is the same.
        let Ok(job) = jobs.lock().recv() else { return };
        // Whoever asked gets no answer, which is a refusal; the thread goes on.
        if catch_unwind(AssertUnwindSafe(|| job(&mut workspace))).is_err() {
            workspace = Workspace::default();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;

    use super::*;

    #[tokio::test]
    async fn a_full_queue_refuses_and_nothing_else_waits() {
        let verifier = Verifier::new(2, 3);
        let (open, gate) = channel::<()>();
        let gate = Arc::new(Mutex::new(gate));
        let slow = |n: u32| {
            let gate = gate.clone();
            verifier.run(move |_: &mut Workspace| {
                let _ = gate.lock().recv();
                n
            })
        };
        // Two are worked on and three wait. Which of them a thread has taken up already is not known, so all are asked
        // for in turn until one is refused.
        let mut waiting: Vec<_> = Vec::new();
        let refused = loop {
            let mut asked = Box::pin(slow(waiting.len() as u32));
            match poll_once(&mut asked) {
                Some(answer) => break answer,
                None => waiting.push(asked),
            }
            assert!(waiting.len() <= 5, "more are taken than there is room for");
            std::thread::yield_now();
        };
        assert_eq!(refused, Err(Busy));
        assert!(waiting.len() >= 3, "the queue itself takes three");
        // This task was free all the while. With the gate open each is answered, and there is room again.
        drop(open);
        for (n, asked) in waiting.into_iter().enumerate() {
            assert_eq!(asked.await, Ok(n as u32));
        }
        assert_eq!(verifier.run(|_| 7).await, Ok(7));
    }

    #[tokio::test]
    async fn who_panics_gets_nothing_and_the_thread_goes_on() {
        let verifier = Verifier::new(1, 1);
        assert_eq!(verifier.run(|_| -> u32 { panic!("on purpose") }).await, Err(Busy));
        assert_eq!(verifier.run(|_| 7).await, Ok(7));
    }

    #[tokio::test]
    async fn whose_asker_is_gone_is_not_done() {
        let verifier = Verifier::new(1, 2);
        let (open, gate) = channel::<()>();
        let mut first = Box::pin(verifier.run(move |_| gate.recv().unwrap_or_default()));
        assert_eq!(poll_once(&mut first), None);
        let (told, done) = channel();
        let mut second = Box::pin(verifier.run(move |_| told.send(())));
        assert!(poll_once(&mut second).is_none());
        drop(second);
        drop(open);
        assert_eq!(first.await, Ok(()));
        assert_eq!(verifier.run(|_| 7).await, Ok(7), "whatever came before it is over");
        assert!(done.recv().is_err(), "it was let go undone");
    }

    /// Asks a future once.
    fn poll_once<F: Future + Unpin>(future: &mut F) -> Option<F::Output> {
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        match std::pin::Pin::new(future).poll(&mut context) {
            std::task::Poll::Ready(output) => Some(output),
            std::task::Poll::Pending => None,
        }
    }
}
