//! `/admin/openapi.json`: the HTTP interface as OpenAPI 3.1, this API and the endpoints beside it.

use alloc::borrow::ToOwned as _;
use alloc::vec;

use super::handled::{Handled, Refused};
use crate::gzip;
use crate::problem::Problem;
use crate::request::Request;
use crate::response::Response;

/// `openapi.json`, which `make documents` writes, as a gzip member: a tenth of its size.
const DOCUMENT: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/openapi.json.gz"));

pub(super) fn openapi(request: &Request) -> Handled {
    if !matches!(request.method.as_str(), "GET" | "HEAD") {
        return Err(Refused::Method("GET, HEAD"));
    }
    if !gzip::is_acceptable(request) {
        return Err(Problem::not_acceptable().into());
    }
    let headers = vec![
        ("content-type", "application/json".to_owned()),
        ("content-encoding", "gzip".to_owned()),
        ("cache-control", "no-store".to_owned()),
        ("vary", "accept-encoding".to_owned()),
        ("x-content-type-options", "nosniff".to_owned()),
    ];
    Ok(Response { status: 200, headers, body: DOCUMENT.to_vec() })
}
