//! Signature verification behind one trait, and the default implementation of it.

use core::fmt;

use rsa::pkcs1v15;
use rsa::pss;
use rsa::signature::Verifier as _;
use sha2::{Digest as _, Sha256, Sha384, Sha512};

use super::algorithm::Algorithm;
use super::public_key::{Material, PublicKey};

/// Verifies signatures. An implementation gives the verdict on the signature and on nothing else:
/// which key, algorithm and claims are acceptable is decided elsewhere.
pub trait SignatureVerifier {
    /// Verifies `signature`, in the form of RFC 7518 section 3, over `signing_input`.
    ///
    /// # Errors
    /// [`BadSignature`] if it does not verify, or if `algorithm` does not fit `key`.
    fn verify(
        &self,
        algorithm: Algorithm,
        key: &PublicKey,
        signing_input: &[u8],
        signature: &[u8],
    ) -> Result<(), BadSignature>;
}

/// The signature does not verify (R33). There is no reason: none would help but an attacker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BadSignature;

impl fmt::Display for BadSignature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the signature does not verify")
    }
}

impl core::error::Error for BadSignature {}

/// The default verifier: pure Rust, `no_std`, the same code on every host.
#[derive(Debug, Clone, Copy, Default)]
pub struct Portable;

impl SignatureVerifier for Portable {
    fn verify(
        &self,
        algorithm: Algorithm,
        key: &PublicKey,
        signing_input: &[u8],
        signature: &[u8],
    ) -> Result<(), BadSignature> {
        let good = match (&key.0, algorithm) {
            (Material::Rsa(key), Algorithm::Rs256) => {
                key.pkcs1v15_verify::<Sha256>(signing_input, signature).is_ok()
            }
            _ => false,
        };
        if good { Ok(()) } else { Err(BadSignature) }
    }
}
