//! base64url without padding (RFC 7515 section 2), read strictly.
//!
//! One byte string has exactly one encoding here: padding, white space, the `+/` alphabet and
//! trailing bits that are not zero are all refused (R30), so that a token has no second spelling.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// The text is not canonical base64url.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotBase64Url;

impl fmt::Display for NotBase64Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not base64url without padding")
    }
}

impl core::error::Error for NotBase64Url {}

/// Encodes bytes as base64url without padding.
#[must_use]
pub fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Decodes canonical base64url without padding.
///
/// # Errors
/// [`NotBase64Url`] for anything that [`encode`] would not have written.
pub fn decode(text: &str) -> Result<Vec<u8>, NotBase64Url> {
    URL_SAFE_NO_PAD.decode(text).map_err(|_| NotBase64Url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r30_one_spelling_only() {
        assert_eq!(decode("").as_deref(), Ok(&b""[..]));
        assert_eq!(decode("-_8").as_deref(), Ok(&[0xfb, 0xff][..]));
        for refused in ["-_9", "-_8=", "+/8", " -_8", "-_8\n", "-_ 8", "A", "-_8\0", "-_é", "-_8."] {
            assert_eq!(decode(refused), Err(NotBase64Url), "{refused:?}");
        }
    }

    #[test]
    fn every_length_comes_back() {
        for length in 0..70u8 {
            let bytes: Vec<u8> = (0..length).map(|i| i.wrapping_mul(37)).collect();
            assert_eq!(decode(&encode(&bytes)), Ok(bytes));
        }
    }
}
