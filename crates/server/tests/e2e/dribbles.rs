//! Bodies that dribble over HTTP/2, where one connection carries many: only the one that does is refused.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt, Either, Empty};
use hyper::body::{Body, Frame};
use hyper::client::conn::http2::SendRequest;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::time::Interval;

use super::demo::{Demo, OPEN, SOON};

/// A byte at each tick.
struct Dribble {
    ticks: Interval,
    left: u32,
}

impl Dribble {
    fn every(pause: Duration, bytes: u32) -> Self {
        Self { ticks: tokio::time::interval(pause), left: bytes }
    }
}

impl Body for Dribble {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        if self.left == 0 {
            return Poll::Ready(None);
        }
        ready!(self.ticks.poll_tick(context));
        self.left -= 1;
        Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(b"a")))))
    }
}

type Sent = Either<Dribble, Empty<Bytes>>;

async fn ask(sender: &mut SendRequest<Sent>, request: Request<Sent>) -> Result<(u16, String), hyper::Error> {
    let response = sender.send_request(request).await?;
    let status = response.status().as_u16();
    let body = response.into_body().collect().await?.to_bytes();
    Ok((status, String::from_utf8_lossy(&body).into_owned()))
}

/// What the dribbling request gets, how long that takes, and how many others of its connection are served meanwhile.
fn beside_others(
    demo: &Demo,
    path: &str,
    kind: &str,
    dribble: fn() -> Dribble,
) -> (u16, String, Duration, u32) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let stream = tokio::net::TcpStream::connect(demo.address).await.unwrap();
        let (mut sender, connection) =
            hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await.unwrap();
        tokio::spawn(connection);
        let others = sender.clone();
        let start = Instant::now();
        let slow = Request::post(format!("http://shop.test{path}"))
            .header("content-type", kind)
            .body(Either::Left(dribble()))
            .unwrap();
        let slow = ask(&mut sender, slow);
        let mut slow = std::pin::pin!(slow);
        let other = async || {
            let other = Request::get("http://shop.test/whoami").body(Either::Right(Empty::new())).unwrap();
            assert_eq!(ask(&mut others.clone(), other).await.unwrap().0, 200, "the connection goes on");
        };
        // Not so many that they are too many.
        let (mut served, mut ticks) = (0, tokio::time::interval(Duration::from_millis(50)));
        loop {
            tokio::select! {
                answer = &mut slow => {
                    let (status, body) = answer.unwrap();
                    other().await;
                    return (status, body, start.elapsed(), served);
                }
                _ = ticks.tick() => {
                    other().await;
                    served += 1;
                    assert!(start.elapsed() < SOON, "it goes on");
                }
            }
        }
    })
}

fn demo(bounds: &str) -> Demo {
    Demo::start_with(tempfile::tempdir().unwrap(), Some(&format!("{OPEN}[bounds]\n{bounds}")))
}

#[test]
fn a_body_that_dribbles_or_stops_over_http2() {
    let refused = |inspect_time: &str, dribble| {
        let demo =
            demo(&format!("body_time = \"1s\"\nbody_pace = \"100B\"\ninspect_time = \"{inspect_time}\"\n"));
        let (status, body, took, others) = beside_others(&demo, "/newsletter", "text/plain", dribble);
        assert!(status == 408 && body.contains("too slowly"), "{status} {body}");
        assert!(took >= Duration::from_millis(900), "{took:?}");
        assert!(others > 1, "{others}");
        let received = demo.connect().request("GET", "/received", &[("Accept", "application/json")], b"");
        assert_eq!(received.json().as_array().unwrap().len(), 0);
        demo
    };
    // While it is looked at, and when it is on its way to the application already.
    for inspect_time in ["20s", "10ms"] {
        refused(inspect_time, || Dribble::every(Duration::from_millis(50), 100_000));
        let demo = refused(inspect_time, || Dribble::every(Duration::from_secs(3600), 2));
        if inspect_time == "10ms" {
            demo.until("it is recorded", |_| {
                let events = demo.command(&["events", "--format", "json"]);
                String::from_utf8_lossy(&events.stdout).contains("\"upstream_status\":408")
            });
        }
    }
}

#[test]
fn what_keeps_the_pace_or_is_grpc_passes() {
    // So long that a busy machine does not use it up.
    let demo = demo("body_time = \"4s\"\nbody_pace = \"10B\"\n");
    let paced = || Dribble::every(Duration::from_millis(20), 300);
    let (status, body, took, _) = beside_others(&demo, "/whoami", "text/plain", paced);
    assert!(status == 200 && took >= Duration::from_secs(5), "{status} {body} {took:?}");
    let resting = || Dribble::every(Duration::from_secs(5), 2);
    let (status, body, ..) = beside_others(&demo, "/whoami", "application/grpc", resting);
    assert!(status == 200 && body.contains("application/grpc"), "{status} {body}");
}
