//! `/admin/organizations`.

use alloc::borrow::ToOwned as _;
use alloc::string::String;

use asserta_core::organization::{Organization, OrganizationId, OrganizationUrls};
use asserta_core::ports::Ports;
use asserta_core::service::Service;
use serde::{Deserialize, Serialize};

use super::body;
use super::handled::{Handled, Refused};
use super::pages::page;
use crate::problem::Problem;
use crate::request::Request;
use crate::response::json;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Replacement {
    #[serde(default)]
    display_name: Option<String>,
}

/// An organization with its URLs: what its clients and its issuers have to be told.
#[derive(Serialize)]
struct Described {
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    display_name: Option<String>,
    issuer: String,
    token_endpoint: String,
    jwks_uri: String,
}

pub(super) async fn collection(service: &Service<impl Ports>, request: &Request) -> Handled {
    match request.method.as_str() {
        "GET" | "HEAD" => {
            let listing = service.registry().organizations(&page(request)?).await?;
            Ok(json(200, &listing.view(|organization| organization)))
        }
        _ => Err(Refused::Method("GET, HEAD")),
    }
}

pub(super) async fn one(
    service: &Service<impl Ports>,
    organization: &OrganizationId,
    request: &Request,
) -> Handled {
    match request.method.as_str() {
        "GET" | "HEAD" => {
            let Organization { name, display_name } = service.registry().organization(organization).await?;
            let OrganizationUrls { issuer, token_endpoint, jwks_uri } = service.settings().urls(organization);
            Ok(json(200, &Described { name, display_name, issuer, token_endpoint, jwks_uri }))
        }
        "PUT" => {
            let Replacement { display_name } = replacement(organization, request)?;
            let is_new = service.registry().put_organization(organization, display_name.as_deref()).await?;
            let name = organization.as_str().to_owned();
            Ok(json(if is_new { 201 } else { 200 }, &Organization { name, display_name }))
        }
        _ => Err(Refused::Method("GET, HEAD, PUT")),
    }
}

fn replacement(organization: &OrganizationId, request: &Request) -> Result<Replacement, Problem> {
    body::typed(&body::take_fixed(body::object(request)?, "name", organization.as_str())?)
}
