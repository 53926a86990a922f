use std::fmt;
use std::sync::{Arc, OnceLock};

use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;

use super::target::UpstreamProblem;

/// Whose signatures count on an upstream's certificate.
#[derive(Clone)]
pub struct Trust {
    /// What the operator gave; `None` for the system's.
    pem: Option<Arc<[u8]>>,
    /// HTTP/2 or HTTP/1.1, as the server likes.
    pub(crate) any: Arc<ClientConfig>,
    /// HTTP/1.1 alone, for upgrades.
    pub(crate) http1: Arc<ClientConfig>,
}

impl Trust {
    /// Only what these certificates signed.
    ///
    /// # Errors
    /// When there is none in the text, or one cannot be used.
    pub fn from_pem(pem: &[u8]) -> Result<Self, String> {
        let mut roots = RootCertStore::empty();
        for certificate in CertificateDer::pem_slice_iter(pem) {
            let added = certificate.map_err(|error| error.to_string());
            added
                .and_then(|certificate| roots.add(certificate).map_err(|error| error.to_string()))
                .map_err(|error| format!("a certificate in it cannot be used: {error}"))?;
        }
        if roots.is_empty() {
            return Err("there is no certificate in it; it has to be a PEM file".to_owned());
        }
        Self::new(roots, Some(pem.into()))
    }

    /// What the system trusts, read once.
    ///
    /// # Errors
    /// When the system has no certificates.
    pub fn system() -> Result<Self, UpstreamProblem> {
        static SYSTEM: OnceLock<Result<Trust, UpstreamProblem>> = OnceLock::new();
        SYSTEM
            .get_or_init(|| {
                let mut roots = RootCertStore::empty();
                roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
                if roots.is_empty() {
                    return Err(none("the system trusts no certificates".to_owned()));
                }
                Self::new(roots, None).map_err(none)
            })
            .clone()
    }

    fn new(roots: RootCertStore, pem: Option<Arc<[u8]>>) -> Result<Self, String> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut any = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| error.to_string())?
            .with_root_certificates(roots)
            .with_no_client_auth();
        any.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        let mut http1 = any.clone();
        http1.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self { pem, any: Arc::new(any), http1: Arc::new(http1) })
    }
}

fn none(what: String) -> UpstreamProblem {
    let instead =
        "install the system's package of them (often ca-certificates), or name a file with `upstream_ca`";
    UpstreamProblem { what, instead }
}

impl PartialEq for Trust {
    fn eq(&self, other: &Self) -> bool {
        self.pem == other.pem
    }
}

impl fmt::Debug for Trust {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.pem.is_some() { "Trust(given)" } else { "Trust(system)" })
    }
}
