use std::cell::Cell;
use std::convert::Infallible;
use std::sync::Mutex;

use http::{Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::{TcpListener, TcpSocket};

use super::*;
use crate::upstream::Trust;

/// A vendor that speaks HTTP/2 by prior knowledge; it notes what it is asked and answers with `answer`.
async fn vendor(answer: &'static str) -> (Arc<Upstream>, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let asked = Arc::default();
    serve(listener, answer, Arc::clone(&asked));
    let upstream = Upstream::parse(&format!("h2c://{address}"), Trust::system).unwrap();
    (Arc::new(upstream), asked)
}

fn serve(listener: TcpListener, answer: &'static str, told: Arc<Mutex<Vec<String>>>) {
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let told = told.clone();
            let service = service_fn(move |request: Request<Incoming>| {
                let told = told.clone();
                async move {
                    let (head, body) = request.into_parts();
                    let body = body.collect().await.map(|body| body.to_bytes()).unwrap_or_default();
                    let of =
                        |name: &str| head.headers.get(name).map(|value| value.to_str().unwrap().to_owned());
                    told.lock().unwrap().push(format!(
                        "{:?} {} {} {:?} {:?} {}",
                        head.version,
                        head.method,
                        head.uri,
                        of("content-type"),
                        of("x-api-key"),
                        String::from_utf8_lossy(&body)
                    ));
                    Ok::<_, Infallible>(Response::new(Full::new(Bytes::from_static(answer.as_bytes()))))
                }
            });
            tokio::spawn(async move {
                let builder = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
                let _ = builder.serve_connection(TokioIo::new(stream), service).await;
            });
        }
    });
}

fn question() -> Question {
    Question::form("/verify?a=b", &[("response", "t")]).with("x-api-key", "k")
}

#[tokio::test]
async fn questions_travel_over_http_2_on_one_connection() {
    let (vendor, asked) = vendor("{\"success\": true}").await;
    let asker = Asker::default();
    let time = Duration::from_secs(10);
    let (first, second) =
        tokio::join!(asker.ask(&vendor, question(), time), asker.ask(&vendor, question(), time));
    for answer in [first, second] {
        let answer = answer.unwrap().unwrap();
        assert_eq!((answer.status, &*answer.body), (200, &b"{\"success\": true}"[..]));
    }
    let expected = format!(
        "HTTP/2.0 POST http://{}/verify?a=b Some(\"application/x-www-form-urlencoded\") Some(\"k\") response=t",
        vendor.authority()
    );
    assert_eq!(*asked.lock().unwrap(), [expected.clone(), expected]);
}

#[tokio::test]
async fn a_name_that_leads_nowhere_is_no_answer() {
    let nowhere = Arc::new(Upstream::parse("http://no-such-vendor.invalid", Trust::system).unwrap());
    let answer = Asker::default().ask(&nowhere, question(), Duration::from_secs(10)).await.unwrap();
    assert!(answer.is_none());
    assert!(nowhere.take_doubt(), "and it is looked up again, away from here");
}

#[test]
fn what_is_asked_again() {
    let check = |asked: Result<u16, UpstreamError>, once: bool, repeatable: bool| {
        let asked = asked.map(|status| Answer { status, headers: Default::default(), body: Bytes::new() });
        let of = |repeatable| may_repeat(&Question { repeatable, ..question() }, &asked);
        assert_eq!((of(false), of(true)), (once, repeatable), "{:?}", asked.map(|answer| answer.status));
    };
    check(Err(UpstreamError::Connect), true, true);
    check(Err(UpstreamError::Timeout), false, true);
    check(Err(UpstreamError::Broken), false, true);
    check(Ok(503), false, true);
    check(Ok(200), false, false);
    check(Ok(429), false, false);
}

#[tokio::test]
async fn a_vendor_that_takes_no_connection_is_asked_once_more_whatever_it_is() {
    // A socket that nobody listens on refuses connections, and its port is nobody else's.
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let address = socket.local_addr().unwrap();
    let upstream = Arc::new(Upstream::parse(&format!("h2c://{address}"), Trust::system).unwrap());
    let (socket, asked) = (Cell::new(Some(socket)), Arc::default());
    let open = async || {
        if let Some(socket) = socket.take() {
            serve(socket.listen(8).unwrap(), "{}", Arc::clone(&asked));
        }
    };
    let local = tokio::task::LocalSet::new();
    let time = Duration::from_secs(60);
    let answer = local.run_until(async {
        let pool = Pool::new(Arc::default());
        ask(&pool, &upstream, &question(), time, open).await
    });
    assert_eq!(answer.await.map(|answer| answer.status), Some(200));
    assert_eq!(asked.lock().unwrap().len(), 1, "and it heard the question once");
    assert!(socket.take().is_none());
}
