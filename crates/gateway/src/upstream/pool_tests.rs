//! Many requests to one application over HTTP/2.

use bytes::Bytes;
use h2::Reason;
use h2::server::{Builder, SendResponse};
use http::Method;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};
use tokio::task::{JoinHandle, LocalSet, spawn_local};

use super::super::server::SHARED_MAX;
use super::super::{OwnRequest, Trust};
use super::*;

const SOON: Duration = Duration::from_secs(20);

/// A request that the application has, the number of its connection, and what ends that.
struct Asked {
    connection: usize,
    respond: SendResponse<Bytes>,
    end: watch::Sender<bool>,
}

impl Asked {
    fn answer(mut self) {
        self.respond.send_response(Response::new(()), true).unwrap();
    }
}

/// An application that allows so many requests at once on a connection.
struct Application {
    upstream: [Arc<Upstream>; 1],
    asked: mpsc::UnboundedReceiver<Asked>,
}

impl Application {
    async fn start(streams: u32) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let upstream = Upstream::parse(&format!("h2c://{address}"), Trust::system).unwrap();
        let (tell, asked) = mpsc::unbounded_channel();
        spawn_local(async move {
            for connection in 0.. {
                let (stream, _) = listener.accept().await.unwrap();
                let tell = tell.clone();
                spawn_local(async move {
                    let builder = Builder::new().max_concurrent_streams(streams).handshake(stream);
                    let mut requests = builder.await.unwrap();
                    let (end, mut ended) = watch::channel(false);
                    let serve = async {
                        while let Some(Ok((_, respond))) = requests.accept().await {
                            let _ = tell.send(Asked { connection, respond, end: end.clone() });
                        }
                    };
                    tokio::select! { () = serve => {}, _ = ended.wait_for(|ended| *ended) => {} }
                });
            }
        });
        Self { upstream: [Arc::new(upstream)], asked }
    }

    async fn next(&mut self) -> Asked {
        tokio::time::timeout(SOON, self.asked.recv()).await.expect("a request comes").unwrap()
    }
}

fn times() -> Times {
    Times {
        connect: SOON,
        answer: SOON,
        pauses: Pauses { told: SOON, untold: SOON },
        pass_over: PassOver { first: SOON, most: SOON },
    }
}

type Asking = JoinHandle<Result<u16, UpstreamError>>;

/// Asks it for something, twice if need be.
fn ask(pool: &Rc<Pool>, application: &Application, times: Times) -> Asking {
    let (pool, upstream) = (pool.clone(), application.upstream.clone());
    spawn_local(async move {
        let head = OwnRequest {
            server: &upstream[0],
            method: Method::POST,
            target: "/",
            accept: "*/*",
            content: None,
            headers: &[],
        };
        let body = Through::Bytes(Bytes::from_static(b"question"));
        let outgoing = Outgoing { head: &head, body, idempotent: true, http1_only: false, interims: None };
        pool.send(&upstream, outgoing, times).await.map(|answer| answer.status().as_u16())
    })
}

fn run(test: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    LocalSet::new().block_on(&runtime, test);
}

/// As many connections of one stream as there may be, each with a request that waits.
async fn all_busy(pool: &Rc<Pool>, application: &mut Application) -> (Vec<Asking>, Vec<Asked>) {
    let (mut asking, mut asked) = (Vec::new(), Vec::new());
    for connection in 0..SHARED_MAX {
        asking.push(ask(pool, application, times()));
        asked.push(application.next().await);
        assert_eq!(asked[connection].connection, connection);
    }
    (asking, asked)
}

#[test]
fn what_is_beyond_all_bounds_waits_for_its_turn() {
    run(async {
        let (pool, mut application) = (Pool::new(Arc::default()), Application::start(2).await);
        let most = 2 * SHARED_MAX;
        let mut asking: Vec<Asking> = (0..most + 3).map(|_| ask(&pool, &application, times())).collect();
        let given_up = asking.pop().unwrap();
        let mut asked = Vec::new();
        for _ in 0..most {
            asked.push(application.next().await);
        }
        let mut connections = [0; SHARED_MAX];
        asked.iter().for_each(|asked| connections[asked.connection] += 1);
        assert_eq!(connections, [2; SHARED_MAX]);
        assert!(application.asked.is_empty());
        given_up.abort();
        for asked in asked {
            asked.answer();
        }
        for _ in 0..2 {
            application.next().await.answer();
        }
        for asking in asking {
            assert_eq!(asking.await.unwrap(), Ok(200));
        }
        assert!(application.asked.is_empty(), "what was given up while it waited is not sent");
    });
}

#[test]
fn a_server_whose_streams_are_all_taken_has_not_failed() {
    run(async {
        let (pool, mut application) = (Pool::new(Arc::default()), Application::start(1).await);
        let (asking, asked) = all_busy(&pool, &mut application).await;
        let short = Times { connect: Duration::from_millis(50), ..times() };
        assert_eq!(ask(&pool, &application, short).await.unwrap(), Err(UpstreamError::Timeout));
        let server = pool.servers.borrow()[0].clone();
        assert_eq!(server.health.borrow().until(), None);
        for asked in asked {
            asked.answer();
        }
        for asking in asking {
            assert_eq!(asking.await.unwrap(), Ok(200));
        }
        // Those of the rush end by themselves, and so does the last one when it has rested for long.
        let later = Instant::now() + Duration::from_secs(60);
        let (line, used) = server.line(false, None, SOON, later).await.unwrap();
        assert!(!used);
        drop(line);
        let (_line, used) = server.line(false, None, SOON, Instant::now()).await.unwrap();
        assert!(used);
        assert!(!server.is_full());
    });
}

#[test]
fn what_a_connection_did_not_answer_shares_the_next_one() {
    run(async {
        let (pool, mut application) = (Pool::new(Arc::default()), Application::start(100).await);
        let first = ask(&pool, &application, times());
        application.next().await.answer();
        assert_eq!(first.await.unwrap(), Ok(200));
        let asking: Vec<Asking> = (0..5).map(|_| ask(&pool, &application, times())).collect();
        let mut last = application.next().await;
        for _ in 1..5 {
            last = application.next().await;
            assert_eq!(last.connection, 0);
        }
        last.end.send_replace(true);
        for _ in 0..5 {
            let again = application.next().await;
            assert_eq!(again.connection, 1);
            again.answer();
        }
        for asking in asking {
            assert_eq!(asking.await.unwrap(), Ok(200));
        }
    });
}

#[test]
fn what_is_refused_unseen_is_sent_again_on_the_same_connection() {
    run(async {
        let (pool, mut application) = (Pool::new(Arc::default()), Application::start(100).await);
        let refused = async |application: &mut Application, times: u8| {
            for _ in 0..times {
                let mut asked = application.next().await;
                assert_eq!(asked.connection, 0);
                asked.respond.send_reset(Reason::REFUSED_STREAM);
            }
        };
        let asking = ask(&pool, &application, times());
        refused(&mut application, REFUSED_MAX - 1).await;
        application.next().await.answer();
        assert_eq!(asking.await.unwrap(), Ok(200));
        let asking = ask(&pool, &application, times());
        refused(&mut application, REFUSED_MAX).await;
        assert_eq!(asking.await.unwrap(), Err(UpstreamError::Broken));
    });
}

#[test]
fn a_connection_that_let_a_request_wait_takes_no_more() {
    run(async {
        let (pool, mut application) = (Pool::new(Arc::default()), Application::start(100).await);
        let long = ask(&pool, &application, times());
        let first = application.next().await;
        let short = Times { answer: Duration::from_millis(50), ..times() };
        assert_eq!(ask(&pool, &application, short).await.unwrap(), Err(UpstreamError::Timeout));
        assert_eq!(application.next().await.connection, 0);
        let next = ask(&pool, &application, times());
        let asked = application.next().await;
        assert_eq!(asked.connection, 1);
        asked.answer();
        first.answer();
        assert_eq!((long.await.unwrap(), next.await.unwrap()), (Ok(200), Ok(200)));
    });
}

#[test]
fn a_server_that_says_nothing_takes_no_connection() {
    run(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let upstream = Upstream::parse(&format!("h2c://{address}"), Trust::system).unwrap();
        let (_, asked) = mpsc::unbounded_channel();
        let application = Application { upstream: [Arc::new(upstream)], asked };
        let short = Times { connect: Duration::from_millis(50), ..times() };
        let pool = Pool::new(Arc::default());
        assert_eq!(ask(&pool, &application, short).await.unwrap(), Err(UpstreamError::Connect));
    });
}
