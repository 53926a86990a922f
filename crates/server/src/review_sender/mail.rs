//! A review as one mail: text for every reader, and the page that prints beside it.

use std::error::Error as _;
use std::time::Duration;

use lettre::Transport;
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Message, MultiPart};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, CertificateStore, Tls, TlsParameters};
use lettre::transport::smtp::{SmtpTransport, SmtpTransportBuilder};
use spigot_admin::review::{Review, html, text};
use spigot_decision::Millis;

use crate::config::{MailSection, MailTls};

/// For each answer of the server.
const ANSWER_TIME: Duration = Duration::from_secs(20);

/// Sends one. Waits for the server, so it is for a thread that may.
///
/// # Errors
/// Why it is not known to have arrived, in words for people. The password is in none of them.
pub(super) fn send(section: &MailSection, review: &Review) -> Result<(), String> {
    let message = message(section, review)?;
    transport(section)?.send(&message).map(drop).map_err(|error| said(section, &error))
}

fn message(section: &MailSection, review: &Review) -> Result<Message, String> {
    let until = Millis(review.until_millis).to_string();
    let day = until.split('T').next().unwrap_or_default();
    let mut message = Message::builder()
        .from(section.from.clone())
        .subject(format!("Spigot: weekly review until {day}"))
        // Nobody's absence is answered to a report (RFC 3834).
        .raw_header(HeaderValue::new(
            HeaderName::new_from_ascii_str("Auto-Submitted"),
            "auto-generated".to_owned(),
        ));
    for one in &section.to {
        message = message.to(one.clone());
    }
    message
        .multipart(MultiPart::alternative_plain_html(text(review), html(review)))
        .map_err(|error| format!("the mail cannot be written: {error}"))
}

fn transport(section: &MailSection) -> Result<SmtpTransport, String> {
    let mut builder: SmtpTransportBuilder = SmtpTransport::builder_dangerous(&section.host)
        .port(section.port)
        .timeout(Some(ANSWER_TIME))
        .tls(tls(section)?);
    if let Some((user, password)) = &section.login {
        builder = builder.credentials(Credentials::new(user.clone(), password.expose().to_owned()));
    }
    Ok(builder.build())
}

/// Never as it happens to be offered: a server that is not private is not sent to.
fn tls(section: &MailSection) -> Result<Tls, String> {
    if section.tls == MailTls::None {
        return Ok(Tls::None);
    }
    let mut parameters = TlsParameters::builder(section.host.clone());
    if let Some(pem) = &section.ca {
        let signer = Certificate::from_pem(pem).map_err(|error| format!("`ca` cannot be used: {error}"))?;
        parameters = parameters.certificate_store(CertificateStore::None).add_root_certificate(signer);
    }
    let parameters = parameters.build().map_err(|error| said(section, &error))?;
    Ok(if section.tls == MailTls::Tls { Tls::Wrapper(parameters) } else { Tls::Required(parameters) })
}

/// With what lies under it: what the server itself said is in there.
fn said(section: &MailSection, error: &lettre::transport::smtp::Error) -> String {
    let mut text = format!("{}:{}: {error}", section.host, section.port);
    let mut source = error.source();
    while let Some(inner) = source {
        let inner_text = inner.to_string();
        if !text.contains(&inner_text) {
            text.push_str(": ");
            text.push_str(&inner_text);
        }
        source = inner.source();
    }
    text
}
