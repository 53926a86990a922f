use base64::Engine;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

/// Base 64 for addresses (RFC 4648, section 5): written without padding, read with or without it.
const URL: GeneralPurpose = GeneralPurpose::new(
    &alphabet::URL_SAFE,
    GeneralPurposeConfig::new()
        .with_encode_padding(false)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent),
);
const PADDED: GeneralPurpose = GeneralPurpose::new(&alphabet::URL_SAFE, GeneralPurposeConfig::new());

pub(crate) fn from_base64url(text: &str) -> Option<Vec<u8>> {
    URL.decode(text).ok()
}

pub(crate) fn base64url(bytes: &[u8]) -> String {
    URL.encode(bytes)
}

pub(crate) fn base64url_padded(bytes: &[u8]) -> String {
    PADDED.encode(bytes)
}
