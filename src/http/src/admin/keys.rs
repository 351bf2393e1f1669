//! `/admin/organizations/{org}/keys`: our own keys, never their private part.

use alloc::vec::Vec;

use asserta_core::organization::OrganizationId;
use asserta_core::ports::Ports;
use asserta_core::service::{KeyList, Service, SigningKeyInfo};

use super::body;
use super::handled::{Handled, Refused, post_only};
use crate::request::Request;
use crate::response::{Response, json};

fn keys(items: Vec<SigningKeyInfo>) -> Response {
    json(200, &KeyList::from(items))
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
    body::nothing(request)?;
    Ok(keys(service.signing_keys().rotate(organization).await?))
}
