//! `/admin/organizations/{org}/keys`: our own keys, never their private part.

use alloc::vec::Vec;

use asserta_core::organization::OrganizationId;
use asserta_core::ports::Ports;
use asserta_core::service::{KeyList, Service, SigningKeyInfo};

use super::body;
use super::handled::Handled;
use crate::request::Request;
use crate::response::{Response, json};

fn keys(items: Vec<SigningKeyInfo>) -> Response {
    json(200, &KeyList::from(items))
}

pub(super) async fn collection(service: &Service<impl Ports>, organization: &OrganizationId) -> Handled {
    Ok(keys(service.signing_keys().list(organization).await?))
}

pub(super) async fn rotate(
    service: &Service<impl Ports>,
    organization: &OrganizationId,
    request: &Request,
) -> Handled {
    body::nothing(request)?;
    Ok(keys(service.signing_keys().rotate(organization).await?))
}
