//! A small issuer of Privacy Pass tokens and its client: blind RSA (RFC 9474) as in RFC 9578, section 6.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE;
use num_bigint::BigUint;
use sha2::{Digest, Sha256, Sha384};

/// The issuer's key of RFC 9578, appendix B.2: the public key as it is published, and the private exponent.
const PUBLISHED: &str = "30820152303d06092a864886f70d01010a3030a00d300b0609608648016503040202a11a301806092a864886f70d010108300b0609608648016503040202a2030201300382010f003082010a0282010100cb1aed6b6a95f5b1ce013a4cfcab25b94b2e64a23034e4250a7eab43c0df3a8c12993af12b111908d4b471bec31d4b6c9ad9cdda90612a2ee903523e6de5a224d6b02f09e5c374d0cfe01d8f529c500a78a2f67908fa682b5a2b430c81eaf1af72d7b5e794fc98a3139276879757ce453b526ef9bf6ceb99979b8423b90f4461a22af37aab0cf5733f7597abe44d31c732db68a181c6cbbe607d8c0e52e0655fd9996dc584eca0be87afbcd78a337d17b1dba9e828bbd81e291317144e7ff89f55619709b096cbb9ea474cead264c2073fe49740c01f00e109106066983d21e5f83f086e2e823c879cd43cef700d2a352a9babd612d03cad02db134b7e225a5f0203010001";
const PRIVATE: &str = "2f309b7738b58cf779f0c915f822dfc9f490dbeadf1e7adfac578ffd5703c6bba2da9d5a49725889b7ba112f8c6ff30551d9473e000bc35c50e167ab7fa73a0c2b21965c4b59257c1ac06cbdcf28e863f6718ea8c29043c1c6da84629490fd0491bf52d172c959c1921b96949c725747b8a7c7871995fa0b9eb1107ba854c6c32a6f4747c5d1c304c7467d55b080aa233a3a52ffdf26114cbb541ffa6b696b7a096f8dcff69ca08ab58efb0fb753aa5185c73001696bbce8c099e3f435dcbbfe05e7dbaad23db2a659c23add521407f150b1af2d9054c4164229d6840b7a32a4f8481493ae8959cf0aea8def0c3c9f75b9a34c75718b7072c8dbab17cefeca49";

fn unhex(text: &str) -> Vec<u8> {
    (0..text.len() / 2).map(|at| u8::from_str_radix(&text[2 * at..2 * at + 2], 16).unwrap()).collect()
}

pub(super) fn token_key() -> String {
    URL_SAFE.encode(unhex(PUBLISHED))
}

fn modulus() -> BigUint {
    BigUint::from_bytes_be(&unhex(PUBLISHED)[81..81 + 256])
}

fn bytes256(number: &BigUint) -> Vec<u8> {
    let bytes = number.to_bytes_be();
    [vec![0; 256 - bytes.len()], bytes].concat()
}

/// The issuer: signs what it is given, and cannot know what that is.
fn blind_sign(blinded: &[u8]) -> Vec<u8> {
    let private = BigUint::from_bytes_be(&unhex(PRIVATE));
    bytes256(&BigUint::from_bytes_be(blinded).modpow(&private, &modulus()))
}

/// The client: answers a challenge with a fresh token, as a value for `Authorization`.
pub(super) fn answer(offered: &str, nonce: [u8; 32]) -> String {
    let challenge = offered.split_once("challenge=\"").unwrap().1.split_once('"').unwrap().0;
    let challenge = URL_SAFE.decode(challenge).unwrap();
    let key = offered.split_once("token-key=\"").unwrap().1.split_once('"').unwrap().0;
    let key = URL_SAFE.decode(key).unwrap();
    let input = [&[0, 2][..], &nonce, &Sha256::digest(&challenge), &Sha256::digest(&key)].concat();
    let (n, e) = (modulus(), BigUint::from(65_537u32));
    let message = BigUint::from_bytes_be(&encoded(&input, [9; 48]));
    let blind = BigUint::from_bytes_be(&Sha384::digest(nonce));
    let blinded = bytes256(&(message * blind.modpow(&e, &n) % &n));
    let signed = BigUint::from_bytes_be(&blind_sign(&blinded));
    let signature = bytes256(&(signed * blind.modinv(&n).unwrap() % &n));
    format!("PrivateToken token=\"{}\"", URL_SAFE.encode([input, signature].concat()))
}

/// EMSA-PSS with SHA-384 and a salt of 48 bytes, for 2048 bits (RFC 8017, section 9.1.1).
fn encoded(message: &[u8], salt: [u8; 48]) -> Vec<u8> {
    let digest = Sha384::digest(message);
    let hash = Sha384::digest([&[0; 8][..], &digest, &salt].concat());
    let mut masked = [&[0; 158][..], &[1], &salt].concat();
    let mask = (0u32..5).flat_map(|count| Sha384::digest([&hash[..], &count.to_be_bytes()].concat()));
    masked.iter_mut().zip(mask).for_each(|(byte, mask)| *byte ^= mask);
    masked[0] &= 0x7f;
    [&masked[..], &hash, &[0xbc]].concat()
}
