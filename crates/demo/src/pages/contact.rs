//! The form for questions.

use super::{alert, input};
use crate::html::Text;

/// The form, with what was typed, and with the check where there is a site key.
pub(crate) fn form(message: &str, email: &str, question: &str, site_key: Option<&str>) -> String {
    let check = site_key.map_or_else(String::new, |key| {
        format!(
            r#"<p class="field"><spigot-challenge site-key="{}" action="contact"></spigot-challenge></p>
<script src="/.spigot/widget/widget.js" async></script>"#,
            Text(key)
        )
    });
    format!(
        r#"<section class="card narrow"><h1>Ask us</h1>{}<form method="post" action="/contact">{}<p class="field"><label for="question">Your question</label><textarea id="question" name="question" rows="5" maxlength="2000" required>{}</textarea></p>
{check}<p><button>Ask</button></p></form>
<p class="quiet">Somebody at the bench reads it.</p></section>"#,
        alert(message),
        input("email", "E-mail address", "email", email, "email"),
        Text(question)
    )
}
