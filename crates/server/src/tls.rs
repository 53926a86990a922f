use std::path::Path;
use std::sync::Arc;

use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use spigot_gateway::Tls;

use crate::config::TlsFiles;

/// Reads certificate and key, to be exchanged later.
pub(crate) fn load(files: &TlsFiles) -> Result<Tls, String> {
    Ok(Arc::new(arc_swap_of(config(files)?)))
}

fn arc_swap_of(config: rustls::ServerConfig) -> arc_swap::ArcSwap<rustls::ServerConfig> {
    arc_swap::ArcSwap::from_pointee(config)
}

/// TLS 1.2 and 1.3, HTTP/2 and HTTP/1.1 by ALPN.
pub(crate) fn config(files: &TlsFiles) -> Result<rustls::ServerConfig, String> {
    let problem =
        |path: &Path, error: &dyn std::fmt::Display| format!("{} cannot be used: {error}", path.display());
    let chain = CertificateDer::pem_file_iter(&files.certificate)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| problem(&files.certificate, &error))?;
    let key = PrivateKeyDer::from_pem_file(&files.key).map_err(|error| problem(&files.key, &error))?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_no_client_auth().with_single_cert(chain, key))
        .map_err(|error| problem(&files.certificate, &error))?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}
