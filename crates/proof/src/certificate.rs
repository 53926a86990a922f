//! The names in a client certificate (X.509, RFC 5280). Whether it is genuine has been verified by whoever spoke TLS;
//! here it is only read.

use sha2::{Digest, Sha256};

use crate::der::element;

/// Bytes of a certificate.
const BYTES_MAX: usize = 16 << 10;
/// Names of one certificate that are kept; those of clients have one or two.
const NAMES_MAX: usize = 32;

const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;
const OBJECT: u8 = 0x06;
/// 2.5.4.3 and 2.5.29.17.
const COMMON_NAME: &[u8] = &[0x55, 0x04, 0x03];
const ALTERNATIVE_NAMES: &[u8] = &[0x55, 0x1d, 0x11];

/// Whom a certificate is of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    names: Vec<String>,
}

impl Certificate {
    /// Reads one in DER.
    #[must_use]
    pub fn read(der: &[u8]) -> Option<Self> {
        if der.len() > BYTES_MAX {
            return None;
        }
        let (whole, rest) = element(der, SEQUENCE)?;
        let (body, _) = element(whole, SEQUENCE)?;
        if !rest.is_empty() {
            return None;
        }
        let digest: String = Sha256::digest(der).iter().map(|byte| format!("{byte:02x}")).collect();
        let mut names = vec![format!("sha256:{digest}")];
        // Version, which first editions do not have.
        let body = element(body, 0xa0).map_or(body, |(_, rest)| rest);
        // Serial number, algorithm, issuer, validity.
        let body = [0x02, SEQUENCE, SEQUENCE, SEQUENCE]
            .into_iter()
            .try_fold(body, |body, tag| element(body, tag).map(|(_, rest)| rest))?;
        let (subject, body) = element(body, SEQUENCE)?;
        names.extend(common_name(subject));
        let (_key, mut body) = element(body, SEQUENCE)?;
        while let Some(&tag) = body.first() {
            let (inner, rest) = element(body, tag)?;
            if tag == 0xa3 {
                alternative_names(inner, &mut names)?;
            }
            body = rest;
        }
        names.truncate(NAMES_MAX);
        Some(Self { names })
    }

    /// Whether it is of this name, written with its kind: `dns:`, `uri:`, `email:`, `cn:` or `sha256:`.
    #[must_use]
    pub fn is_named(&self, name: &str) -> bool {
        self.names.iter().any(|own| own == name)
    }

    /// All its names.
    #[must_use]
    pub fn names(&self) -> &[String] {
        &self.names
    }
}

/// The last one: the most specific.
fn common_name(mut subject: &[u8]) -> Option<String> {
    let mut found = None;
    while !subject.is_empty() {
        let (attributes, rest) = element(subject, SET)?;
        let (attribute, _) = element(attributes, SEQUENCE)?;
        let (kind, value) = element(attribute, OBJECT)?;
        if kind == COMMON_NAME {
            let (text, _) = element(value, *value.first()?)?;
            found = std::str::from_utf8(text).ok().map(|text| format!("cn:{text}"));
        }
        subject = rest;
    }
    found
}

fn alternative_names(extensions: &[u8], names: &mut Vec<String>) -> Option<()> {
    let (mut extensions, _) = element(extensions, SEQUENCE)?;
    while !extensions.is_empty() {
        let (extension, rest) = element(extensions, SEQUENCE)?;
        extensions = rest;
        let (kind, value) = element(extension, OBJECT)?;
        if kind != ALTERNATIVE_NAMES {
            continue;
        }
        // Whether it is critical.
        let value = element(value, 0x01).map_or(value, |(_, rest)| rest);
        let (value, _) = element(value, 0x04)?;
        let (mut value, _) = element(value, SEQUENCE)?;
        while let Some(&tag) = value.first() {
            let (text, rest) = element(value, tag)?;
            value = rest;
            let Ok(text) = std::str::from_utf8(text) else { continue };
            match tag {
                0x81 => names.push(format!("email:{text}")),
                0x82 => names.push(format!("dns:{}", text.to_ascii_lowercase())),
                0x86 => names.push(format!("uri:{text}")),
                _ => {}
            }
        }
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_and_pieces_of_certificates_are_not() {
        let mut parameters =
            rcgen::CertificateParams::new(vec!["Client.Partner.example".to_owned(), "b.example".to_owned()])
                .unwrap();
        let uri = "spiffe://partner.example/client".try_into().unwrap();
        parameters.subject_alt_names.push(rcgen::SanType::URI(uri));
        parameters.distinguished_name.push(rcgen::DnType::CommonName, "Partner 7");
        let key = rcgen::KeyPair::generate().unwrap();
        let made = parameters.self_signed(&key).unwrap();
        let der = made.der();
        let read = Certificate::read(der).unwrap();
        for name in [
            "dns:client.partner.example",
            "dns:b.example",
            "uri:spiffe://partner.example/client",
            "cn:Partner 7",
        ] {
            assert!(read.is_named(name), "{name} in {:?}", read.names());
        }
        assert!(read.names()[0].starts_with("sha256:") && read.names()[0].len() == 71);
        for other in ["dns:partner.example", "partner 7", "dns:", ""] {
            assert!(!read.is_named(other), "{other}");
        }
        for end in 0..der.len() {
            assert_eq!(Certificate::read(&der[..end]), None, "{end} bytes");
        }
        assert_eq!(Certificate::read(&[der, &[0][..]].concat()), None);
        assert_eq!(Certificate::read(&vec![0x30; BYTES_MAX + 1]), None);
    }
}
