//! What a handler comes to.

use alloc::format;
use alloc::string::String;

use asserta_core::organization::OrganizationId;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;

use crate::problem::Problem;
use crate::request::Request;
use crate::response::{Response, json};

/// A response. `Err(Refused::Method)` lists the methods that the path has.
pub(super) type Handled = Result<Response, Refused>;

/// Why a request to the admin API is refused.
pub(super) enum Refused {
    /// With problem details.
    Problem(Problem),
    /// Because the path has only these methods.
    Method(&'static str),
}

impl<E: Into<Problem>> From<E> for Refused {
    fn from(error: E) -> Self {
        Self::Problem(error.into())
    }
}

/// For paths that are asked to do something, and nothing else.
pub(super) fn post_only(request: &Request) -> Result<(), Refused> {
    if request.method == "POST" { Ok(()) } else { Err(Refused::Method("POST")) }
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
