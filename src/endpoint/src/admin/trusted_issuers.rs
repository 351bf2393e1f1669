//! `/admin/organizations/{org}/trusted-issuers`.

use asserta_core::jose::SkippedKey;
use asserta_core::organization::OrganizationId;
use asserta_core::service::Service;
use asserta_core::trust::TrustedIssuer;
use serde::Serialize;
use spin_sdk::http::Method;

use super::{Handled, Refused, body, created, list, location, page, post_only};
use crate::http::{Incoming, Problem, empty, json};
use crate::ports::SpinPorts;

/// The response of a registration.
#[derive(Serialize)]
struct Registered {
    #[serde(flatten)]
    issuer: TrustedIssuer,
    /// What of its keys is not used, and why (R47, R53). Absent where all are.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    skipped_keys: Vec<SkippedKey>,
}

impl Registered {
    fn new(service: &Service<SpinPorts>, issuer: &TrustedIssuer) -> Self {
        Self { issuer: issuer.as_stored(), skipped_keys: service.skipped_keys(issuer) }
    }
}

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
            let registered = Registered::new(service, &issuer);
            Ok(created(location(organization, "trusted-issuers", &issuer.name), &registered))
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
            let new = service.put_trusted_issuer(organization, name, &issuer).await?;
            let registered = Registered::new(service, &issuer);
            if new {
                Ok(created(location(organization, "trusted-issuers", name), &registered))
            } else {
                Ok(json(200, &registered))
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
