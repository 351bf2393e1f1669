//! `/admin/organizations/{org}/trusted-issuers`.

use asserta_core::organization::OrganizationId;
use asserta_core::ports::Ports;
use asserta_core::service::Service;
use asserta_core::trust::TrustedIssuer;

use super::body;
use super::handled::{Handled, Refused, created, location};
use super::pages::page;
use super::preconditions::{precondition, tagged};
use crate::problem::Problem;
use crate::request::Request;
use crate::response::{empty, json};

pub(super) async fn collection(
    service: &Service<impl Ports>,
    organization: &OrganizationId,
    request: &Request,
) -> Handled {
    match request.method.as_str() {
        "GET" | "HEAD" => {
            let listing = service.registry().trusted_issuers(organization, &page(request)?).await?;
            Ok(json(200, &listing.view(|issuer| issuer)))
        }
        "POST" => {
            let issuer: TrustedIssuer = body::read(request)?;
            service.registry().create_trusted_issuer(organization, &issuer).await?;
            let registered = service.registry().registered_issuer(organization, &issuer).await;
            Ok(created(location(organization, "trusted-issuers", &issuer.name), &registered))
        }
        _ => Err(Refused::Method),
    }
}

pub(super) async fn one(
    service: &Service<impl Ports>,
    organization: &OrganizationId,
    name: &str,
    request: &Request,
) -> Handled {
    match request.method.as_str() {
        "GET" | "HEAD" => {
            tagged(request, json(200, &service.registry().trusted_issuer(organization, name).await?))
        }
        "PUT" => {
            let issuer = replacement(name, request)?;
            let precondition = precondition(request)?;
            let new = service.registry().put_trusted_issuer_if(organization, &issuer, &precondition).await?;
            let registered = service.registry().registered_issuer(organization, &issuer).await;
            if new {
                Ok(created(location(organization, "trusted-issuers", name), &registered))
            } else {
                Ok(json(200, &registered))
            }
        }
        "DELETE" => {
            let precondition = precondition(request)?;
            service.registry().remove_trusted_issuer_if(organization, name, &precondition).await?;
            Ok(empty(204))
        }
        _ => Err(Refused::Method),
    }
}

/// Its keys as far as they are there: nothing is fetched.
pub(super) async fn keys(
    service: &Service<impl Ports>,
    organization: &OrganizationId,
    name: &str,
) -> Handled {
    Ok(json(200, &service.report_issuer_keys(organization, name).await?))
}

/// Its keys, fetched now. That they don't come is no failure of this request: the response says why.
pub(super) async fn check(
    service: &Service<impl Ports>,
    organization: &OrganizationId,
    name: &str,
    request: &Request,
) -> Handled {
    body::nothing(request)?;
    Ok(json(200, &service.check_issuer_keys(organization, name).await?))
}

fn replacement(name: &str, request: &Request) -> Result<TrustedIssuer, Problem> {
    let mut object = body::take_fixed(body::object(request)?, "name", name)?;
    object.insert("name", name);
    TrustedIssuer::read(object).map_err(body::problem)
}
