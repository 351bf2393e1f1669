//! The admin API: registering organizations, trusted issuers and applications, and looking after keys.

mod applications;
mod apply;
mod body;
mod explain;
mod keys;
mod organizations;
mod trusted_issuers;

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use asserta_core::field::FieldError;
use asserta_core::jose::digest;
use asserta_core::oauth::Form;
use asserta_core::organization::OrganizationId;
use asserta_core::ports::Ports;
use asserta_core::service::{Listing, Page, UnreadableItem};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;

use crate::endpoint::{NotStarted, Started};
use crate::problem::Problem;
use crate::request::Request;
use crate::response::{Response, json};

/// What a handler comes to. `Err(Refused::Method)` lists the methods that the path has.
type Handled = Result<Response, Refused>;

/// Why a request to the admin API is refused.
enum Refused {
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

/// Serves the paths below `/admin`.
pub(crate) async fn serve<P: Ports>(
    started: Result<&Started<P>, NotStarted>,
    segments: &[&str],
    request: &Request,
) -> Response {
    let handled = match started {
        Ok(started) => handle(started, segments, request).await,
        Err(not_started) => Err(not_started.into()),
    };
    match handled {
        Ok(response) => response,
        Err(Refused::Problem(problem)) => problem.response(),
        Err(Refused::Method(allow)) => Problem::response_allowing(allow),
    }
}

async fn handle<P: Ports>(started: &Started<P>, segments: &[&str], request: &Request) -> Handled {
    authorize(started.admin_token_sha256, request)?;
    let service = &started.service;
    let (organization, below) = match segments {
        ["apply"] => return apply::apply(service, request).await,
        ["organizations"] => return organizations::collection(service, request).await,
        ["organizations", name, below @ ..] => (OrganizationId::parse(name)?, below),
        _ => return Err(Problem::not_found().into()),
    };
    match below {
        [] => organizations::one(service, &organization, request).await,
        ["trusted-issuers"] => trusted_issuers::collection(service, &organization, request).await,
        ["trusted-issuers", name] => trusted_issuers::one(service, &organization, name, request).await,
        ["applications"] => applications::collection(service, &organization, request).await,
        ["applications", client_id] => applications::one(service, &organization, client_id, request).await,
        ["applications", client_id, "secret"] => {
            applications::secret(service, &organization, client_id, request).await
        }
        ["keys"] => keys::collection(service, &organization, request).await,
        ["keys", "rotate"] => keys::rotate(service, &organization, request).await,
        ["explain"] => explain::explain(service, &organization, request).await,
        _ => Err(Problem::not_found().into()),
    }
}

/// Without an admin token in the settings there is no admin API: 404, whatever is sent.
fn authorize(token_sha256: Option<[u8; 32]>, request: &Request) -> Result<(), Problem> {
    let expected = token_sha256.ok_or_else(Problem::not_found)?;
    let header = request.header("authorization").ok().flatten().unwrap_or_default();
    let token = match header.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => token.trim(),
        _ => return Err(Problem::unauthorized()),
    };
    // Digests are compared: their length says nothing about that of the token.
    if digest::equal_in_constant_time(&digest::sha256(token.as_bytes()), &expected) {
        Ok(())
    } else {
        Err(Problem::unauthorized())
    }
}

/// For paths that are asked to do something, and nothing else.
fn post_only(request: &Request) -> Result<(), Refused> {
    if request.method == "POST" { Ok(()) } else { Err(Refused::Method("POST")) }
}

/// Which part of a list the query asks for: `limit` (1 to 100; more counts as 100) and `after`.
fn page(request: &Request) -> Result<Page, Problem> {
    let query = request.query.as_deref().unwrap_or_default();
    let malformed = |_| Problem::from(FieldError::new("query", "must be well-formed, each parameter once"));
    let form = Form::parse(query.as_bytes()).map_err(malformed)?;
    let limit = match form.one("limit").map_err(malformed)? {
        None => None,
        Some(text) => match text.parse() {
            Ok(limit) if limit > 0 => Some(limit),
            _ => return Err(FieldError::new("limit", "must be a number from 1 to 100").into()),
        },
    };
    Ok(Page { limit, after: form.one("after").map_err(malformed)?.map(ToOwned::to_owned) })
}

/// A part of a list. `next` is the `after` of the next page; null at the end.
fn list<'a, T, V: Serialize>(listing: &'a Listing<T>, view: impl Fn(&'a T) -> V) -> Response {
    #[derive(Serialize)]
    struct List<'a, V> {
        items: Vec<V>,
        next: Option<&'a str>,
        /// Those whose records can't be read (R74). Absent where there are none.
        #[serde(skip_serializing_if = "<[_]>::is_empty")]
        unreadable: &'a [UnreadableItem],
    }
    let items = listing.items.iter().map(view).collect();
    json(200, &List { items, next: listing.next.as_deref(), unreadable: &listing.unreadable })
}

/// 201, with the address of what was created.
fn created(location: String, value: &impl Serialize) -> Response {
    let mut response = json(201, value);
    response.headers.push(("location", location));
    response
}

/// The address of something in an organization.
fn location(organization: &OrganizationId, collection: &str, name: &str) -> String {
    /// All but the unreserved characters of RFC 3986 section 2.3.
    const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
    let name = utf8_percent_encode(name, RESERVED);
    format!("/admin/organizations/{organization}/{collection}/{name}")
}
