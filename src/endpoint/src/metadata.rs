//! The metadata of an organization's authorization server (RFC 8414).

use asserta_core::oauth::{HttpAnswer, metadata};
use asserta_core::organization::OrganizationId;

use crate::http::{Problem, document};
use crate::instance::{Instance, NotStarted};

/// How long it may be cached, in seconds.
const MAX_AGE: u64 = 300;

/// The metadata document.
pub(crate) async fn serve(
    instance: Result<&Instance, NotStarted>,
    organization: &OrganizationId,
) -> Result<HttpAnswer, Problem> {
    let service = &instance?.service;
    service.organization(organization).await?;
    let settings = service.settings();
    let text = metadata(&settings.urls(organization), settings.access_token_algorithm());
    Ok(document(text, MAX_AGE))
}
