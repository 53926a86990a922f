//! A stream under TLS that listens to the client's first message on its way to rustls.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::client_hello::ClientHello;
use super::ja4::Ja4;

/// Of a ClientHello as much is kept, record heads included. With post-quantum keys it has two thousand bytes; rustls
/// itself takes no more than 64 KiB.
const MOST: usize = 20 << 10;
/// The type of a record that holds handshake messages.
const HANDSHAKE: u8 = 22;

/// The stream.
pub(crate) struct Overheard<S> {
    pub(super) inner: S,
    /// What came so far, until the message is whole.
    heard: Option<Vec<u8>>,
    hello: Option<Hello>,
}

/// What a client's first message shows.
pub(crate) struct Hello {
    /// Its fingerprint.
    pub(crate) ja4: Ja4,
    /// Whether it offers reserved values (RFC 8701).
    pub(crate) grease: bool,
}

impl<S> Overheard<S> {
    pub(crate) fn new(inner: S) -> Self {
        Self { inner, heard: Some(Vec::new()), hello: None }
    }

    /// The client's first message, when it could be read.
    pub(crate) fn hello(&self) -> Option<&Hello> {
        self.hello.as_ref()
    }

    fn hear(&mut self, bytes: &[u8]) {
        let Some(mut heard) = self.heard.take() else { return };
        // It usually comes at once, and is read where it lies.
        let all = if heard.is_empty() {
            bytes
        } else {
            heard.extend_from_slice(bytes);
            &heard
        };
        match message(all) {
            Message::Whole(message) => {
                self.hello = ClientHello::read(&message)
                    .map(|mut hello| Hello { grease: hello.grease, ja4: Ja4::of(&mut hello) });
            }
            Message::Part if all.len() < MOST => {
                if heard.is_empty() {
                    heard.extend_from_slice(bytes);
                }
                self.heard = Some(heard);
            }
            Message::Part | Message::Other => {}
        }
    }
}

enum Message<'a> {
    Whole(std::borrow::Cow<'a, [u8]>),
    Part,
    /// No handshake.
    Other,
}

/// The first handshake message, put together from its records (RFC 8446, section 5.1).
fn message(bytes: &[u8]) -> Message<'_> {
    let (mut joined, mut rest) = (Vec::new(), bytes);
    loop {
        let Some((head, after)) = rest.split_at_checked(5) else {
            let other = rest.first().is_some_and(|kind| *kind != HANDSHAKE);
            return if other { Message::Other } else { Message::Part };
        };
        let length = usize::from(u16::from_be_bytes([head[3], head[4]]));
        if head[0] != HANDSHAKE || length == 0 {
            return Message::Other;
        }
        let fragment = &after[..length.min(after.len())];
        if joined.is_empty() && is_whole(fragment) {
            return Message::Whole(fragment.into());
        }
        joined.extend_from_slice(fragment);
        if is_whole(&joined) {
            return Message::Whole(joined.into());
        }
        if after.len() < length {
            return Message::Part;
        }
        rest = &after[length..];
    }
}

fn is_whole(message: &[u8]) -> bool {
    let [_, a, b, c, body @ ..] = message else { return false };
    body.len() >= usize::from(*a) << 16 | usize::from(*b) << 8 | usize::from(*c)
}

impl<S: AsyncRead + Unpin> AsyncRead for Overheard<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buffer.filled().len();
        ready!(Pin::new(&mut this.inner).poll_read(context, buffer))?;
        if this.heard.is_some() {
            this.hear(&buffer.filled()[before..]);
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Overheard<S> {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().inner).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().inner).poll_write_vectored(context, pieces)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().inner).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().inner).poll_shutdown(context)
    }
}
