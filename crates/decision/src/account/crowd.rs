use crate::policy::AccountSettings;

/// Attempts on accounts within a window, as far as they reached the application: how many, how many failed, and over how
/// many accounts and clients they are spread. The last two are estimates, within a few per cent up to a thousand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Crowd {
    /// Attempts that were answered.
    pub attempts: u32,
    /// Those that failed.
    pub failures: u32,
    /// Distinct accounts that failed.
    pub accounts: u32,
    /// Distinct clients that failed.
    pub clients: u32,
}

/// From how many clients it is a crowd: fewer are met by what counts a client's own failures.
const CLIENTS_FROM: u32 = 5;

impl Crowd {
    /// Many accounts, about once each, from many addresses, and most of it fails. On a site as it should be more
    /// log-ins succeed than fail, and whoever fails tries the same account again.
    #[must_use]
    pub fn is_stuffing(&self, settings: &AccountSettings) -> bool {
        self.failures >= settings.stuffing_from
            && self.clients >= CLIENTS_FROM
            && u64::from(self.failures) * 2 >= u64::from(self.attempts)
            && u64::from(self.accounts) * 10 >= u64::from(self.failures) * 6
    }

    /// One client names account after account and hardly one of them is right. An office behind one address names many
    /// too, and is right nearly always.
    #[must_use]
    pub fn is_probing(&self, settings: &AccountSettings) -> bool {
        self.accounts >= settings.probing_from
            && u64::from(self.failures) * 10 >= u64::from(self.attempts) * 8
    }
}
