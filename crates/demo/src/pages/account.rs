//! Sign-in, sign-up, passphrase reset, coupons and uploads.

use super::{alert, input};
use crate::html::Text;
use crate::multipart::Part;
use crate::request::Sum;
use crate::{DEMO_EMAIL, DEMO_PASSPHRASE};

/// A card with a heading, a form to the same page, and a line below it.
fn form(heading: &str, action: &str, message: &str, fields: &str, button: &str, below: &str) -> String {
    format!(
        r#"<section class="card narrow"><h1>{heading}</h1>{}<form method="post" action="{action}">{fields}<p><button>{button}</button></p></form>{below}</section>"#,
        alert(message)
    )
}

/// The sign-in form, with the e-mail kept and the password never.
pub(crate) fn login(message: &str, email: &str) -> String {
    let fields = input("email", "E-mail address", "email", email, "username")
        + &input("password", "Passphrase", "password", "", "current-password");
    let below = format!(
        r#"<p class="hint">To look round, sign in as <code>{DEMO_EMAIL}</code> with <code>{DEMO_PASSPHRASE}</code>.</p>
<p class="quiet"><a href="/signup">Open an account</a> · <a href="/reset">Forgotten passphrase</a></p>"#
    );
    form("Sign in", "/login", message, &fields, "Sign in", &below)
}

pub(crate) fn signup(message: &str, email: &str) -> String {
    let fields = input("email", "E-mail address", "email", email, "username")
        + &input("password", "Passphrase, ten characters or more", "password", "", "new-password");
    let below = r#"<p class="quiet">Have one already? <a href="/login">Sign in</a></p>"#;
    form("Open an account", "/signup", message, &fields, "Open account", below)
}

pub(crate) fn reset() -> String {
    let fields = input("email", "E-mail address", "email", "", "username");
    let below = r#"<p class="quiet">We send a link that works once, for an hour.</p>"#;
    form("Forgotten passphrase", "/reset", "", &fields, "Send the link", below)
}

pub(crate) fn coupon(message: &str, code: &str) -> String {
    let fields = input("code", "Coupon code", "text", code, "off");
    let below = r#"<p class="quiet">It is on the card that came with your last order.</p>"#;
    form("Redeem a coupon", "/coupon", message, &fields, "Redeem", below)
}

pub(crate) fn upload() -> String {
    r#"<section class="card narrow"><h1>Send us a photograph</h1><p>Show us your tap and we will find its washer.</p>
<form method="post" action="/upload" enctype="multipart/form-data">
<p class="field"><label for="note">What is it?</label><input id="note" name="note" type="text"></p>
<p class="field"><label for="photo">Photograph</label><input id="photo" name="photo" type="file" required></p>
<p><button>Send</button></p></form>
<p class="quiet">The file is measured and forgotten.</p></section>"#
        .into()
}

/// What arrived with an upload: each part's name, file name, size and digest, and the whole.
pub(crate) fn uploaded(parts: &[Part], parts_total: u64, whole: &Sum) -> String {
    let row = |part: &Part| {
        let file = part.filename.as_deref().unwrap_or("—");
        let (name, file, bytes, sha256) = (Text(&part.name), Text(file), part.sum.bytes, part.sum.sha256());
        format!(
            r#"<tr><th scope="row">{name}</th><td>{file}</td><td class="number">{bytes}</td><td><code>{sha256}</code></td></tr>"#
        )
    };
    let rows: String = parts.iter().map(row).collect();
    let left_out = match parts_total - parts.len() as u64 {
        0 => String::new(),
        more => format!("<p>And {more} more.</p>"),
    };
    let (bytes, sha256) = (whole.bytes, whole.sha256());
    format!(
        r#"<section class="card"><h1>It arrived</h1><div class="scroll" role="region" aria-label="What arrived" tabindex="0"><table>
<thead><tr><th scope="col">Field</th><th scope="col">File</th><th scope="col" class="number">Bytes</th><th scope="col">SHA-256</th></tr></thead>
<tbody>{rows}</tbody></table></div>{left_out}
<p class="quiet">{bytes} bytes in all, SHA-256 <code>{sha256}</code>.</p></section>"#
    )
}
