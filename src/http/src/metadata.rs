//! The metadata of an organization's authorization server (RFC 8414).

use asserta_core::oauth::metadata;
use asserta_core::organization::OrganizationId;
use asserta_core::ports::Ports;
use asserta_core::service::RegistryError;

use crate::endpoint::{NotStarted, Started};
use crate::problem::Problem;
use crate::response::{Response, document};

/// How long it may be cached, in seconds.
const MAX_AGE: u64 = 300;

/// The metadata document.
pub(crate) async fn serve<P: Ports>(
    started: Result<&Started<P>, NotStarted>,
    organization: &OrganizationId,
) -> Result<Response, Problem> {
    let service = &started?.service;
    service.registry().organization(organization).await?;
    let offered = service.registry().offered(organization).await?;
    let signing = service.signing_keys().algorithms(organization).await.map_err(RegistryError::from)?;
    let text = metadata(&service.settings().urls(organization), &signing, &offered);
    Ok(document(text, MAX_AGE))
}
