//! The request path: connections in, observations, decisions, actions out, and the upstream behind.

mod accounts;
mod asked;
mod body;
mod challenge_routes;
mod client_ip;
mod crawlers;
pub mod door;
mod entropy;
mod fetch;
mod fields;
mod figures;
mod files;
mod front;
#[cfg(fuzzing)]
pub mod fuzz;
mod held;
mod honeypot;
mod http1;
mod http2;
mod in_box;
mod keep_alive;
mod languages;
mod marks;
mod metrics;
mod pages;
mod pipeline;
mod post;
mod provider;
mod proxy_protocol;
mod purpose;
mod reputation;
mod respond;
mod roaming;
mod series;
mod settings;
mod shelf;
mod site_keys;
mod stash;
mod story;
mod test_keys;
mod trusted;
mod upstream;
mod verifier;
mod wire;

pub use accounts::{Breach, BreachSettings};
pub use client_ip::client_address;
pub use crawlers::CrawlerDns;
pub use door::beside::{Beside, BesideKind};
pub use door::described::{About, Answer, Described, Judgement, Shown};
pub use fetch::{Fetched, Mark, Remote, Wanted, fetch};
pub use figures::{Figures, HitOf, Hits, Peak};
pub use front::{Door, Front, Tls, listen, serve};
pub use metrics::Metrics;
pub use pipeline::{Clock, Gateway, Snapshot};
pub use post::{FormAnswer, Posted, PostedForm, post, post_form};
pub use provider::{Altcha, Fail, Hidden, Provider, ProviderKind, ProviderSettings};
pub use settings::{Bounds, Service, Settings, Site};
pub use site_keys::{HeldSecret, Press, SecretDigest, SiteKey, SiteKeys};
pub use story::FingerprintHeaders;
pub use trusted::{
    CertificateProof, Directory, KEY_PREFIX, KeyProof, Proof, SignatureKeys, SignatureProof, TokenProof,
    TrustedProof,
};
pub use upstream::{Trust, Upstream, UpstreamProblem};
