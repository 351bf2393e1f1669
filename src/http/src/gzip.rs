//! What is compressed when this crate is built: the console and the descriptions of the admin API.

use alloc::borrow::ToOwned as _;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use miniz_oxide::inflate::decompress_to_vec;

use crate::request::Request;
use crate::response::Response;

/// The head of a member that `build.rs` writes, which has no name in it, and what follows the data (RFC 1952 section 2.3).
const HEAD: usize = 10;
const TRAILER: usize = 8;

/// A description of the admin API, from the gzip member that it is in here: as it is to who says that this is
/// acceptable, else unpacked. Tools that read such descriptions often do no more than the latter.
pub(crate) fn description(request: &Request, member: &[u8], media_type: &str) -> Response {
    let mut headers = vec![
        ("content-type", media_type.to_owned()),
        ("cache-control", "no-store".to_owned()),
        ("vary", "accept-encoding".to_owned()),
        ("x-content-type-options", "nosniff".to_owned()),
    ];
    let body = if matches!(request.header("accept-encoding"), Ok(Some(_))) && is_acceptable(request) {
        headers.push(("content-encoding", "gzip".to_owned()));
        member.to_vec()
    } else {
        decompress_to_vec(&member[HEAD..member.len() - TRAILER]).expect("our own build compressed it")
    };
    Response { status: 200, headers, body }
}

/// Whether a gzip member is acceptable (RFC 9110 section 12.5.3).
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
