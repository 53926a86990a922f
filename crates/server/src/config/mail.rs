//! `[review.mail]`: the server that takes mail, and between whom it goes.

use std::io::Read as _;
use std::path::Path;

use lettre::message::Mailbox;
use lettre::transport::smtp::client::Certificate;
use spigot_decision::policy::source::{Placed, Section};
use spigot_gateway::Hidden;

use super::providers::{read_secret, secret_stands_here};

/// A report is for those who work on it; a list of people is the mail server's to keep.
const RECIPIENTS_MAX: usize = 20;
/// Of a file of certificates.
const CA_BYTES_MAX: u64 = 1 << 20;

/// How mail gets to the server.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct MailSection {
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) tls: MailTls,
    /// Who signs the server's certificate, in place of those whom the system trusts; PEM.
    pub(crate) ca: Option<Vec<u8>>,
    /// A name and its password.
    pub(crate) login: Option<(String, Hidden)>,
    pub(crate) from: Mailbox,
    pub(crate) to: Vec<Mailbox>,
}

/// How the connection is kept private.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MailTls {
    /// Begun in the open and then made private; without that nothing is sent.
    Starttls,
    /// From the first byte.
    Tls,
    /// Not at all, which is for a server on the same machine.
    None,
}

impl MailTls {
    const ALL: [(&'static str, Self); 3] =
        [("starttls", Self::Starttls), ("tls", Self::Tls), ("none", Self::None)];

    /// RFC 6409, RFC 8314 and RFC 5321.
    fn usual_port(self) -> i64 {
        match self {
            Self::Starttls => 587,
            Self::Tls => 465,
            Self::None => 25,
        }
    }
}

pub(super) fn mail(review: &Section<'_, '_>) -> Option<MailSection> {
    let part = review.table("mail")?;
    let host = part.require("host", part.text("host"), "host = \"smtp.example.org\"");
    let tls = part.choice("tls", &MailTls::ALL);
    let way = tls.as_ref().map_or(MailTls::Starttls, |tls| tls.value);
    let port = part.integer("port", 1..=65_535).map_or(way.usual_port(), |port| port.value);
    let login = login(&part);
    let from = part.require("from", part.parsed("from", mailbox), "from = \"Spigot <spigot@example.org>\"");
    let to = recipients(&part);
    let ca = part.text("ca").map(|file| certificates(&part, &file));
    part.finish();
    let host = host?;
    if let Some(tls) = tls.filter(|tls| tls.value == MailTls::None && !is_here(host.value)) {
        part.reader.problem(
            tls.span,
            format!(
                "\"{}\" is another machine, and everybody on the way could read what is sent",
                host.value
            ),
            "write tls = \"starttls\" or tls = \"tls\"; \"none\" is for localhost",
        );
        return None;
    }
    Some(MailSection {
        host: host.value.to_owned(),
        port: u16::try_from(port).unwrap_or(u16::MAX),
        tls: way,
        ca: ca.flatten(),
        login,
        from: from?.value,
        to: to?,
    })
}

/// A user and a password, or neither.
fn login(part: &Section<'_, '_>) -> Option<(String, Hidden)> {
    let user = part.text("user");
    let password = (!secret_stands_here(part, "password", "[review.mail]"))
        .then(|| part.table("password").and_then(|password| read_secret(&password)))
        .flatten();
    if let Some(user) = user.as_ref().filter(|_| !part.has("password")) {
        part.reader.problem(
            user.span.clone(),
            "a user without a password",
            "write password = { env = \"SMTP_PASSWORD\" }",
        );
    }
    if let Some((_, span)) = password.as_ref().filter(|_| user.is_none()) {
        part.reader.problem(span.clone(), "a password without a user", "write user = \"spigot\"");
    }
    Some((user?.value.to_owned(), Hidden::new(password?.0)))
}

fn recipients(part: &Section<'_, '_>) -> Option<Vec<Mailbox>> {
    let texts = part.require("to", part.texts("to"), "to = [\"ops@example.org\"]")?;
    if texts.is_empty() || texts.len() > RECIPIENTS_MAX {
        part.reader.problem(
            part.span.clone(),
            format!("`to` names {} addresses", texts.len()),
            format!("write 1 to {RECIPIENTS_MAX} addresses in `to`; a list of the mail server's is one"),
        );
        return None;
    }
    let mut found = Vec::new();
    for text in &texts {
        match mailbox(text.value) {
            Ok(one) => found.push(one),
            Err(help) => part.reader.problem(
                text.span.clone(),
                format!("\"{}\" is no address of mail", text.value),
                help,
            ),
        }
    }
    (found.len() == texts.len()).then_some(found)
}

fn mailbox(text: &str) -> Result<Mailbox, String> {
    text.parse().map_err(|_| "write \"ops@example.org\" or \"Operators <ops@example.org>\"".to_owned())
}

/// Nothing leaves the machine.
fn is_here(host: &str) -> bool {
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// A draft names any file: one that never ends must not hold the server.
fn certificates(part: &Section<'_, '_>, file: &Placed<&str>) -> Option<Vec<u8>> {
    let read = || -> std::io::Result<Vec<u8>> {
        let path = Path::new(file.value);
        if !std::fs::metadata(path)?.is_file() {
            return Err(std::io::Error::other("it is no regular file"));
        }
        let mut pem = Vec::new();
        std::fs::File::open(path)?.take(CA_BYTES_MAX).read_to_end(&mut pem)?;
        Ok(pem)
    };
    let said = match read() {
        Ok(pem) if Certificate::from_pem(&pem).is_ok() && pem.starts_with(b"-----BEGIN") => return Some(pem),
        Ok(_) => "it holds no certificate".to_owned(),
        Err(error) => error.to_string(),
    };
    part.reader.problem(
        file.span.clone(),
        format!("\"{}\" cannot be used: {said}", file.value),
        "name a PEM file with the certificate of whoever signs the mail server's own",
    );
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    const MAIL: &str =
        "[review.mail]\nhost = \"smtp.example\"\nfrom = \"spigot@example.org\"\nto = [\"ops@example.org\"]\n";

    fn parsed(more: &str) -> Result<MailSection, String> {
        let text = format!("upstream = \"http://127.0.0.1:3000\"\n{MAIL}{more}");
        let config = Config::parse("spigot.toml", &text).map_err(|problems| problems.to_string())?;
        config.server.review.and_then(|review| review.mail).ok_or_else(|| "no mail".to_owned())
    }

    #[test]
    fn ports_are_the_usual_ones() {
        let check = |more: &str, tls: MailTls, port: u16| {
            let mail = parsed(more).unwrap();
            assert_eq!((mail.tls, mail.port), (tls, port), "{more}");
        };
        check("", MailTls::Starttls, 587);
        check("tls = \"tls\"", MailTls::Tls, 465);
        check("tls = \"tls\"\nport = 2465", MailTls::Tls, 2465);
    }

    #[test]
    fn what_is_wrong_is_said() {
        let check = |from: &str, to: &str, said: &str| {
            let text = format!("upstream = \"http://127.0.0.1:3000\"\n{}", MAIL.replace(from, to));
            let problems = Config::parse("spigot.toml", &text).err().map(|all| all.to_string());
            let problems = problems.unwrap_or_default();
            assert!(problems.contains(said), "{from} to {to}: {problems} instead of {said}");
        };
        check("host = \"smtp.example\"\n", "", "host = \"smtp.example.org\"");
        check("\"spigot@example.org\"", "\"spigot\"", "write \"ops@example.org\" or");
        check("[\"ops@example.org\"]", "[]", "`to` names 0 addresses");
        check("[\"ops@example.org\"]", "[\"ops\"]", "\"ops\" is no address of mail");
        check("to =", "tls = \"none\"\nto =", "\"smtp.example\" is another machine");
        check("to =", "user = \"spigot\"\nto =", "a user without a password");
        check("to =", "password = \"hush\"\nto =", "perhaps one itself");
        check("to =", "password = { file = 'Cargo.toml' }\nto =", "a password without a user");
        check("to =", "ca = 'Cargo.toml'\nto =", "it holds no certificate");
        check("to =", "ca = '/dev/zero'\nto =", "it is no regular file");
        check("to =", "cc = \"a@b\"\nto =", "cc");
    }

    #[test]
    fn plain_text_stays_on_the_machine() {
        for (host, here) in [
            ("localhost", true),
            ("127.0.0.1", true),
            ("::1", true),
            ("127.0.0.1.example", false),
            ("192.0.2.1", false),
        ] {
            assert_eq!(is_here(host), here, "{host}");
        }
    }
}
