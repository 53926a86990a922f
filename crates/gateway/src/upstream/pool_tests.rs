//! Many requests to one application over HTTP/2.

use bytes::Bytes;
use h2::Reason;
use h2::server::{Builder, SendResponse};
use http::Method;
use http_body_util::BodyExt;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};
use tokio::task::{JoinHandle, LocalSet, spawn_local};

use super::super::sharing::CONNECTIONS_MAX;
use super::super::{OwnRequest, Trust};
use super::*;

const SOON: Duration = Duration::from_secs(20);

/// A request that the application has, the number of its connection, and what ends that.
struct Asked {
    connection: usize,
    respond: SendResponse<Bytes>,
    end: watch::Sender<End>,
}

#[derive(Clone, Copy, PartialEq)]
enum End {
    NotYet,
    /// Requests that it has are answered.
    Gracefully,
    AtOnce,
}

impl Asked {
    fn answer(mut self) {
        self.respond.send_response(Response::new(()), true).unwrap();
    }

    fn answer_with(mut self, bytes: usize) {
        let mut stream = self.respond.send_response(Response::new(()), false).unwrap();
        stream.send_data(vec![b'a'; bytes].into(), true).unwrap();
    }
}

/// An application that allows so many requests at once on a connection.
struct Application {
    upstream: Vec<Arc<Upstream>>,
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
                    let (end, mut ended) = watch::channel(End::NotYet);
                    loop {
                        tokio::select! {
                            request = requests.accept() => {
                                let Some(Ok((_, respond))) = request else { break };
                                let _ = tell.send(Asked { connection, respond, end: end.clone() });
                            }
                            Ok(()) = ended.changed() => match *ended.borrow_and_update() {
                                End::NotYet => {}
                                End::Gracefully => requests.graceful_shutdown(),
                                End::AtOnce => break,
                            },
                        }
                    }
                });
            }
        });
        Self { upstream: vec![Arc::new(upstream)], asked }
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
    let asking = exchange(pool, &application.upstream, times);
    spawn_local(async move { asking.await.map(|answer| answer.status().as_u16()) })
}

/// The whole answer.
fn exchange(
    pool: &Rc<Pool>,
    upstream: &[Arc<Upstream>],
    times: Times,
) -> impl Future<Output = Result<Box<Response<Through>>, UpstreamError>> + use<> {
    let (pool, upstream) = (pool.clone(), upstream.to_vec());
    async move {
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
        pool.send(&upstream, outgoing, times).await
    }
}

fn run(test: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    LocalSet::new().block_on(&runtime, test);
}

/// As many connections of one stream as there may be, each with a request that waits.
async fn all_busy(pool: &Rc<Pool>, application: &mut Application) -> (Vec<Asking>, Vec<Asked>) {
    let (mut asking, mut asked) = (Vec::new(), Vec::new());
    for connection in 0..CONNECTIONS_MAX {
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
        let most = 2 * CONNECTIONS_MAX;
        let mut asking: Vec<Asking> = (0..most + 3).map(|_| ask(&pool, &application, times())).collect();
        let given_up = asking.pop().unwrap();
        let mut asked = Vec::new();
        for _ in 0..most {
            asked.push(application.next().await);
        }
        let mut connections = [0; CONNECTIONS_MAX];
        asked.iter().for_each(|asked| connections[asked.connection] += 1);
        assert_eq!(connections, [2; CONNECTIONS_MAX]);
        tokio::time::sleep(Duration::from_millis(20)).await;
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
        tokio::time::sleep(Duration::from_millis(20)).await;
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
        let Ok((line, used)) = server.line(false, None, SOON, later).await else { panic!("it has room") };
        assert!(!used);
        drop(line);
        let Ok((_line, used)) = server.line(false, None, SOON, Instant::now()).await else {
            panic!("it has room")
        };
        assert!(used);
        assert_eq!(server.sharing.len(), 1);
    });
}

#[test]
fn of_two_servers_the_one_with_room_is_asked() {
    run(async {
        let (pool, mut busy) = (Pool::new(Arc::default()), Application::start(1).await);
        let (asking, asked) = all_busy(&pool, &mut busy).await;
        let mut free = Application::start(1).await;
        let both = [busy.upstream[0].clone(), free.upstream[0].clone()];
        for _ in 0..4 {
            let asking = spawn_local(exchange(&pool, &both, times()));
            free.next().await.answer();
            assert!(asking.await.unwrap().is_ok());
        }
        asked.into_iter().for_each(Asked::answer);
        for asking in asking {
            assert_eq!(asking.await.unwrap(), Ok(200));
        }
    });
}

#[test]
fn slow_readers_keep_nobody_from_reading() {
    run(async {
        let (pool, mut application) = (Pool::new(Arc::default()), Application::start(100).await);
        let mut unread = Vec::new();
        for _ in 0..99 {
            let asking = spawn_local(exchange(&pool, &application.upstream, times()));
            application.next().await.answer_with(1 << 20);
            unread.push(asking.await.unwrap().unwrap());
        }
        let asking = spawn_local(exchange(&pool, &application.upstream, times()));
        let asked = application.next().await;
        assert_eq!(asked.connection, 0);
        asked.answer_with(1 << 20);
        let body = asking.await.unwrap().unwrap().into_body();
        let read = tokio::time::timeout(SOON, body.collect()).await.expect("it comes").unwrap();
        assert_eq!(read.to_bytes().len(), 1 << 20);
    });
}

#[test]
fn an_answer_that_has_come_whole_leaves_its_place() {
    run(async {
        let (pool, mut application) = (Pool::new(Arc::default()), Application::start(1).await);
        let asking = spawn_local(exchange(&pool, &application.upstream, times()));
        application.next().await.answer_with(10);
        let mut kept = asking.await.unwrap().unwrap();
        while kept.body_mut().frame().await.is_some() {}
        let asking = ask(&pool, &application, times());
        let asked = application.next().await;
        assert_eq!(asked.connection, 0);
        asked.answer();
        assert_eq!(asking.await.unwrap(), Ok(200));
    });
}

#[test]
fn whoever_opens_a_connection_and_leaves_hands_on() {
    run(async {
        let (pool, mut application) = (Pool::new(Arc::default()), Application::start(100).await);
        let first = ask(&pool, &application, times());
        let others: Vec<Asking> = (0..5).map(|_| ask(&pool, &application, times())).collect();
        tokio::task::yield_now().await;
        assert_eq!(pool.servers.borrow()[0].sharing.len(), 0, "it is on its way");
        first.abort();
        let mut connections = Vec::new();
        for _ in 0..5 {
            let asked = application.next().await;
            connections.push(asked.connection);
            asked.answer();
        }
        assert!(connections.iter().all(|connection| *connection == connections[0]), "{connections:?}");
        for asking in others {
            assert_eq!(asking.await.unwrap(), Ok(200));
        }
    });
}

#[test]
fn a_connection_that_says_goodbye_answers_what_it_has() {
    run(async {
        let (pool, mut application) = (Pool::new(Arc::default()), Application::start(100).await);
        let before = ask(&pool, &application, times());
        let asked = application.next().await;
        asked.end.send_replace(End::Gracefully);
        // Whichever of them the goodbye meets is asked over the next one.
        let mut after = 0;
        while after == 0 {
            let asking = ask(&pool, &application, times());
            let asked = application.next().await;
            after = asked.connection;
            asked.answer();
            assert_eq!(asking.await.unwrap(), Ok(200));
        }
        assert_eq!(after, 1);
        asked.answer();
        assert_eq!(before.await.unwrap(), Ok(200));
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
        last.end.send_replace(End::AtOnce);
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
        let application = Application { upstream: vec![Arc::new(upstream)], asked };
        let short = Times { connect: Duration::from_millis(50), ..times() };
        let pool = Pool::new(Arc::default());
        assert_eq!(ask(&pool, &application, short).await.unwrap(), Err(UpstreamError::Connect));
    });
}
