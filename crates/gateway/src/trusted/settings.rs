//! How each trusted client proves who it is, as the configuration says.

use std::sync::Arc;

use http::HeaderName;
use spigot_proof::{Demands, IssuerKey, KeySet};

use super::Directory;

/// A trusted client, as the policy names it.
#[derive(Clone, Debug)]
pub struct TrustedProof {
    /// Its name.
    pub name: String,
    /// What it has to bring.
    pub proof: Proof,
}

/// What a trusted client has to bring.
#[derive(Clone, Debug)]
pub enum Proof {
    /// A key that an operator made.
    Key(KeyProof),
    /// A signature of the request.
    Signature(SignatureProof),
    /// A client certificate.
    Certificate(CertificateProof),
    /// A Privacy Pass token.
    Token(Box<TokenProof>),
}

/// Where keys of `spigot key add` are read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyProof {
    /// The field; in `Authorization` behind `Bearer`.
    pub header: HeaderName,
    /// Whether the application gets to see it.
    pub keep: bool,
}

/// HTTP Message Signatures, also as Web Bot Auth has them.
#[derive(Clone, Debug)]
pub struct SignatureProof {
    /// Whose keys count.
    pub keys: SignatureKeys,
    /// The agent that `Signature-Agent` has to name where it is there: its origin, in lower case.
    pub agent: Option<String>,
    /// What its signatures have to be.
    pub demands: Demands,
}

/// Whose keys count.
#[derive(Clone, Debug)]
pub enum SignatureKeys {
    /// Those of a file.
    File(Arc<KeySet>),
    /// Those that the agent shows in its directory.
    Directory(Arc<Directory>),
}

/// Names in verified client certificates: `dns:`, `uri:`, `email:`, `cn:` or `sha256:` and what follows. One has to be
/// there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateProof {
    /// The names.
    pub names: Vec<String>,
}

/// Tokens of an issuer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenProof {
    /// The issuer's name.
    pub issuer: String,
    /// Its public key.
    pub key: IssuerKey,
}

impl TrustedProof {
    /// The directory that is to be fetched for it.
    #[must_use]
    pub fn directory(&self) -> Option<&Arc<Directory>> {
        match &self.proof {
            Proof::Signature(SignatureProof { keys: SignatureKeys::Directory(directory), .. }) => {
                Some(directory)
            }
            _ => None,
        }
    }

    /// Takes over what is known of the same directory.
    pub(crate) fn keep_directory(&mut self, old: &[Self]) {
        if let Proof::Signature(SignatureProof { keys: SignatureKeys::Directory(directory), .. }) =
            &mut self.proof
            && let Some(same) = old.iter().filter_map(Self::directory).find(|known| known.is_same(directory))
        {
            *directory = same.clone();
        }
    }
}

pub(super) fn has_signatures(proofs: &[TrustedProof]) -> bool {
    proofs.iter().any(|client| matches!(client.proof, Proof::Signature(_)))
}

pub(super) fn has_tokens(proofs: &[TrustedProof]) -> bool {
    proofs.iter().any(|client| matches!(client.proof, Proof::Token(_)))
}

pub(super) fn has_certificates(proofs: &[TrustedProof]) -> bool {
    proofs.iter().any(|client| matches!(client.proof, Proof::Certificate(_)))
}
