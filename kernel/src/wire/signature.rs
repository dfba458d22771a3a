//! HMAC-SHA256 over header, parent header, metadata and content.

use hmac::{Hmac, Mac};
use sha2::Sha256;

/// Signs and verifies with the connection's key; without a key everything is accepted and nothing signed.
#[derive(Clone)]
pub struct Signer {
    keyed: Option<Hmac<Sha256>>,
}

impl std::fmt::Debug for Signer {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Never the key.
        formatter.debug_struct("Signer").field("keyed", &self.keyed.is_some()).finish()
    }
}

impl Signer {
    /// For the key of a connection file.
    pub fn new(key: &str) -> Self {
        let keyed = (!key.is_empty()).then(|| Hmac::new_from_slice(key.as_bytes()).ok()).flatten();
        Self { keyed }
    }

    /// The signature as Jupyter writes it: lower-case hexadecimal, empty without a key.
    pub fn sign<'a>(&self, parts: impl IntoIterator<Item = &'a [u8]>) -> String {
        let Some(keyed) = &self.keyed else { return String::new() };
        let digest = updated(keyed, parts).finalize().into_bytes();
        digest.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// Whether `signature` belongs to `parts`; takes the same time wherever they differ.
    pub fn verify<'a>(&self, parts: impl IntoIterator<Item = &'a [u8]>, signature: &[u8]) -> bool {
        let Some(keyed) = &self.keyed else { return true };
        let Some(given) = unhex(signature) else { return false };
        updated(keyed, parts).verify_slice(&given).is_ok()
    }
}

fn updated<'a>(keyed: &Hmac<Sha256>, parts: impl IntoIterator<Item = &'a [u8]>) -> Hmac<Sha256> {
    let mut keyed = keyed.clone();
    parts.into_iter().for_each(|part| keyed.update(part));
    keyed
}

fn unhex(text: &[u8]) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let pairs = text.chunks(2).map(|pair| match pair {
        [high, low] => Some(digit(*high)? * 16 + digit(*low)?),
        _ => None,
    });
    pairs.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_is_that_of_the_standard() {
        // RFC 4231, test case 2.
        let signer = Signer::new("Jefe");
        let parts = [&b"what do ya want "[..], &b"for nothing?"[..]];
        let signature = signer.sign(parts);
        assert_eq!(signature, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
        assert!(signer.verify(parts, signature.as_bytes()));
        assert!(signer.verify(parts, signature.to_uppercase().as_bytes()));
        assert!(!signer.verify(parts, signature.replace('5', "6").as_bytes()));
        assert!(!signer.verify(parts, &signature.as_bytes()[..20]));
        assert!(!signer.verify(parts, b""));
        assert!(!signer.verify(parts, "ä".as_bytes()));
    }

    #[test]
    fn without_a_key_everything_passes_unsigned() {
        let signer = Signer::new("");
        assert_eq!(signer.sign([&b"x"[..]]), "");
        assert!(signer.verify([&b"x"[..]], b"whatever"));
    }
}
