//! SHA-256, and comparison in constant time.

use alloc::string::String;

use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use super::base64url;

/// The SHA-256 digest of `bytes`.
#[must_use]
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

/// The SHA-256 digest of `bytes` as base64url: 43 characters, safe in store keys and log lines.
#[must_use]
pub fn sha256_base64url(bytes: &[u8]) -> String {
    base64url::encode(&sha256(bytes))
}

/// Whether two byte strings are equal, in time that depends on their lengths only (R23).
#[must_use]
pub fn equal_in_constant_time(a: &[u8], b: &[u8]) -> bool {
    a.ct_eq(b).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sha256_of_abc() {
        // FIPS 180-4, the example of one block.
        assert_eq!(sha256_base64url(b"abc"), "ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0");
    }

    #[test]
    fn r23_equality() {
        assert!(equal_in_constant_time(b"", b""));
        assert!(equal_in_constant_time(b"secret", b"secret"));
        assert!(!equal_in_constant_time(b"secret", b"secreT"));
        assert!(!equal_in_constant_time(b"secret", b"secret "));
    }
}
