use http::StatusCode;

/// Why a request is refused before anybody has looked at what it asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    RequestLine,
    Target,
    LineEnd,
    Folded,
    FieldName,
    Control,
    TwoLengths,
    Length,
    Coding,
    OldCoding,
    HeadTooLarge,
    TooManyFields,
    TargetTooLong,
    HeadLate,
    BodyLate,
}

impl Refusal {
    pub(crate) fn status(self) -> StatusCode {
        match self {
            Self::HeadTooLarge | Self::TooManyFields => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            Self::TargetTooLong => StatusCode::URI_TOO_LONG,
            Self::HeadLate | Self::BodyLate => StatusCode::REQUEST_TIMEOUT,
            _ => StatusCode::BAD_REQUEST,
        }
    }

    /// A stable word for programs, and a title.
    pub(crate) fn name(self) -> (&'static str, &'static str) {
        match self.status() {
            StatusCode::BAD_REQUEST => ("bad_request", "This request cannot be understood in one way only"),
            StatusCode::REQUEST_TIMEOUT => ("too_slow", "This request took too long to come"),
            _ => ("too_large", "This request is too large"),
        }
    }

    /// What is wrong with it, for whoever wrote the client.
    pub(crate) fn why(self) -> &'static str {
        match self {
            Self::RequestLine => {
                "its first line is not a method, a target in UTF-8 and HTTP/1.0 or HTTP/1.1, one space between"
            }
            Self::Target => "its target is no path, no address of its own and no *",
            Self::LineEnd => "a line of its head does not end in CR LF",
            Self::Folded => "a field of its head is folded over two lines",
            Self::FieldName => "a field's name has a character that no name has, or a space before the colon",
            Self::Control => "its head has a control character",
            Self::TwoLengths => "its length is told in two ways",
            Self::Length => "its Content-Length is not one number",
            Self::Coding => "its Transfer-Encoding is not exactly: chunked",
            Self::OldCoding => "HTTP/1.0 has no Transfer-Encoding",
            Self::HeadTooLarge => "its head has too many bytes; send fewer or shorter fields",
            Self::TooManyFields => "its head has too many fields; send fewer",
            Self::TargetTooLong => "its target is too long; send the data in the body",
            Self::HeadLate => "its head was not complete in time; send it again, at once",
            Self::BodyLate => "its body came too slowly; send it again, without pauses",
        }
    }
}
