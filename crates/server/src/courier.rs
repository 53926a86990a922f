//! Asks the identity provider, for the panel. It is called on threads that may wait, and brings a runtime of its own for as
//! long as one question takes: people sign in a few times a day.

use std::time::Duration;

use spigot_admin::oidc::Courier;
use spigot_gateway::{Fetched, Mark, PostedForm, Remote, Trust, Wanted, fetch, post_form};

/// For one question: a person waits for it, and a thread of the admin port.
const TIME: Duration = Duration::from_secs(8);
/// Discovery documents and keys have some kilobytes.
const BYTES_MAX: usize = 256 << 10;

pub(crate) struct HttpCourier;

impl Courier for HttpCourier {
    fn get(&self, url: &str) -> Result<Vec<u8>, String> {
        let from = remote(url)?;
        let mark = Mark::default();
        let wanted = Wanted { from: &from, mark: &mark, key: None, bytes_max: BYTES_MAX as u64, time: TIME };
        match waited_for(fetch(&wanted))?? {
            Fetched::New(bytes, _) => Ok(bytes.to_vec()),
            Fetched::Unchanged => Err("it sent nothing".to_owned()),
        }
    }

    fn post(&self, url: &str, form: String, authorization: Option<String>) -> Result<(u16, Vec<u8>), String> {
        let to = remote(url)?;
        let posted =
            PostedForm { to: &to, form: form.into(), authorization, bytes_max: BYTES_MAX, time: TIME };
        let answer = waited_for(post_form(posted))??;
        Ok((answer.status, answer.body.to_vec()))
    }
}

fn remote(url: &str) -> Result<Remote, String> {
    Remote::parse(url, Trust::system).map_err(|problem| problem.what)
}

/// Waits for a question to be answered, on a runtime of its own.
pub(crate) fn waited_for<T>(question: impl Future<Output = T>) -> Result<T, String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().max_blocking_threads(1).build();
    let runtime = runtime.map_err(|error| format!("a question cannot be sent: {error}"))?;
    let answer = tokio::task::LocalSet::new().block_on(&runtime, question);
    // A look-up of a name that hangs is not waited for.
    runtime.shutdown_background();
    Ok(answer)
}
