//! What is compressed when this crate is built, and served so.

use alloc::string::String;
use alloc::vec::Vec;

use crate::request::Request;

/// Whether a gzip member is acceptable (RFC 9110 section 12.5.3): there is no other form of it in here.
pub(crate) fn is_acceptable(request: &Request) -> bool {
    let Ok(Some(accepted)) = request.header("accept-encoding") else {
        return true;
    };
    let weight = |coding: &str| {
        let mut parts = coding.split(';').map(str::trim);
        let name = parts.next().unwrap_or_default();
        let refused = parts.any(|part| {
            part.strip_prefix("q=")
                .is_some_and(|weight| weight.bytes().all(|byte| matches!(byte, b'0' | b'.')))
        });
        (name.to_ascii_lowercase(), !refused)
    };
    let codings: Vec<(String, bool)> = accepted.split(',').map(weight).collect();
    let named = |wanted: &[&str]| codings.iter().find(|(name, _)| wanted.contains(&name.as_str()));
    named(&["gzip", "x-gzip"]).or_else(|| named(&["*"])).is_some_and(|(_, is_taken)| *is_taken)
}
