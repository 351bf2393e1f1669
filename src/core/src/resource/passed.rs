//! What a request that passes tells the resource.

use alloc::string::String;
use alloc::vec::Vec;

use super::percent::percent_encoded;
use crate::jose::base64url;

/// The claims of a token that was verified. [`Guard`](super::Guard) alone makes one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Passed {
    pub(super) subject: String,
    pub(super) client_id: String,
    pub(super) scope: String,
    pub(super) claims: String,
    pub(super) expires_at: u64,
    /// The thumbprint of the key that it is bound to (`cnf.jkt`).
    pub(super) bound_to: Option<String>,
}

impl Passed {
    /// `sub`: who it is about.
    #[must_use]
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// `client_id`: the application.
    #[must_use]
    pub fn client_id(&self) -> &str {
        &self.client_id
    }

    /// `scope`; empty where it has none.
    #[must_use]
    pub fn scope(&self) -> &str {
        &self.scope
    }

    /// All claims, as they were signed: the text of a strict JSON object.
    #[must_use]
    pub fn claims(&self) -> &str {
        &self.claims
    }

    /// `exp`: seconds since 1970.
    #[must_use]
    pub const fn expires_at(&self) -> u64 {
        self.expires_at
    }

    /// The headers that go on to the resource (R120). A text is written as it is, but for what no header can carry and for
    /// `%`, which are percent-encoded.
    #[must_use]
    pub fn headers(&self) -> Vec<(&'static str, String)> {
        Vec::from([
            ("x-asserta-subject", as_header(&self.subject)),
            ("x-asserta-client-id", as_header(&self.client_id)),
            ("x-asserta-scope", as_header(&self.scope)),
            ("x-asserta-claims", base64url::encode(self.claims.as_bytes())),
        ])
    }
}

/// Whether a header that a request brings has a name of ours, which must not reach the resource: in any case, and with
/// underscores for hyphens, which CGI and what follows it can't tell apart.
#[must_use]
pub fn is_our_header(name: &str) -> bool {
    let plain = |byte: u8| if byte == b'_' { b'-' } else { byte.to_ascii_lowercase() };
    let ours = b"x-asserta-";
    name.len() >= ours.len() && name.bytes().zip(ours).all(|(byte, our)| plain(byte) == *our)
}

fn as_header(text: &str) -> String {
    let last = text.len().saturating_sub(1);
    percent_encoded(text, &|index, byte| {
        // A space at an end would be cut off (RFC 9110 section 5.5).
        let is_inner_space = byte == b' ' && index != 0 && index != last;
        byte.is_ascii_graphic() && byte != b'%' || is_inner_space
    })
}
