//! `/admin/organizations`.

use asserta_core::organization::{Organization, OrganizationId};
use asserta_core::service::Service;
use serde::Deserialize;
use spin_sdk::http::Method;

use super::{Handled, Refused, body, list, page, post_only};
use crate::http::{Incoming, Problem, empty, json};
use crate::ports::SpinPorts;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Replacement {
    #[serde(default)]
    display_name: Option<String>,
}

pub(super) async fn collection(service: &Service<SpinPorts>, request: &mut Incoming) -> Handled {
    match request.method {
        Method::GET | Method::HEAD => Ok(list(&service.organizations(&page(request)?).await?, |item| item)),
        _ => Err(Refused::Method("GET, HEAD")),
    }
}

pub(super) async fn one(
    service: &Service<SpinPorts>,
    organization: &OrganizationId,
    request: &mut Incoming,
) -> Handled {
    match request.method {
        Method::GET | Method::HEAD => Ok(json(200, &service.organization(organization).await?)),
        Method::PUT => {
            let Replacement { display_name } = replacement(organization, request).await?;
            let is_new = service.put_organization(organization, display_name.as_deref()).await?;
            let name = organization.as_str().to_owned();
            Ok(json(if is_new { 201 } else { 200 }, &Organization { name, display_name }))
        }
        _ => Err(Refused::Method("GET, HEAD, PUT")),
    }
}

/// What `PUT` would refuse, without its effect.
pub(super) async fn check(
    service: &Service<SpinPorts>,
    organization: &OrganizationId,
    request: &mut Incoming,
) -> Handled {
    post_only(request)?;
    let wanted = replacement(organization, request).await?;
    service.check_organization(wanted.display_name.as_deref())?;
    Ok(empty(204))
}

async fn replacement(organization: &OrganizationId, request: &mut Incoming) -> Result<Replacement, Problem> {
    body::typed(&body::take_fixed(body::object(request).await?, "name", organization.as_str())?)
}
