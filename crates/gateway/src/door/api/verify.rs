//! The question behind all dialects: does this token count for the site of this secret?

use std::sync::Arc;

use spigot_challenge::token::{self, Opened, Redeemed, Refused, Strictness, TOKEN_LETTERS, Token, Visitor};
use spigot_decision::policy::TokenClient;
use spigot_decision::{Count, CountKind, Millis, Prefix, Subject};
use spigot_state::{Claim, NOBODY, State};

use super::Call;
use super::fields::Fields;
use crate::challenge_routes::action_path;
use crate::metrics::Metrics;
use crate::purpose::Purpose;
use crate::site_keys::SiteKey;
use crate::test_keys::{self, TestSecret};

/// What a site's server asks.
#[derive(Clone, Copy, Default)]
pub(super) struct Question<'a> {
    pub(super) secret: Option<&'a str>,
    pub(super) token: Option<&'a str>,
    /// The visitor's address as it is written, however that is.
    pub(super) visitor: Option<&'a str>,
    /// The site key that the token is said to be for.
    pub(super) site_key: Option<&'a str>,
    /// The action that the token has to be for.
    pub(super) action: Option<&'a str>,
    /// Whom the token has to be for.
    pub(super) account: Option<&'a str>,
    /// Under this name the same question may be asked again.
    pub(super) idempotency: Option<&'a str>,
}

impl<'a> Question<'a> {
    /// As most dialects write it.
    pub(super) fn of(fields: &'a Fields) -> Self {
        Self {
            secret: fields.text("secret"),
            token: fields.text("response"),
            visitor: fields.text("remoteip"),
            ..Self::default()
        }
    }
}

/// A token that counts.
pub(super) enum Accepted {
    /// A real one.
    Real(Redeemed),
    /// A secret for tests says so.
    Test,
}

/// Why there is no yes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Denied {
    SecretMissing,
    SecretUnknown,
    TokenMissing,
    /// The site key that was named is not the secret's.
    SiteKeyMismatch,
    IdempotencyMalformed,
    /// A token for tests with a secret that is none, or the other way round.
    Dummy,
    /// A secret for tests that says no.
    TestFails,
    Token(Refused),
    /// It is for another action than the one that was named.
    OtherAction,
    /// It is for somebody else than who was named.
    OtherAccount,
    /// The visitor's address was named and is none.
    VisitorUnreadable,
    /// Too many unknown secrets from there.
    Throttled,
    /// Whether it was spent cannot be found out now.
    Unavailable,
}

/// Unknown secrets of one address in a window: beyond them it is told to wait. A site whose secret was rotated away asks
/// that often at most when it has some traffic, and then waiting costs it nothing more.
const UNKNOWN_MAX: u32 = 600;
const UNKNOWN_WINDOW_MILLIS: u64 = 60_000;

impl<S: State> Call<'_, S> {
    /// Answers it; a yes is given once.
    pub(super) async fn verify(self, question: Question<'_>) -> Result<Accepted, Denied> {
        let mut site = None;
        let answer = self.judge(question, &mut site).await;
        let metrics = &self.gateway.metrics;
        Metrics::one(if answer.is_ok() { &metrics.tokens_redeemed } else { &metrics.tokens_refused });
        self.record(&answer, site.as_deref());
        answer
    }

    /// `whose` becomes the site of the secret, when it is one's.
    async fn judge(
        self,
        question: Question<'_>,
        whose: &mut Option<Arc<SiteKey>>,
    ) -> Result<Accepted, Denied> {
        let secret = question.secret.ok_or(Denied::SecretMissing)?;
        if let Some(says) = test_keys::secret(&self.snapshot.service, secret) {
            return test(says, question.token.ok_or(Denied::TokenMissing)?);
        }
        let (site, number) = self.owner(secret).await?;
        *whose = Some(site.clone());
        let token = question.token.ok_or(Denied::TokenMissing)?;
        if question.site_key.is_some_and(|key| key != site.key) {
            return Err(Denied::SiteKeyMismatch);
        }
        if test_keys::is_dummy(token) {
            return Err(Denied::Dummy);
        }
        let claimant = match question.idempotency {
            Some(key) => self.claimant(&site, number, key).ok_or(Denied::IdempotencyMalformed)?,
            None => NOBODY,
        };
        let opened = self.open(&site, token, question.visitor).map_err(Denied::Token)?;
        let token = opened.token();
        if question.action.is_some_and(|action| action != token.action) {
            return Err(Denied::OtherAction);
        }
        if question.account.is_some_and(|account| account != token.account) {
            return Err(Denied::OtherAccount);
        }
        self.redeem(opened, claimant).await
    }

    /// The site that a secret belongs to. Whoever guesses is slowed; whoever knows one is not.
    pub(super) async fn owner(self, secret: &str) -> Result<(Arc<SiteKey>, u32), Denied> {
        let now = self.seen.now;
        if let Some((site, number)) = self.snapshot.service.sites.owner(secret, now) {
            return Ok((site.clone(), number));
        }
        let address = Subject::Address(Prefix::client(self.seen.client));
        let count = Count {
            key: self.gateway.keys.hash(Purpose::UnknownSecret.counter(), &[address]),
            window_millis: UNKNOWN_WINDOW_MILLIS,
            limit: UNKNOWN_MAX,
            kind: CountKind::Trickle,
            add: true,
        };
        let many = self.gateway.state.count(&count, now).await.is_some_and(|count| count > UNKNOWN_MAX);
        Err(if many { Denied::Throttled } else { Denied::SecretUnknown })
    }

    fn open(self, site: &SiteKey, token: &str, visitor: Option<&str>) -> Result<Opened, Refused> {
        let client = (read_visitor(visitor), |token: &Token| self.strictness(site, token));
        let (start, now) = (self.gateway.start.0, self.seen.now.0);
        if token.len() > TOKEN_LETTERS {
            return Err(Refused::NotOurs);
        }
        token::open(&self.snapshot.keyring, token, &site.key, client, start, now)
    }

    /// As the site says, or as the route of the token's page and action does: the stricter.
    fn strictness(self, site: &SiteKey, token: &Token) -> Strictness {
        let policy = &self.snapshot.policy;
        let route = policy.route(policy.route_for(&token.host, "POST", &action_path(&token.action)));
        let of_route = match route.settings.token_client {
            TokenClient::Off => Strictness::Off,
            TokenClient::Loose => Strictness::Loose,
            TokenClient::Strict => Strictness::Strict,
        };
        site.strictness.max(of_route)
    }

    async fn redeem(self, opened: Opened, claimant: u64) -> Result<Accepted, Denied> {
        let (id, end) = opened.to_spend();
        let claimed = self.gateway.state.claim(id, claimant, Millis(end), self.seen.now).await;
        let first = match claimed.map_err(|_| Denied::Unavailable)? {
            Claim::First | Claim::Again => true,
            Claim::Other => false,
        };
        opened.spent(first).map(Accepted::Real).map_err(Denied::Token)
    }

    /// The name under which one secret's question may be asked again: a UUID, as the dialect that has it says.
    fn claimant(self, site: &SiteKey, number: u32, key: &str) -> Option<u64> {
        let groups: Vec<usize> = key.split('-').map(str::len).collect();
        let is_uuid = groups == [8, 4, 4, 4, 12] && key.bytes().all(|b| b == b'-' || b.is_ascii_hexdigit());
        let key = key.to_ascii_lowercase();
        let of = [
            Subject::Text(site.key.as_bytes()),
            Subject::Text(&number.to_le_bytes()),
            Subject::Text(key.as_bytes()),
        ];
        is_uuid.then(|| self.gateway.keys.hash(Purpose::Claim.counter(), &of))
    }
}

/// Some clients write the word for nothing that their language has.
pub(super) fn read_visitor(written: Option<&str>) -> Visitor {
    match written.map(str::trim) {
        None | Some("" | "None" | "null" | "undefined") => Visitor::Unnamed,
        Some(text) => text.parse().map_or(Visitor::Unreadable, Visitor::At),
    }
}

fn test(says: TestSecret, token: &str) -> Result<Accepted, Denied> {
    match says {
        TestSecret::Pass => Ok(Accepted::Test),
        TestSecret::OwnDummies if test_keys::is_hcaptcha_dummy(token) => Ok(Accepted::Test),
        TestSecret::OwnDummies => Err(Denied::Dummy),
        TestSecret::Fail => Err(Denied::TestFails),
        TestSecret::Spent => Err(Denied::Token(Refused::Spent)),
    }
}

impl Denied {
    /// Its name in events.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::SecretMissing => "secret_missing",
            Self::SecretUnknown => "secret_unknown",
            Self::TokenMissing => "token_missing",
            Self::SiteKeyMismatch => "site_key_mismatch",
            Self::IdempotencyMalformed => "idempotency_malformed",
            Self::Dummy => "token_for_tests",
            Self::TestFails => "test_fails",
            Self::Token(Refused::NotOurs) => "token_not_ours",
            Self::Token(Refused::OtherSite) => "token_other_site",
            Self::Token(Refused::Expired) => "token_expired",
            Self::Token(Refused::Stale) => "token_stale",
            Self::Token(Refused::OtherClient) => "token_other_client",
            Self::Token(Refused::ClientMissing) => "visitor_missing",
            Self::Token(Refused::Spent) => "token_spent",
            Self::OtherAction => "token_other_action",
            Self::OtherAccount => "token_other_account",
            Self::VisitorUnreadable => "visitor_unreadable",
            Self::Throttled => "throttled",
            Self::Unavailable => "unavailable",
        }
    }
}
