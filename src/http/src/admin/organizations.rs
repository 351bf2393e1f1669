//! `/admin/organizations`.

use alloc::borrow::ToOwned as _;
use alloc::string::String;

use asserta_core::organization::{Organization, OrganizationId};
use asserta_core::ports::Ports;
use asserta_core::service::Service;
use serde::Deserialize;

use super::body;
use super::handled::{Handled, Refused};
use super::pages::page;
use super::preconditions::{precondition, tagged};
use crate::problem::Problem;
use crate::request::Request;
use crate::response::json;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Replacement {
    #[serde(default)]
    display_name: Option<String>,
}

pub(super) async fn collection(service: &Service<impl Ports>, request: &Request) -> Handled {
    match request.method.as_str() {
        "GET" | "HEAD" => {
            let listing = service.registry().organizations(&page(request)?).await?;
            Ok(json(200, &listing.view(|organization| organization)))
        }
        _ => Err(Refused::Method),
    }
}

pub(super) async fn one(
    service: &Service<impl Ports>,
    organization: &OrganizationId,
    request: &Request,
) -> Handled {
    match request.method.as_str() {
        "GET" | "HEAD" => {
            let registered = service.registry().organization(organization).await?;
            tagged(request, json(200, &service.registry().described(organization, registered)))
        }
        "PUT" => {
            let Replacement { display_name } = replacement(organization, request)?;
            let precondition = precondition(request)?;
            let registry = service.registry();
            let is_new =
                registry.put_organization_if(organization, display_name.as_deref(), &precondition).await?;
            let name = organization.as_str().to_owned();
            Ok(json(if is_new { 201 } else { 200 }, &Organization { name, display_name }))
        }
        _ => Err(Refused::Method),
    }
}

fn replacement(organization: &OrganizationId, request: &Request) -> Result<Replacement, Problem> {
    body::typed(&body::take_fixed(body::object(request)?, "name", organization.as_str())?)
}
