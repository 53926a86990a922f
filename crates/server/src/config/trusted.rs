//! `[[trusted]]`: how each trusted client proves who it is. What that is worth, the policy reads.

use std::sync::Arc;

use http::{HeaderName, header};
use spigot_decision::policy::source::{Placed, Section};
use spigot_decision::policy::units::duration_millis;
use spigot_gateway::{
    CertificateProof, Directory, KeyProof, Proof, SignatureKeys, SignatureProof, TokenProof, Trust,
    TrustedProof, Upstream,
};
use spigot_proof::{Demands, IssuerKey, KeySet};

/// How old a signature may be: from what clocks differ by to what a person would notice.
const AGE_MILLIS: std::ops::RangeInclusive<u64> = 10_000..=86_400_000;
const AGE_SECONDS_USUAL: i64 = 300;
const SKEW_SECONDS: i64 = 30;
/// Names of certificates that one trusted client may have: each request with a certificate looks at all of them.
const NAMES_MAX: usize = 64;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Key,
    Signature,
    Certificate,
    Token,
}

const KINDS: [(&str, Kind); 4] = [
    ("key", Kind::Key),
    ("signature", Kind::Signature),
    ("certificate", Kind::Certificate),
    ("token", Kind::Token),
];

/// The keys that belong to one kind of proof each.
const OWN: [(&str, Kind); 10] = [
    ("header", Kind::Key),
    ("keep", Kind::Key),
    ("keys", Kind::Signature),
    ("agent", Kind::Signature),
    ("unsigned_directory", Kind::Signature),
    ("max_age", Kind::Signature),
    ("nonce", Kind::Signature),
    ("certificate", Kind::Certificate),
    ("issuer", Kind::Token),
    ("token_key", Kind::Token),
];

/// Every trusted client, in the order in which they are written.
pub(super) fn trusted(top: &Section<'_, '_>) -> Vec<TrustedProof> {
    top.tables("trusted").iter().filter_map(read).collect()
}

fn read(part: &Section<'_, '_>) -> Option<TrustedProof> {
    // The policy's.
    for key in ["routes", "gives", "level", "by", "rate"] {
        part.has(key);
    }
    let name = part.text("name");
    let kind = part.require("proof", part.choice("proof", &KINDS), "proof = \"key\"").map(|kind| kind.value);
    if let Some(kind) = kind {
        for (key, of) in OWN {
            if let Some((_, span)) = part.raw(key).filter(|_| of != kind) {
                let of = KINDS.iter().find(|(_, kind)| *kind == of).map_or("", |(name, _)| name);
                part.reader.problem(
                    span,
                    format!("`{key}` is for trusted clients with proof = \"{of}\""),
                    format!("remove `{key}`, or write proof = \"{of}\""),
                );
            }
        }
    } else {
        // They are known, whatever it was meant to be.
        for (key, _) in OWN {
            part.raw(key);
        }
    }
    let proof = kind.and_then(|kind| match kind {
        Kind::Key => Some(Proof::Key(key(part))),
        Kind::Signature => signature(part).map(Proof::Signature),
        Kind::Certificate => certificate(part).map(Proof::Certificate),
        Kind::Token => token(part).map(|token| Proof::Token(Box::new(token))),
    });
    part.finish();
    Some(TrustedProof { name: name?.value.to_owned(), proof: proof? })
}

/// A field's name.
pub(super) fn header(section: &Section<'_, '_>, key: &'static str) -> Option<HeaderName> {
    section
        .parsed(key, |text| {
            HeaderName::try_from(text)
                .map_err(|_| "write a header field's name, for example \"X-Api-Key\"".to_owned())
        })
        .map(|name| name.value)
}

fn key(part: &Section<'_, '_>) -> KeyProof {
    KeyProof {
        header: header(part, "header").unwrap_or(header::AUTHORIZATION),
        keep: part.flag("keep").is_some_and(|keep| keep.value),
    }
}

fn signature(part: &Section<'_, '_>) -> Option<SignatureProof> {
    let (file, agent) = (part.text("keys"), part.text("agent"));
    let unsigned = part.flag("unsigned_directory").is_some_and(|flag| flag.value);
    let age = part.parsed("max_age", age_seconds).map_or(AGE_SECONDS_USUAL, |age| age.value);
    let nonce = part.choice("nonce", &[("optional", false), ("required", true)]);
    if file.is_none() && agent.is_none() {
        part.reader.problem(
            part.span.clone(),
            "nobody's keys are named",
            "write keys = \"/etc/spigot/partner.jwks\", or agent = \"https://HOST\" for one that shows its keys there",
        );
        return None;
    }
    let server = match agent {
        Some(agent) => Some(server(part, &agent)?),
        None => None,
    };
    let agent = server.as_ref().map(|server| server.origin().to_ascii_lowercase());
    let keys = match (file, server) {
        (Some(file), _) => SignatureKeys::File(Arc::new(key_set(part, &file)?)),
        (None, server) => SignatureKeys::Directory(Arc::new(Directory::new(Arc::new(server?), unsigned))),
    };
    let demands = Demands {
        tag: agent.is_some().then_some("web-bot-auth"),
        age_seconds_max: age,
        skew_seconds: SKEW_SECONDS,
        needs_expiry: agent.is_some(),
        needs_nonce: nonce.is_some_and(|nonce| nonce.value),
        covers: vec!["@authority".to_owned()],
    };
    Some(SignatureProof { keys, agent, demands })
}

fn age_seconds(text: &str) -> Result<i64, String> {
    let millis = duration_millis(text)?;
    let seconds = i64::try_from(millis / 1000).unwrap_or(i64::MAX);
    if AGE_MILLIS.contains(&millis) {
        Ok(seconds)
    } else {
        Err("write between \"10s\" and \"24h\"".to_owned())
    }
}

fn key_set(part: &Section<'_, '_>, file: &Placed<&str>) -> Option<KeySet> {
    let read = std::fs::read_to_string(file.value).map_err(|error| error.to_string());
    match read.and_then(|text| KeySet::parse(&text)) {
        Ok(keys) => Some(keys),
        Err(error) => {
            part.reader.problem(
                file.span.clone(),
                format!("\"{}\" cannot be used: {error}", file.value),
                "name a file with the signer's public keys as a JSON Web Key Set",
            );
            None
        }
    }
}

fn server(part: &Section<'_, '_>, agent: &Placed<&str>) -> Option<Upstream> {
    match Upstream::parse(agent.value, Trust::system) {
        Ok(server) => Some(server),
        Err(problem) => {
            part.reader.problem(agent.span.clone(), problem.what, problem.instead);
            None
        }
    }
}

fn certificate(part: &Section<'_, '_>) -> Option<CertificateProof> {
    const EXAMPLE: &str = "certificate = \"dns:client.partner.example\"";
    let texts = part.require("certificate", part.texts("certificate"), EXAMPLE)?;
    let known = ["dns:", "uri:", "email:", "cn:", "sha256:"];
    let mut names = Vec::new();
    for text in &texts {
        if known.iter().any(|kind| text.value.strip_prefix(kind).is_some_and(|rest| !rest.is_empty())) {
            let lower = text.value.starts_with("dns:") || text.value.starts_with("sha256:");
            names.push(if lower { text.value.to_ascii_lowercase() } else { text.value.to_owned() });
        } else {
            part.reader.problem(
                text.span.clone(),
                format!("\"{}\" is no name of a certificate", text.value),
                "write dns:, uri:, email:, cn: or sha256: and what follows, for example \"dns:client.partner.example\"",
            );
        }
    }
    if texts.is_empty() || texts.len() > NAMES_MAX {
        let help = format!("name 1 to {NAMES_MAX} certificates");
        part.reader.problem(part.span.clone(), format!("`certificate` has {} names", texts.len()), help);
    }
    Some(CertificateProof { names })
}

fn token(part: &Section<'_, '_>) -> Option<TokenProof> {
    let issuer = part.require("issuer", part.text("issuer"), "issuer = \"issuer.example\"");
    let key = part.parsed("token_key", |text| {
        IssuerKey::parse(text).map_err(|error| {
            format!("{error}; write the issuer's `token-key` as its directory has it, of type 2 (blind RSA, 2048 bits)")
        })
    });
    let key = part.require("token_key", key, "token_key = \"MIIBUj…\"");
    Some(TokenProof { issuer: issuer?.value.to_owned(), key: key?.value })
}
