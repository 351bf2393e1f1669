//! `/admin/schema.json`: the shape of registrations, as JSON Schema.

use alloc::borrow::ToOwned as _;
use alloc::vec;

use super::handled::{Handled, Refused};
use crate::request::Request;
use crate::response::Response;

/// Written by `make documents`.
const SCHEMA: &str = include_str!("../../../core/schema.json");

pub(super) fn schema(request: &Request) -> Handled {
    if !matches!(request.method.as_str(), "GET" | "HEAD") {
        return Err(Refused::Method("GET, HEAD"));
    }
    let headers = vec![
        ("content-type", "application/schema+json".to_owned()),
        ("cache-control", "no-store".to_owned()),
        ("x-content-type-options", "nosniff".to_owned()),
    ];
    Ok(Response { status: 200, headers, body: SCHEMA.as_bytes().to_vec() })
}
