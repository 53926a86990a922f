//! Accounts at the gateway: passwords that are looked up and let go, and attempts whose end is told afterwards.

mod breach;
mod open;
mod password;

use spigot_decision::{Facts, mail_domain};
use spigot_state::State;

pub use self::breach::{Breach, BreachSettings};
pub(crate) use self::open::{Attempts, OpenAttempt, Reported};
pub(crate) use self::password::Password;
use crate::pipeline::{Gateway, Snapshot};

impl<S: State> Gateway<S> {
    /// What data sets say about an account and the password that came with it, which ends here.
    pub(crate) async fn look_up_account(
        &self,
        snapshot: &Snapshot,
        facts: &mut Facts,
        name: Option<&str>,
        password: Option<Password>,
    ) {
        let is_restricted = facts.restriction.is_some();
        let Some((account, name)) = facts.account.as_mut().zip(name) else { return };
        let settings = &snapshot.settings;
        account.disposable = mail_domain(name).is_some_and(|domain| settings.ill_domains.contains(domain));
        // Who is turned away anyway costs nobody a question.
        let is_stopped = is_restricted || account.locked.is_some();
        if let Some((breach, password)) = settings.breach.as_ref().zip(password).filter(|_| !is_stopped) {
            account.breached = breach.holds(&self.asker, password).await;
        }
    }
}
