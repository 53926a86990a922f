use crate::policy::AccountSettings;

/// Attempts on accounts within a window, as far as they reached the application: how many, how many failed, and over how
/// many accounts and clients they are spread. The numbers of accounts and clients are estimates, within a few per cent
/// up to a thousand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Crowd {
    /// Attempts that were answered.
    pub attempts: u32,
    /// Those that failed.
    pub failures: u32,
    /// Distinct accounts that failed.
    pub accounts: u32,
    /// Those of them that nobody got into.
    pub lost: u32,
    /// Distinct accounts that somebody got into.
    pub entered: u32,
    /// Distinct clients that failed.
    pub clients: u32,
}

/// One of each place where attempts on accounts are gathered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Crowds<T> {
    /// Of the route, and of those on it with this user agent, in this network, with this fingerprint, with this
    /// fingerprint in this network: what tries a list of stolen passwords shows in the narrower ones where the wider
    /// ones are busy, and the other way round where it changes how it looks.
    pub of_many: [T; 5],
    /// Of this client's address on the route.
    pub of_client: T,
}

impl<T> Crowds<T> {
    /// What `each` makes of every one.
    pub fn map<U>(self, mut each: impl FnMut(T) -> U) -> Crowds<U> {
        Crowds { of_many: self.of_many.map(&mut each), of_client: each(self.of_client) }
    }
}

/// From how many clients it is a crowd: fewer are met by what counts a client's own failures.
const CLIENTS_FROM: u32 = 5;

impl Crowd {
    /// Many accounts, about once each, from many addresses, and nobody gets into most of them. On a site as it should be
    /// more accounts are entered than not, and whoever fails tries the same account again. Accounts are compared, not
    /// attempts: whoever has one of their own can enter it as often as they guess at others'.
    #[must_use]
    pub fn is_stuffing(&self, settings: &AccountSettings) -> bool {
        self.failures >= settings.stuffing_from
            && self.clients >= CLIENTS_FROM
            && self.lost >= self.entered
            && u64::from(self.accounts) * 10 >= u64::from(self.failures) * 6
    }

    /// One client names account after account and gets into hardly one of them. An office behind one address names many
    /// too, and gets into nearly all.
    #[must_use]
    pub fn is_probing(&self, settings: &AccountSettings) -> bool {
        self.accounts >= settings.probing_from && u64::from(self.lost) >= 4 * u64::from(self.entered)
    }
}
