//! *Brass & Bowl*, the small shop that `spigot demo` protects.
//!
//! It is a plain web application: server-rendered pages, forms, a JSON interface, streams and a WebSocket. It knows
//! nothing of the gateway in front of it but the `X-Spigot-*` request headers, which every page shows in its footer, and
//! the widget in its form for questions, where it is given a [`Check`].
//! It speaks HTTP/1.1, reads no clock for its answers, and keeps its state in one file of one folder.
//!
//! Where things live: `route` names every path and its methods; `handlers` answers them; `pages` and `html` write the
//! markup; `check` asks about what came with the one form that has a check in it; `catalogue` is what is on sale; `store`
//! is what the shop remembers; `request` and `answer` are the two ends of HTTP; `serve` holds the connections.

mod access_log;
mod answer;
mod catalogue;
mod check;
mod handlers;
mod html;
mod multipart;
mod pages;
mod request;
mod route;
mod serve;
mod sessions;
mod socket;
mod store;

use std::future::Future;
use std::io;
use std::path::Path;
use std::sync::Arc;

use tokio::net::TcpListener;

pub use check::Check;
pub use handlers::download::fill_download;

/// E-mail address of the account that the sign-in page names; `demo-1@…` to `demo-500@…` sign in with its passphrase, too.
pub const DEMO_EMAIL: &str = "demo@example.org";
/// Passphrase of [`DEMO_EMAIL`]; the sign-in page shows it.
pub const DEMO_PASSPHRASE: &str = "brass kettle morning rain";
/// The one coupon code that the shop accepts. No page shows it.
pub const COUPON_CODE: &str = "BOWL-7419";

/// The shop with its state, not yet serving.
pub struct Shop {
    store: store::Store,
    sessions: sessions::Sessions,
    access_log: access_log::AccessLog,
    check: Option<Check>,
}

impl Shop {
    /// Opens the shop whose state is in `folder`, which is created if absent; an empty folder is a new shop.
    ///
    /// # Errors
    /// When the folder cannot be made or read, or when its `shop.json` is not what a shop wrote
    /// ([`io::ErrorKind::InvalidData`]); a damaged file is left as it is.
    pub fn open(folder: &Path) -> io::Result<Shop> {
        Ok(Shop {
            store: store::Store::open(folder)?,
            sessions: sessions::Sessions::default(),
            access_log: access_log::AccessLog::default(),
            check: None,
        })
    }

    /// Writes each request that reaches the shop to `file`, as a line of JSON: `client` (the last address of
    /// `X-Forwarded-For`), `method`, `path`, `status`, and the gateway's `decision` and `action`.
    ///
    /// # Errors
    /// When the file cannot be opened for writing.
    pub fn log_to(mut self, file: &Path) -> io::Result<Shop> {
        self.access_log = access_log::AccessLog::open(file)?;
        Ok(self)
    }

    /// The same, with a check against robots in the form for questions.
    #[must_use]
    pub fn with_check(self, check: Check) -> Shop {
        Shop { check: Some(check), ..self }
    }

    /// Serves `listener` until `stop` is ready, then gives requests in progress five seconds to end.
    ///
    /// Runs on a current-thread as well as on a multi-thread Tokio runtime with its I/O and time drivers on.
    ///
    /// # Errors
    /// None at present: a failed accept is tried again, and a failed connection ends alone.
    pub async fn serve(self, listener: TcpListener, stop: impl Future<Output = ()>) -> io::Result<()> {
        serve::serve(Arc::new(self), listener, stop).await;
        Ok(())
    }
}
