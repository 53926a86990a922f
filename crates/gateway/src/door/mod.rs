//! Ways in. `connection` knows who is at the other end and which door it is at; `turn` is the same for all of them:
//! one request decided, and what is done about it. Behind it is the application (`proxy`), or whoever described the
//! request and acts on the answer (`described`): another server, in its own words (`beside`).

pub(crate) mod api;
pub(crate) mod beside;
pub(crate) mod connection;
pub(crate) mod described;
mod proxy;
mod turn;

use self::turn::host_name;
