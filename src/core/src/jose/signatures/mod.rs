//! Signatures behind one trait, and its implementations: portable Rust, jwt-simple, the host's own.

use alloc::vec::Vec;
use core::fmt;

use super::algorithm::Algorithm;
use super::key::{PublicKey, SigningKey};

mod by_host;
pub(super) mod es256;
#[cfg(feature = "jwt-simple")]
mod jwt_simple;
mod of_our_tokens;
mod portable;
pub(super) mod rsa;

pub use by_host::{ByHost, HostSignatures};
#[cfg(feature = "jwt-simple")]
pub use jwt_simple::JwtSimple;
pub use of_our_tokens::OfOurTokens;
pub use portable::Portable;

/// Verifies signatures and makes them. An implementation gives the verdict on the signature and on nothing
/// else: which key, algorithm and claims are acceptable is decided elsewhere.
pub trait Signatures {
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

    /// Signs `signing_input` with a key of ours, in the form of RFC 7518 section 3. `random` are 32 fresh random bytes.
    ///
    /// # Errors
    /// [`SigningFailed`], which only an implementation outside of this crate has reason to answer.
    fn sign(
        &self,
        key: &SigningKey,
        signing_input: &[u8],
        random: &[u8; 32],
    ) -> Result<Vec<u8>, SigningFailed> {
        Ok(key.sign(signing_input, random))
    }
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

/// The host did not sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SigningFailed;

impl fmt::Display for SigningFailed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the host did not sign")
    }
}

impl core::error::Error for SigningFailed {}
