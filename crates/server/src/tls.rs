mod by_name;

use std::path::Path;
use std::sync::Arc;

use rustls::RootCertStore;
use rustls::crypto::{CryptoProvider, ring};
use rustls::server::danger::ClientCertVerifier;
use rustls::server::{ProducesTickets, WebPkiClientVerifier};
use rustls::sign::CertifiedKey;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use spigot_admin::api::Certificate;
use spigot_gateway::Tls;

use self::by_name::{ByName, names};
use crate::certificate_ends::ends;
use crate::config::{CertificateFiles, TlsFiles};

/// Files of certificates and when they end, as they were when they were read last.
pub(crate) type Ends = Arc<arc_swap::ArcSwap<Vec<Certificate>>>;

/// The certificates that are in force, and their files.
pub(crate) struct Certificates {
    files: TlsFiles,
    /// Seals session tickets. It outlives a certificate, so that clients resume over its renewal; it exchanges its own
    /// key every six hours.
    tickets: Arc<dyn ProducesTickets>,
    /// What new connections get.
    pub(crate) current: Tls,
    /// When they end.
    pub(crate) ends: Ends,
    seen: Seen,
}

/// The files as they were seen last.
#[derive(PartialEq)]
struct Seen {
    shown: Vec<Option<super::run::Stamp>>,
    client_ca: Option<super::run::Stamp>,
}

impl Certificates {
    /// Reads certificates and keys.
    pub(crate) fn load(files: &TlsFiles) -> Result<Self, String> {
        let seen = stamps(files);
        let tickets = ticketer()?;
        let config = config(files, tickets.clone())?;
        let current = Arc::new(arc_swap::ArcSwap::from_pointee(config));
        let ends = Arc::new(arc_swap::ArcSwap::from_pointee(ends(files)));
        Ok(Self { files: files.clone(), tickets, current, ends, seen })
    }

    /// Whether a file has changed since it was read or refused.
    pub(crate) fn changed(&self) -> bool {
        stamps(&self.files) != self.seen
    }

    /// Reads the files again. Connections that stand keep what they have; so do new ones when the files are wrong.
    pub(crate) fn reload(&mut self) -> Result<(), String> {
        let before = std::mem::replace(&mut self.seen, stamps(&self.files));
        if before.client_ca != self.seen.client_ca {
            // A resumed session brings the certificate that it began with, verified by whoever was trusted then.
            self.tickets = ticketer()?;
        }
        let config = config(&self.files, self.tickets.clone())?;
        self.current.store(Arc::new(config));
        self.ends.store(Arc::new(ends(&self.files)));
        Ok(())
    }
}

fn stamps(files: &TlsFiles) -> Seen {
    let stamp = |path: &std::path::PathBuf| super::run::stamp(path);
    let shown = files.all().flat_map(|one| [&one.certificate, &one.key]).map(stamp).collect();
    Seen { shown, client_ca: files.client_ca.as_ref().and_then(stamp) }
}

fn ticketer() -> Result<Arc<dyn ProducesTickets>, String> {
    ring::Ticketer::new().map_err(|error| format!("no session tickets: {error}"))
}

/// Asks clients for certificates, takes those that this file's signers vouch for, and does without where none is shown.
fn verifier(file: &Path, provider: &Arc<CryptoProvider>) -> Result<Arc<dyn ClientCertVerifier>, String> {
    let problem = |error: &dyn std::fmt::Display| problem(file, error);
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(file).map_err(|error| problem(&error))? {
        let certificate = certificate.map_err(|error| problem(&error))?;
        roots.add(certificate).map_err(|error| problem(&error))?;
    }
    WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider.clone())
        .allow_unauthenticated()
        .build()
        .map_err(|error| problem(&error))
}

fn problem(path: &Path, error: &dyn std::fmt::Display) -> String {
    format!("{} cannot be used: {error}", path.display())
}

fn chain(file: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let chain = CertificateDer::pem_file_iter(file)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| problem(file, &error))?;
    if chain.is_empty() {
        return Err(problem(file, &"it holds no certificate in PEM"));
    }
    Ok(chain)
}

fn private_key(file: &Path) -> Result<PrivateKeyDer<'static>, String> {
    PrivateKeyDer::from_pem_file(file).map_err(|error| problem(file, &error))
}

/// What keeps a file from being used.
pub(crate) struct Wrong {
    /// In which `[[tls.site]]` it is named; `[tls]` itself when absent.
    pub(crate) site: Option<usize>,
    /// The key that names it.
    pub(crate) key: &'static str,
    pub(crate) error: String,
}

/// Everything that keeps the files from being used, each with the key that names it.
pub(crate) fn wrong(files: &TlsFiles) -> Vec<Wrong> {
    let provider = Arc::new(ring::default_provider());
    let clients = files.client_ca.as_deref().map(|file| verifier(file, &provider)).transpose();
    let mut wrong = Vec::new();
    for (place, one) in files.all().enumerate() {
        let site = place.checked_sub(1);
        let each = [("certificate", chain(&one.certificate).err()), ("key", private_key(&one.key).err())];
        let mut found: Vec<_> = each.into_iter().filter_map(|(key, error)| Some((key, error?))).collect();
        if found.is_empty() {
            found.extend(certified(one, &provider).err().map(|error| ("key", error)));
        }
        if found.is_empty() && site.is_some() {
            found.extend(nameless(one).map(|error| ("certificate", error)));
        }
        wrong.extend(found.into_iter().map(|(key, error)| Wrong { site, key, error }));
    }
    wrong.extend(clients.err().map(|error| Wrong { site: None, key: "client_ca", error }));
    if wrong.is_empty() {
        let together = ticketer().and_then(|tickets| config(files, tickets));
        wrong.extend(together.err().map(|error| Wrong { site: None, key: "key", error }));
    }
    wrong
}

/// Why nobody would ever be shown a certificate beside the first.
fn nameless(files: &CertificateFiles) -> Option<String> {
    let chain = chain(&files.certificate).ok()?;
    let nobody = chain.first().map(names).unwrap_or_default().is_empty();
    nobody.then(|| {
        problem(&files.certificate, &"it names no host (subjectAltName), so that no client would be shown it")
    })
}

/// A certificate with its chain and its key, which fit each other.
fn certified(files: &CertificateFiles, provider: &CryptoProvider) -> Result<CertifiedKey, String> {
    let (chain, key) = (chain(&files.certificate)?, private_key(&files.key)?);
    CertifiedKey::from_der(chain, key, provider).map_err(|error| {
        let (certificate, key) = (files.certificate.display(), files.key.display());
        format!("{certificate} and {key} cannot be used together: {error}")
    })
}

/// TLS 1.2 and 1.3, HTTP/2 and HTTP/1.1 by ALPN.
fn config(files: &TlsFiles, tickets: Arc<dyn ProducesTickets>) -> Result<rustls::ServerConfig, String> {
    let provider = Arc::new(ring::default_provider());
    let shown = files.all().map(|one| certified(one, &provider)).collect::<Result<Vec<_>, _>>()?;
    if let Some(problem) = files.sites.iter().find_map(nameless) {
        return Err(problem);
    }
    let by_name = ByName::new(shown).ok_or("there is no certificate")?;
    let clients = files.client_ca.as_deref().map(|file| verifier(file, &provider)).transpose()?;
    let builder = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| format!("no TLS: {error}"))?;
    let builder = match clients {
        Some(verifier) => builder.with_client_cert_verifier(verifier),
        None => builder.with_no_client_auth(),
    };
    let mut config = builder.with_cert_resolver(Arc::new(by_name));
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    config.ticketer = tickets;
    Ok(config)
}
