//! `/admin/organizations/{org}/trusted-issuers`.

use asserta_core::organization::OrganizationId;
use asserta_core::service::Service;
use asserta_core::trust::TrustedIssuer;
use spin_sdk::http::Method;

use super::{Handled, Refused, body, created, list, location, page, post_only};
use crate::http::{Incoming, Problem, empty, json};
use crate::ports::SpinPorts;

pub(super) async fn collection(
    service: &Service<SpinPorts>,
    organization: &OrganizationId,
    request: &mut Incoming,
) -> Handled {
    match request.method {
        Method::GET | Method::HEAD => {
            Ok(list(&service.trusted_issuers(organization, &page(request)?).await?, |item| item))
        }
        Method::POST => {
            let issuer: TrustedIssuer = body::read(request).await?;
            service.create_trusted_issuer(organization, &issuer).await?;
            Ok(created(location(organization, "trusted-issuers", &issuer.name), &issuer))
        }
        _ => Err(Refused::Method("GET, HEAD, POST")),
    }
}

pub(super) async fn one(
    service: &Service<SpinPorts>,
    organization: &OrganizationId,
    name: &str,
    request: &mut Incoming,
) -> Handled {
    match request.method {
        Method::GET | Method::HEAD => Ok(json(200, &service.trusted_issuer(organization, name).await?)),
        Method::PUT => {
            let issuer = replacement(name, request).await?;
            if service.put_trusted_issuer(organization, name, &issuer).await? {
                Ok(created(location(organization, "trusted-issuers", name), &issuer))
            } else {
                Ok(json(200, &issuer))
            }
        }
        Method::DELETE => {
            service.remove_trusted_issuer(organization, name).await?;
            Ok(empty(204))
        }
        _ => Err(Refused::Method("GET, HEAD, PUT, DELETE")),
    }
}

/// What `PUT` would refuse, without its effect. The organization need not exist yet.
pub(super) async fn check(
    service: &Service<SpinPorts>,
    organization: &OrganizationId,
    name: &str,
    request: &mut Incoming,
) -> Handled {
    post_only(request)?;
    service.check_trusted_issuer(organization, &replacement(name, request).await?).await?;
    Ok(empty(204))
}

async fn replacement(name: &str, request: &mut Incoming) -> Result<TrustedIssuer, Problem> {
    let mut object = body::take_fixed(body::object(request).await?, "name", name)?;
    object.insert("name", name);
    body::typed(&object)
}
