use spigot_intel::Digest;
use zeroize::Zeroizing;

/// A password that somebody sent. It cannot be printed, compared or copied, and is overwritten in the end; all that can be
/// done with it is to make its digest. The body that it came in is the application's, and goes on to it.
pub(crate) struct Password(Zeroizing<String>);

/// Longer ones are cut: no corpus has them, and hashing costs time.
const BYTES_MAX: usize = 1024;

impl Password {
    /// `None` for none: what is empty is not looked up.
    pub(crate) fn of(text: Zeroizing<String>) -> Option<Self> {
        (!text.is_empty()).then_some(Self(text))
    }

    pub(super) fn digest(self) -> Digest {
        let bytes = self.0.as_bytes();
        Digest::of(&bytes[..bytes.len().min(BYTES_MAX)])
    }
}

impl std::fmt::Debug for Password {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Password(..)")
    }
}
