//! `/admin/organizations/{org}/revocations`: all tokens that an issuer or an application got before a time (R112).

use asserta_core::organization::OrganizationId;
use asserta_core::ports::Ports;
use asserta_core::service::Service;

use super::body;
use super::handled::{Handled, Refused};
use super::pages::page;
use crate::request::Request;
use crate::response::json;

pub(super) async fn collection(
    service: &Service<impl Ports>,
    organization: &OrganizationId,
    request: &Request,
) -> Handled {
    match request.method.as_str() {
        "GET" | "HEAD" => {
            let listing = service.registry().revocations(organization, &page(request)?).await?;
            Ok(json(200, &listing.view(|revocation| revocation)))
        }
        "POST" => {
            let revocation = service.revoke_all(organization, &body::read(request)?).await?;
            Ok(json(201, &revocation))
        }
        _ => Err(Refused::Method),
    }
}
