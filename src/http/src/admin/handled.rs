//! What a handler comes to.

use alloc::format;
use alloc::string::String;

use asserta_core::organization::OrganizationId;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;

use crate::problem::Problem;
use crate::response::{Response, json};

/// A response.
pub(super) type Handled = Result<Response, Refused>;

/// Why a request to the admin API is refused.
pub(super) enum Refused {
    /// With problem details.
    Problem(Problem),
    /// Because the path does not have this method.
    Method,
}

impl<E: Into<Problem>> From<E> for Refused {
    fn from(error: E) -> Self {
        Self::Problem(error.into())
    }
}

/// 201, with the address of what was created.
pub(super) fn created(location: String, value: &impl Serialize) -> Response {
    let mut response = json(201, value);
    response.headers.push(("location", location));
    response
}

/// The address of something in an organization.
pub(super) fn location(organization: &OrganizationId, collection: &str, name: &str) -> String {
    /// All but the unreserved characters of RFC 3986 section 2.3.
    const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
    let name = utf8_percent_encode(name, RESERVED);
    format!("/admin/organizations/{organization}/{collection}/{name}")
}
