use std::path::Path;
use std::sync::Arc;

use rustls::crypto::ring;
use rustls::server::ProducesTickets;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use spigot_gateway::Tls;

use crate::config::TlsFiles;

/// The certificate that is in force, and its files.
pub(crate) struct Certificates {
    files: TlsFiles,
    /// Seals session tickets. It outlives a certificate, so that clients resume over its renewal; it exchanges its own
    /// key every six hours.
    tickets: Arc<dyn ProducesTickets>,
    /// What new connections get.
    pub(crate) current: Tls,
    seen: [Option<super::run::Stamp>; 2],
}

impl Certificates {
    /// Reads certificate and key.
    pub(crate) fn load(files: &TlsFiles) -> Result<Self, String> {
        let seen = stamps(files);
        let tickets = ring::Ticketer::new().map_err(|error| format!("no session tickets: {error}"))?;
        let config = config(files, tickets.clone())?;
        let current = Arc::new(arc_swap::ArcSwap::from_pointee(config));
        Ok(Self { files: files.clone(), tickets, current, seen })
    }

    /// Whether a file has changed since it was read or refused.
    pub(crate) fn changed(&self) -> bool {
        stamps(&self.files) != self.seen
    }

    /// Reads the files again. Connections that stand keep what they have; so do new ones when the files are wrong.
    pub(crate) fn reload(&mut self) -> Result<(), String> {
        self.seen = stamps(&self.files);
        let config = config(&self.files, self.tickets.clone())?;
        self.current.store(Arc::new(config));
        Ok(())
    }
}

fn stamps(files: &TlsFiles) -> [Option<super::run::Stamp>; 2] {
    [&files.certificate, &files.key].map(|path| super::run::stamp(path))
}

/// TLS 1.2 and 1.3, HTTP/2 and HTTP/1.1 by ALPN.
fn config(files: &TlsFiles, tickets: Arc<dyn ProducesTickets>) -> Result<rustls::ServerConfig, String> {
    let problem =
        |path: &Path, error: &dyn std::fmt::Display| format!("{} cannot be used: {error}", path.display());
    let chain = CertificateDer::pem_file_iter(&files.certificate)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| problem(&files.certificate, &error))?;
    if chain.is_empty() {
        return Err(problem(&files.certificate, &"it holds no certificate in PEM"));
    }
    let key = PrivateKeyDer::from_pem_file(&files.key).map_err(|error| problem(&files.key, &error))?;
    let provider = Arc::new(ring::default_provider());
    let mut config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_no_client_auth().with_single_cert(chain, key))
        .map_err(|error| {
            let (certificate, key) = (files.certificate.display(), files.key.display());
            format!("{certificate} and {key} cannot be used together: {error}")
        })?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    config.ticketer = tickets;
    Ok(config)
}
