//! `/admin/organizations/{org}/keys`: our own keys, never their private part.

use alloc::vec::Vec;

use asserta_core::organization::OrganizationId;
use asserta_core::ports::Ports;
use asserta_core::service::{Service, SigningKeyInfo};
use serde::Serialize;

use super::handled::{Handled, Refused, post_only};
use crate::request::Request;
use crate::response::{Response, json};

/// All keys of an organization, oldest first: there are too few for pages.
#[derive(Serialize)]
struct Keys {
    items: Vec<SigningKeyInfo>,
    next: (),
}

fn keys(items: Vec<SigningKeyInfo>) -> Response {
    json(200, &Keys { items, next: () })
}

pub(super) async fn collection(
    service: &Service<impl Ports>,
    organization: &OrganizationId,
    request: &Request,
) -> Handled {
    match request.method.as_str() {
        "GET" | "HEAD" => Ok(keys(service.signing_keys().list(organization).await?)),
        _ => Err(Refused::Method("GET, HEAD")),
    }
}

pub(super) async fn rotate(
    service: &Service<impl Ports>,
    organization: &OrganizationId,
    request: &Request,
) -> Handled {
    post_only(request)?;
    Ok(keys(service.signing_keys().rotate(organization).await?))
}
