//! Accounts at the gateway: passwords that are looked up and let go, and attempts whose end is told afterwards.

mod breach;
mod open;
mod password;

use spigot_decision::{CountKind, Facts, Millis, Plan, mail_domain};
use spigot_state::{Begun, OpenPlace, State};

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
        let domain = mail_domain(name).unwrap_or_default();
        account.disposable = settings.disposable_domains.contains(domain);
        facts.ill_reputed_domain = settings.ill_reputed_domains.contains(domain);
        // Who is turned away anyway costs nobody a question.
        let is_stopped = is_restricted || account.locked.is_some();
        if let Some((breach, password)) = settings.breach.as_ref().zip(password).filter(|_| !is_stopped) {
            account.breached = breach.holds(&self.asker, password).await;
        }
    }

    /// Counts an attempt to log in among those whose end is not known, and puts what is known by now into the facts.
    pub(crate) async fn begin(&self, plan: &Plan, facts: &mut Facts, now: Millis) -> Option<OpenPlace> {
        let account = facts.account.as_mut()?;
        let begun = self.state.begin(plan, now).await?;
        let Begun { failures, locked, open, client_failures, client_open, place } = begun;
        (account.failures, account.locked) = (failures, locked);
        (account.open, account.client_open) = (open, client_open);
        let own = plan.counts.iter().position(|count| count.kind == CountKind::Failures);
        if let Some(count) = own.and_then(|own| facts.counts.get_mut(own)) {
            *count = client_failures;
        }
        Some(place)
    }
}
