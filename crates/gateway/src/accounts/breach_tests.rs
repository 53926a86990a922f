use std::sync::atomic::AtomicUsize;

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpSocket};
use tokio::sync::watch;
use zeroize::Zeroizing;

use super::*;
use crate::upstream::Trust;

/// SHA-1 of `hunter2` behind its first five digits, as `sha1sum` gives it.
const SUFFIX: &str = "D66A63D4BF1747940578EC3D0103530E21D";

/// A service that knows this one password; it answers as soon as `go` says so, and counts the questions.
fn serve(listener: TcpListener, go: &watch::Sender<bool>) -> Arc<AtomicUsize> {
    let asked = Arc::<AtomicUsize>::default();
    let (counted, go) = (asked.clone(), go.subscribe());
    tokio::task::spawn_local(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (counted, mut go) = (counted.clone(), go.clone());
            tokio::task::spawn_local(async move {
                let (reading, mut writing) = stream.into_split();
                let mut lines = BufReader::new(reading).lines();
                while let Ok(Some(line)) = lines.next_line().await {
                    // The empty line ends a head; these have no bodies.
                    if line.is_empty() {
                        counted.fetch_add(1, Ordering::SeqCst);
                        let _ = go.wait_for(|go| *go).await;
                        let body = format!("{SUFFIX}:7\r\n");
                        let answer =
                            format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len());
                        let _ = writing.write_all(answer.as_bytes()).await;
                    }
                }
            });
        }
    });
    asked
}

fn asking(address: std::net::SocketAddr) -> Arc<Breach> {
    let server = Arc::new(Upstream::parse(&format!("http://{address}"), Trust::system).unwrap());
    // What is held for the test's sake is not given up.
    let deadline = Duration::from_secs(600);
    Arc::new(Breach::new(BreachSettings::Range { server, path: "/range/".to_owned(), deadline }))
}

fn password() -> Password {
    Password::of(Zeroizing::new("hunter2".to_owned())).unwrap()
}

#[tokio::test]
async fn a_flood_of_log_ins_is_no_flood_of_questions() {
    let flood = async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (breach, asker) = (asking(listener.local_addr().unwrap()), Arc::<Asker>::default());
        let go = watch::Sender::new(false);
        let asked = serve(listener, &go);
        let ask = || {
            let (breach, asker) = (breach.clone(), asker.clone());
            tokio::task::spawn_local(async move { breach.holds(&asker, password()).await })
        };
        let waiting: Vec<_> = (0..OPEN_MAX).map(|_| ask()).collect();
        let begun = std::time::Instant::now();
        while asked.load(Ordering::SeqCst) < OPEN_MAX {
            assert!(begun.elapsed().as_secs() < 120, "{asked:?} of {OPEN_MAX} are asked");
            tokio::task::yield_now().await;
        }
        assert!(!ask().await.unwrap(), "one more log-in goes on without");
        assert_eq!(asked.load(Ordering::SeqCst), OPEN_MAX);
        go.send_replace(true);
        for answer in waiting {
            assert!(answer.await.unwrap());
        }
        assert!(ask().await.unwrap(), "there is room again");
        assert_eq!(asked.load(Ordering::SeqCst), OPEN_MAX + 1);
    };
    tokio::task::LocalSet::new().run_until(flood).await;
}

#[tokio::test]
async fn a_service_that_does_not_answer_rests_for_a_while() {
    let silent = async {
        // A socket that nobody listens on refuses connections, and its port is nobody else's.
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let (breach, asker) = (asking(socket.local_addr().unwrap()), Asker::default());
        for n in 1..=UNANSWERED_MAX {
            assert!(!breach.is_resting(), "after {} in vain", n - 1);
            assert!(!breach.holds(&asker, password()).await);
        }
        let asked = serve(socket.listen(8).unwrap(), &watch::Sender::new(true));
        assert!(!breach.holds(&asker, password()).await, "it is there again, and nobody asks yet");
        assert_eq!(asked.load(Ordering::SeqCst), 0);
        tokio::time::pause();
        tokio::time::advance(REST).await;
        tokio::time::resume();
        assert!(breach.holds(&asker, password()).await);
        assert_eq!(asked.load(Ordering::SeqCst), 1);
        assert_eq!(breach.unanswered.load(Ordering::Relaxed), 0, "and it counts anew");
    };
    tokio::task::LocalSet::new().run_until(silent).await;
}
