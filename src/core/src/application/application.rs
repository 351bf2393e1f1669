//! A registered application, its identifier and its secret.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::document::ApplicationMetadata;
use crate::field::FieldError;
use crate::jose::digest;

/// A registered application.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Application {
    /// Its public identifier.
    pub client_id: String,
    /// SHA-256 of its secret; the secret itself is stored nowhere (R23).
    pub secret_sha256: [u8; 32],
    /// When it was registered: seconds since 1970.
    pub created_at: u64,
    /// What it may do.
    pub metadata: ApplicationMetadata,
}

/// A client identifier: 1 to 128 unreserved characters of RFC 3986.
pub fn check_client_id(client_id: &str) -> Result<(), FieldError> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    if client_id.is_empty() || client_id.len() > 128 || !client_id.bytes().all(allowed) {
        return Err(FieldError::new("client_id", "must be 1 to 128 letters, digits, '-', '.', '_' or '~'"));
    }
    Ok(())
}

/// Reads `client_secret` or `client_secret_sha256` of a seed document into the digest that is stored.
pub fn secret_digest(secret: Option<&str>, sha256_hex: Option<&str>) -> Result<[u8; 32], FieldError> {
    match (secret, sha256_hex) {
        (Some(secret), None) if secret.len() >= 32 && secret.len() <= 256 => {
            Ok(digest::sha256(secret.as_bytes()))
        }
        (Some(_), None) => Err(FieldError::new(
            "client_secret",
            "must have 32 to 256 bytes; it should hold 256 random bits (openssl rand -hex 32)",
        )),
        (None, Some(hex)) => from_hex(hex).ok_or_else(|| {
            FieldError::new(
                "client_secret_sha256",
                "must be the SHA-256 of the secret as 64 hexadecimal digits",
            )
        }),
        _ => Err(FieldError::new(
            "client_secret",
            "exactly one of client_secret and client_secret_sha256 is needed",
        )),
    }
}

/// Reads 64 hexadecimal digits.
pub(crate) fn from_hex(text: &str) -> Option<[u8; 32]> {
    if text.len() != 64 || !text.is_ascii() {
        return None;
    }
    let mut bytes = [0; 32];
    for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks(2)) {
        let pair = core::str::from_utf8(pair).ok()?;
        if pair.starts_with('+') {
            return None;
        }
        *byte = u8::from_str_radix(pair, 16).ok()?;
    }
    Some(bytes)
}

/// Writes 64 hexadecimal digits.
pub(crate) fn to_hex(bytes: &[u8; 32]) -> String {
    bytes.iter().map(|byte| alloc::format!("{byte:02x}")).collect::<Vec<_>>().concat().to_string()
}
