//! `POST /admin/organizations/{org}/explain`: what an exchange of an assertion would come to, check by check.

use alloc::string::String;

use asserta_core::organization::OrganizationId;
use asserta_core::ports::Ports;
use asserta_core::service::Service;
use serde::Deserialize;

use super::body;
use super::handled::{Handled, post_only};
use crate::request::Request;
use crate::response::json;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Question {
    assertion: String,
    #[serde(default)]
    client_id: Option<String>,
}

pub(super) async fn explain(
    service: &Service<impl Ports>,
    organization: &OrganizationId,
    request: &Request,
) -> Handled {
    post_only(request)?;
    let Question { assertion, client_id } = body::read(request)?;
    Ok(json(200, &service.explain(organization, &assertion, client_id.as_deref()).await?))
}
