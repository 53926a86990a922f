//! Guesses that are sent at one moment, to an application that takes its time.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use super::application::Application;
use super::client::{Answer, Connection};
use super::served::Served;

const GUESSES: usize = 50;
const DEADLINE: Duration = Duration::from_secs(60);

/// Answers nobody before the test lets it; everybody is wrong then.
struct Slow {
    application: Application,
    reached: Arc<AtomicUsize>,
    may: Arc<(Mutex<bool>, Condvar)>,
}

impl Slow {
    fn start() -> Self {
        let (reached, may) = (Arc::new(AtomicUsize::new(0)), Arc::new((Mutex::new(false), Condvar::new())));
        let (counts, waits) = (reached.clone(), may.clone());
        let application = Application::start(move |exchange| {
            exchange.body();
            counts.fetch_add(1, Ordering::SeqCst);
            let may = waits.0.lock().unwrap();
            drop(waits.1.wait_timeout_while(may, DEADLINE, |may| !*may).unwrap());
            exchange.write("HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n");
            true
        });
        Self { application, reached, may }
    }

    fn reached(&self) -> usize {
        self.reached.load(Ordering::SeqCst)
    }

    fn answer(&self) {
        *self.may.0.lock().unwrap() = true;
        self.may.1.notify_all();
    }
}

fn guess(served: &Served, from: [u8; 4], account: &str) -> Answer {
    let headers = [("Accept", "text/html"), ("Content-Type", "application/x-www-form-urlencoded")];
    let body = format!("email={account}&password=guess{}", from[2]);
    Connection::open_in(served.address, from).request("POST", "/login", &headers, body.as_bytes())
}

/// Sends all guesses at one moment, and lets the application answer when each of them waits for it or was answered by
/// Spigot. How many reached it, and a refusal.
fn guess_all(
    served: &Served,
    slow: &Slow,
    by: impl Fn(usize) -> ([u8; 4], String) + Sync,
) -> (usize, Answer) {
    let refused = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for n in 0..GUESSES {
            let (by, refused) = (&by, &refused);
            scope.spawn(move || {
                let (from, account) = by(n);
                let answer = guess(served, from, &account);
                if answer.status != 401 {
                    refused.lock().unwrap().push(answer);
                }
            });
        }
        let begun = Instant::now();
        while slow.reached() + refused.lock().unwrap().len() < GUESSES && begun.elapsed() < DEADLINE {
            std::thread::yield_now();
        }
        slow.answer();
    });
    let mut refused = refused.into_inner().unwrap();
    assert_eq!(slow.reached() + refused.len(), GUESSES, "not all were answered");
    (slow.reached(), refused.pop().expect("some were refused"))
}

fn start(accounts: &str) -> (Slow, Served) {
    let slow = Slow::start();
    let served = Served::start(&format!(
        "upstream = \"{}\"\n[[route]]\nname = \"login\"\nmatch = \"POST /login\"\nmode = \"enforce\"\naccount_fields = \"email\"\ntriggers = {{ payload_repetition = false }}\nweights = {{ failures_behind = 0, no_user_agent = 0, malformed_request = 0 }}\n[accounts]\nstuffing_from = 1000\n{accounts}",
        slow.application.address
    ));
    (slow, served)
}

#[test]
fn a_moment_has_no_more_guesses_at_an_account_than_an_hour() {
    let (slow, served) = start("challenge_after = 1000\nlock_from = 10\n");
    let (reached, refused) =
        guess_all(&served, &slow, |n| ([127, 20, n as u8, 1], "ada@example.org".to_owned()));
    assert_eq!(reached, 10);
    assert_eq!((refused.status, refused.header("retry-after")), (403, Some("1")), "{}", refused.text());
    // They were wrong: it is locked now, and nobody has to wait for anybody at another account.
    let locked = guess(&served, [127, 20, 99, 1], "ada@example.org");
    let wait: u32 = locked.header("retry-after").unwrap().parse().unwrap();
    assert!(locked.status == 403 && wait > 1, "{} {wait}", locked.status);
    assert_eq!(guess(&served, [127, 20, 98, 1], "eve@example.org").status, 401);
}

#[test]
fn one_client_with_a_list_is_asked_after_its_fourth_guess_however_fast() {
    let (slow, served) = start("");
    let (reached, refused) = guess_all(&served, &slow, |n| ([127, 20, 0, 1], format!("ada{n}@example.org")));
    assert_eq!(reached, 4);
    assert_eq!((refused.status, refused.header("x-captcha-reason")), (403, Some("failed_attempts")));
}
