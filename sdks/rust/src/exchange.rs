//! One HTTP exchange, over a connection of its own: it is short, and the service is beside the application.

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};

use crate::base::Base;
use crate::error::{Error, Kind};

/// A batch of 32 challenge pages is below it; whoever sends more is no Spigot.
const ANSWER_BYTES_MAX: usize = 4 << 20;

/// The whole answer before `end`. Redirections are not followed: the secret would go along.
pub(crate) async fn exchange(
    base: &Base,
    request: Request<Bytes>,
    end: Instant,
) -> Result<Response<Bytes>, Error> {
    match timeout_at(end, exchanged(base, request)).await {
        Ok(answer) => answer,
        Err(_) => Err(Error::new(Kind::TimedOut, "the service did not answer in time")),
    }
}

async fn exchanged(base: &Base, request: Request<Bytes>) -> Result<Response<Bytes>, Error> {
    let stream = TcpStream::connect((base.host.as_str(), base.port)).await.map_err(unreachable)?;
    let _ = stream.set_nodelay(true);
    let request = request.map(Full::new);
    #[cfg(feature = "tls")]
    if base.secure {
        return asked(secured(base, stream).await?, request).await;
    }
    asked(stream, request).await
}

async fn asked(
    stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
    request: Request<Full<Bytes>>,
) -> Result<Response<Bytes>, Error> {
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(broken)?;
    // It ends with the sender, at the latest when the deadline drops that.
    let driving = tokio::spawn(connection);
    let answer = async {
        let (head, body) = sender.send_request(request).await.map_err(broken)?.into_parts();
        Ok(Response::from_parts(head, whole(body).await?))
    };
    let answer = answer.await;
    driving.abort();
    answer
}

async fn whole(body: Incoming) -> Result<Bytes, Error> {
    match Limited::new(body, ANSWER_BYTES_MAX).collect().await {
        Ok(whole) => Ok(whole.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => {
            Err(Error::unreadable("the answer is larger than 4 MiB"))
        }
        Err(error) => Err(unreachable(error)),
    }
}

fn unreachable(why: impl std::fmt::Display) -> Error {
    Error::new(Kind::Unreachable, format!("the service cannot be reached: {why}"))
}

fn broken(why: hyper::Error) -> Error {
    if why.is_parse() { Error::unreadable("the answer is no HTTP") } else { unreachable(why) }
}

#[cfg(feature = "tls")]
async fn secured(
    base: &Base,
    stream: TcpStream,
) -> Result<tokio_rustls::client::TlsStream<TcpStream>, Error> {
    use std::sync::{Arc, OnceLock};
    /// What the system trusts, read once.
    static TRUSTED: OnceLock<Arc<rustls::ClientConfig>> = OnceLock::new();
    let config = TRUSTED.get_or_init(|| {
        let mut roots = rustls::RootCertStore::empty();
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        Arc::new(rustls::ClientConfig::builder().with_root_certificates(roots).with_no_client_auth())
    });
    let name = rustls::pki_types::ServerName::try_from(base.host.clone()).map_err(unreachable)?;
    tokio_rustls::TlsConnector::from(config.clone()).connect(name, stream).await.map_err(unreachable)
}
