//! `GET /admin/organizations/{org}/activity`: the last decisions, the newest first.

use asserta_core::organization::OrganizationId;
use asserta_core::ports::Ports;
use asserta_core::service::{ActivityQuery, Service};

use super::handled::Handled;
use crate::request::Request;
use crate::response::json;

pub(super) async fn activity(
    service: &Service<impl Ports>,
    organization: &OrganizationId,
    request: &Request,
) -> Handled {
    let query = ActivityQuery::parse(request.query.as_deref().unwrap_or_default())?;
    Ok(json(200, &service.activity().list(organization, &query).await?))
}
