//! `/admin/organizations/{org}/keys`: our own keys, never their private part.

use asserta_core::oauth::HttpAnswer;
use asserta_core::organization::OrganizationId;
use asserta_core::service::{Service, SigningKeyInfo};
use serde::Serialize;
use spin_sdk::http::Method;

use super::{Handled, Refused, post_only};
use crate::http::{Incoming, json};
use crate::ports::SpinPorts;

/// All keys of an organization, oldest first: there are too few for pages.
#[derive(Serialize)]
struct Keys {
    items: Vec<SigningKeyInfo>,
    next: (),
}

fn keys(items: Vec<SigningKeyInfo>) -> HttpAnswer {
    json(200, &Keys { items, next: () })
}

pub(super) async fn collection(
    service: &Service<SpinPorts>,
    organization: &OrganizationId,
    request: &mut Incoming,
) -> Handled {
    match request.method {
        Method::GET | Method::HEAD => Ok(keys(service.signing_keys(organization).await?)),
        _ => Err(Refused::Method("GET, HEAD")),
    }
}

pub(super) async fn rotate(
    service: &Service<SpinPorts>,
    organization: &OrganizationId,
    request: &mut Incoming,
) -> Handled {
    post_only(request)?;
    Ok(keys(service.rotate_keys(organization).await?))
}
