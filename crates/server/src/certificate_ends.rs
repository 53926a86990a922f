//! When the certificates of this server end, for the panel to warn in time.

use std::path::Path;

use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use spigot_admin::api::Certificate;

use crate::config::TlsFiles;

/// The chains that are shown, and whose signatures clients may show.
pub(crate) fn ends(files: &TlsFiles) -> Vec<Certificate> {
    let all = files.all().map(|one| &one.certificate).chain(&files.client_ca);
    let one = |file: &std::path::PathBuf| Certificate {
        file: file.display().to_string(),
        ends_millis: first_end(file),
    };
    all.map(one).collect()
}

/// Of several in one file the first that ends: a chain holds no longer than each of its links.
fn first_end(file: &Path) -> Option<i64> {
    let chain = CertificateDer::pem_file_iter(file).ok()?;
    let ends: Option<Vec<i64>> = chain.map(|one| end(&one.ok()?)).collect();
    ends?.into_iter().min()
}

fn end(certificate: &CertificateDer<'_>) -> Option<i64> {
    let (_, read) = x509_parser::parse_x509_certificate(certificate).ok()?;
    read.validity().not_after.timestamp().checked_mul(1000)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::CertificateFiles;

    #[test]
    fn a_chain_ends_with_its_first_link() {
        let folder = tempfile::tempdir().unwrap();
        let made = |year| {
            let mut about = rcgen::CertificateParams::new(["localhost".to_owned()]).unwrap();
            about.not_after = rcgen::date_time_ymd(year, 1, 1);
            let key = rcgen::KeyPair::generate().unwrap();
            about.self_signed(&key).unwrap().pem()
        };
        let file = folder.path().join("chain.pem");
        let check = |text: &str, expected: Option<i64>| {
            std::fs::write(&file, text).unwrap();
            let files = TlsFiles {
                listen: Vec::new(),
                first: CertificateFiles { certificate: file.clone(), key: file.clone() },
                sites: Vec::new(),
                client_ca: None,
            };
            let found = ends(&files);
            assert_eq!(found.len(), 1);
            assert_eq!(found[0].ends_millis, expected, "{text}");
        };
        // 1 January 2030 and 2031, of which a time beyond 2049 is written in another form (RFC 5280, section 4.1.2.5).
        check(&made(2030), Some(1_893_456_000_000));
        check(&made(2060), Some(2_840_140_800_000));
        check(&format!("{}{}", made(2031), made(2030)), Some(1_893_456_000_000));
        check("", None);
        check("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", None);
    }
}
