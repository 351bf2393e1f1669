//! Responses as values.

use alloc::borrow::ToOwned as _;
use alloc::format;
use alloc::vec;
use alloc::vec::Vec;

use asserta_core::oauth::JsonResponse;
use serde::Serialize;

pub(crate) use asserta_core::oauth::HttpResponse as Response;

/// Any value as a JSON response with the headers of R1.
pub(crate) fn json(status: u16, value: &impl Serialize) -> Response {
    #[derive(Serialize)]
    #[serde(transparent)]
    struct Body<'a, T>(&'a T);
    impl<T: Serialize> JsonResponse for Body<'_, T> {}
    Body(value).response(status)
}

/// A response without a body.
pub(crate) fn empty(status: u16) -> Response {
    Response { status, headers: vec![("cache-control", "no-store".to_owned())], body: Vec::new() }
}

/// A public document in JSON, which caches may keep for so many seconds.
pub(crate) fn document(body: Vec<u8>, max_age: u64) -> Response {
    let headers = vec![
        ("content-type", "application/json".to_owned()),
        ("cache-control", format!("public, max-age={max_age}")),
        ("x-content-type-options", "nosniff".to_owned()),
    ];
    Response { status: 200, headers, body }
}
