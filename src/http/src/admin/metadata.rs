//! `/admin/organizations/{org}/metadata`: what an administrator states in an organization's metadata.

use asserta_core::oauth::StatedMetadata;
use asserta_core::organization::OrganizationId;
use asserta_core::ports::Ports;
use asserta_core::service::{Put, Service};

use super::body;
use super::handled::{Handled, Refused};
use super::preconditions::{precondition, tagged};
use crate::request::Request;
use crate::response::{empty, json};

pub(super) async fn stated(
    service: &Service<impl Ports>,
    organization: &OrganizationId,
    request: &Request,
) -> Handled {
    let registry = service.registry();
    match request.method.as_str() {
        "GET" | "HEAD" => tagged(request, json(200, &registry.stated_metadata(organization).await?)),
        "PUT" => {
            let stated = StatedMetadata::read(body::object(request)?, service.settings().dev())?;
            let precondition = precondition(request)?;
            let put = registry.change_stated_metadata(organization, Some(&stated), &precondition).await?;
            Ok(json(if put == Put::Created { 201 } else { 200 }, &stated))
        }
        "DELETE" => {
            let precondition = precondition(request)?;
            registry.change_stated_metadata(organization, None, &precondition).await?;
            Ok(empty(204))
        }
        _ => Err(Refused::Method),
    }
}
