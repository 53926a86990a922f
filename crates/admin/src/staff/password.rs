//! Passwords: Argon2id (RFC 9106), 64 MiB and three passes as its second recommended choice says, one lane because
//! several sign-ins may be at work at once. Memory is bounded by how many threads the admin port has.

use argon2::{Algorithm, Argon2, Params, Version};
use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD as BASE64;
use subtle::ConstantTimeEq;

/// Characters of a password at least. Length is all that is asked for (NIST SP 800-63B, section 3.1.1.2).
pub const PASSWORD_MIN: usize = 12;
/// Bytes at most: what somebody types is shorter, and hashing has a bound.
const PASSWORD_BYTES_MAX: usize = 1024;
const MEMORY_KIB: u32 = 64 << 10;
const PASSES: u32 = 3;
const SALT_BYTES: usize = 16;
const HASH_BYTES: usize = 32;

/// Checks whether a new password will do.
///
/// # Errors
/// What is wrong with it.
pub fn check_new(password: &str, name: &str) -> Result<(), String> {
    if password.chars().count() < PASSWORD_MIN {
        return Err(format!("a password has at least {PASSWORD_MIN} characters; a few words do well"));
    }
    if password.len() > PASSWORD_BYTES_MAX {
        return Err(format!("a password has at most {PASSWORD_BYTES_MAX} bytes"));
    }
    let lower = password.to_lowercase();
    let mut characters = lower.chars();
    let first = characters.next();
    if lower.contains(&name.to_lowercase()) || characters.all(|character| Some(character) == first) {
        return Err("that password is too easy to guess: it is your name or one character; take a few words"
            .to_owned());
    }
    Ok(())
}

/// `argon2id$m$t$salt$hash`.
pub(crate) fn hash(password: &str) -> Result<String, String> {
    let mut salt = [0; SALT_BYTES];
    getrandom::fill(&mut salt).map_err(|error| format!("the system has no randomness: {error}"))?;
    let hash = derive(password, &salt, MEMORY_KIB, PASSES)?;
    Ok(format!("argon2id${MEMORY_KIB}${PASSES}${}${}", BASE64.encode(salt), BASE64.encode(hash)))
}

/// Whether it is the password. `None` for somebody who has none, or does not exist: it takes as long.
pub(crate) fn verify(password: &str, kept: Option<&str>) -> bool {
    let read = kept.and_then(parse);
    let known = read.is_some();
    let (memory, passes, salt, expected) =
        read.unwrap_or_else(|| (MEMORY_KIB, PASSES, vec![0; SALT_BYTES], vec![0; HASH_BYTES]));
    if password.len() > PASSWORD_BYTES_MAX {
        return false;
    }
    let Ok(hash) = derive(password, &salt, memory, passes) else { return false };
    bool::from(hash.as_slice().ct_eq(&expected)) && known
}

fn parse(kept: &str) -> Option<(u32, u32, Vec<u8>, Vec<u8>)> {
    let mut parts = kept.split('$');
    if parts.next()? != "argon2id" {
        return None;
    }
    let (memory, passes) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
    let (salt, hash) = (BASE64.decode(parts.next()?).ok()?, BASE64.decode(parts.next()?).ok()?);
    (hash.len() == HASH_BYTES).then_some((memory, passes, salt, hash))
}

fn derive(password: &str, salt: &[u8], memory_kib: u32, passes: u32) -> Result<[u8; HASH_BYTES], String> {
    let params = Params::new(memory_kib, passes, 1, Some(HASH_BYTES)).map_err(|error| error.to_string())?;
    let mut hash = [0; HASH_BYTES];
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into(password.as_bytes(), salt, &mut hash)
        .map_err(|error| error.to_string())?;
    Ok(hash)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_password_is_the_password() {
        let kept = hash("correct horse battery").unwrap();
        assert!(verify("correct horse battery", Some(&kept)));
        assert!(!verify("correct horse batterz", Some(&kept)));
        assert!(!verify("correct horse battery", None));
        assert!(!verify("correct horse battery", Some("argon2id$damaged")));
        assert_ne!(kept, hash("correct horse battery").unwrap(), "salted");
    }

    #[test]
    fn easy_ones_are_refused() {
        let check = |password: &str, said: &str| {
            let error = check_new(password, "ada").unwrap_err();
            assert!(error.contains(said), "{password}: {error}");
        };
        check("short", "at least 12");
        check("aaaaaaaaaaaaaa", "easy to guess");
        check("ADAADAADAADA", "easy to guess");
        check(&"x1".repeat(600), "at most 1024");
        assert_eq!(check_new("four plain words here", "ada"), Ok(()));
    }
}
