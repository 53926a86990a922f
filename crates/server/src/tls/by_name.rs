//! Which certificate a client is shown: one that holds for the name that it asks for (SNI, RFC 6066, section 3).

use std::collections::HashMap;
use std::sync::Arc;

use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls_pki_types::CertificateDer;
use x509_parser::extensions::GeneralName;

/// Certificates by the names that they hold for, each with its key.
#[derive(Debug)]
pub(super) struct ByName {
    /// For clients that ask for no name, or one that none holds for.
    other: Arc<CertifiedKey>,
    /// In lower case; `*.` stands for one label (RFC 9525, section 6.3). Several of one name have keys of several kinds.
    named: HashMap<String, Vec<Arc<CertifiedKey>>>,
}

impl ByName {
    /// The first is for everybody else, too. `None` without any.
    pub(super) fn new(all: Vec<CertifiedKey>) -> Option<Self> {
        let all: Vec<Arc<CertifiedKey>> = all.into_iter().map(Arc::new).collect();
        let mut named: HashMap<String, Vec<Arc<CertifiedKey>>> = HashMap::new();
        for one in &all {
            for name in one.cert.first().map(names).unwrap_or_default() {
                named.entry(name).or_default().push(one.clone());
            }
        }
        Some(Self { other: all.first()?.clone(), named })
    }

    /// The certificates of a name, the most exact ones.
    fn of(&self, name: &str) -> &[Arc<CertifiedKey>] {
        let name = name.trim_end_matches('.').to_ascii_lowercase();
        let wide = || name.split_once('.').and_then(|(_, rest)| self.named.get(&format!("*.{rest}")));
        self.named.get(&name).or_else(wide).map_or(&[], Vec::as_slice)
    }
}

impl ResolvesServerCert for ByName {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let of_name = hello.server_name().map_or(&[][..], |name| self.of(name));
        let fits = |one: &&Arc<CertifiedKey>| one.key.choose_scheme(hello.signature_schemes()).is_some();
        Some(of_name.iter().find(fits).or(of_name.first()).unwrap_or(&self.other).clone())
    }
}

/// The hosts that a certificate holds for, in lower case. Only its alternative names count, as for browsers.
pub(super) fn names(certificate: &CertificateDer<'_>) -> Vec<String> {
    let Ok((_, read)) = x509_parser::parse_x509_certificate(certificate) else { return Vec::new() };
    let Ok(Some(others)) = read.subject_alternative_name() else { return Vec::new() };
    let host = |name: &GeneralName<'_>| match name {
        GeneralName::DNSName(name) => Some(name.to_ascii_lowercase()),
        _ => None,
    };
    others.value.general_names.iter().filter_map(host).collect()
}

#[cfg(test)]
mod tests {
    use rustls::crypto::ring;
    use rustls_pki_types::PrivatePkcs8KeyDer;

    use super::*;

    fn made(hosts: &[&str]) -> CertifiedKey {
        let hosts: Vec<String> = hosts.iter().map(|host| (*host).to_owned()).collect();
        let made = rcgen::generate_simple_self_signed(hosts).unwrap();
        let key = PrivatePkcs8KeyDer::from(made.signing_key.serialize_der());
        CertifiedKey::from_der(vec![made.cert.der().clone()], key.into(), &ring::default_provider()).unwrap()
    }

    #[test]
    fn the_most_exact_name_counts() {
        let all = [&["first.test"][..], &["shop.test", "*.shop.test"], &["Pay.Shop.Test"], &["127.0.0.1"]];
        let all: Vec<CertifiedKey> = all.into_iter().map(made).collect();
        let of: Vec<CertificateDer<'static>> = all.iter().map(|one| one.cert[0].clone()).collect();
        let by_name = ByName::new(all).unwrap();
        let check = |name: &str, expected: Option<usize>| {
            let found = by_name.of(name).first().map(|one| one.cert[0].clone());
            assert_eq!(found, expected.map(|n| of[n].clone()), "{name}");
        };
        check("first.test", Some(0));
        check("FIRST.test.", Some(0));
        check("shop.test", Some(1));
        check("a.shop.test", Some(1));
        check("pay.shop.test", Some(2));
        for none in ["a.b.shop.test", "xshop.test", "test", "", "*.test", "127.0.0.1"] {
            check(none, None);
        }
        assert_eq!(by_name.other.cert[0], of[0]);
        assert!(ByName::new(Vec::new()).is_none());
    }
}
