//! A field that people cannot see, put into the forms of pages on their way to the browser, and taken out of what is
//! posted before the application sees it. Whoever fills it in is a program.
//!
//! - [`inject`]: the page. [`head`]: whether an answer is such a page, and its header fields. [`content_policy`]: how the
//!   field is hidden where the page's own policy allows no style.
//! - [`strip`]: the posted form.

mod content_policy;
mod head;
mod inject;
mod strip;

use http::{HeaderValue, Response, StatusCode, header};
use spigot_decision::{Keys, Subject};

use crate::body::Through;
use crate::purpose::Purpose;
use crate::respond::plain;

pub(crate) use inject::Injected;
pub(crate) use strip::strip;

/// Where the field's style is, below our own path.
pub(crate) const STYLE: &str = "form.css";

/// Words that a program fills in and no browser knows how to: not one of the names by which browsers fill in addresses,
/// cards and log-ins.
const WORDS: [&str; 6] = ["homepage", "subject", "remarks", "topic", "feedback", "headline"];

/// The field's name and its class. They differ from one deployment to the next, so that no list of names knows it, and stay
/// the same over restarts, because forms outlive them.
#[derive(Debug)]
pub(crate) struct Honeypot {
    pub(crate) name: String,
    pub(crate) class: String,
}

impl Honeypot {
    pub(crate) fn new(keys: &Keys) -> Self {
        let number = |of: &[u8]| keys.hash(Purpose::Honeypot.counter(), &[Subject::Text(of)]);
        let letters = |of: &[u8]| {
            let number = number(of);
            (0..6).map(|i| char::from(b'a' + ((number >> (8 * i)) % 26) as u8)).collect::<String>()
        };
        let word = WORDS[(number(b"word") % WORDS.len() as u64) as usize];
        Self { name: format!("{word}_{}", letters(b"name")), class: format!("f-{}", letters(b"class")) }
    }

    /// Off the screen instead of not displayed: programs look for the latter. It takes no room, and nothing that is in it
    /// can be reached.
    pub(crate) fn style(&self) -> String {
        format!(
            ".{}{{position:absolute!important;left:-9999px!important;width:1px!important;height:1px!important;\
             overflow:hidden!important}}\n",
            self.class
        )
    }

    /// What is put into a form. People whose browser loads no style see what to do; those who listen hear nothing of it.
    /// The `data-` attributes are what password managers ask for to keep out.
    pub(crate) fn html(&self, styled: bool) -> String {
        let Self { name, class } = self;
        let (style, hidden) = if styled {
            (format!("<link rel=\"stylesheet\" href=\"/.spigot/{STYLE}?{class}\">"), String::new())
        } else {
            (String::new(), " hidden".to_owned())
        };
        format!(
            "{style}<div class=\"{class}\" aria-hidden=\"true\"{hidden}><label>Leave this empty <input type=\"text\" \
             name=\"{name}\" value=\"\" tabindex=\"-1\" autocomplete=\"off\" data-1p-ignore data-bwignore \
             data-lpignore=\"true\" data-form-type=\"other\"></label></div>"
        )
    }
}

/// The style as a file. It may be kept: its address has the class in it.
pub(crate) fn style_file(field: &Honeypot) -> Response<Through> {
    let mut response = plain(StatusCode::OK, "text/css", field.style());
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("max-age=86400"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_for_each_deployment() {
        let names: std::collections::HashSet<String> =
            (0..100).map(|key| Honeypot::new(&Keys(key, 1)).name).collect();
        assert_eq!(names.len(), 100);
        let field = Honeypot::new(&Keys(1, 1));
        assert_eq!(field.name, Honeypot::new(&Keys(1, 1)).name, "and the same after a restart");
        assert!(field.name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'), "{}", field.name);
        assert!(field.style().contains(&field.class) && !field.style().contains("display"));
        assert!(field.html(true).contains("form.css") && !field.html(true).contains(" hidden"));
        assert!(field.html(false).contains(" hidden>") && !field.html(false).contains("form.css"));
    }
}
