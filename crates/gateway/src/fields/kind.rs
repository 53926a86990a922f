//! What a body is, as its sender names it.

/// The kinds of bodies whose fields are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Form,
    Multipart,
    Json,
    Other,
}

impl Kind {
    /// Media types are the same in any case (RFC 9110, section 8.3.1).
    pub(crate) fn of(content_type: &[u8]) -> Self {
        let starts = |kind: &[u8]| {
            content_type.get(..kind.len()).is_some_and(|start| start.eq_ignore_ascii_case(kind))
        };
        if starts(b"application/x-www-form-urlencoded") {
            Self::Form
        } else if starts(b"multipart/") {
            Self::Multipart
        } else if content_type.windows(4).any(|word| word.eq_ignore_ascii_case(b"json")) {
            Self::Json
        } else {
            Self::Other
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn in_any_case() {
        let check = |content_type: &str, expected: Kind| {
            assert_eq!(Kind::of(content_type.as_bytes()), expected, "{content_type}");
        };
        check("application/x-www-form-urlencoded; charset=utf-8", Kind::Form);
        check("Application/X-WWW-Form-URLencoded", Kind::Form);
        check("Multipart/Form-Data; boundary=b", Kind::Multipart);
        check("application/JSON", Kind::Json);
        check("application/vnd.shop+json", Kind::Json);
        check("text/plain", Kind::Other);
        check("", Kind::Other);
    }
}
