//! `POST /admin/organizations/{org}/explain`: what an exchange of an assertion would come to, check by check.

use asserta_core::organization::OrganizationId;
use asserta_core::service::Service;
use serde::Deserialize;

use super::{Handled, body, post_only};
use crate::http::{Incoming, json};
use crate::ports::SpinPorts;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Question {
    assertion: String,
    #[serde(default)]
    client_id: Option<String>,
}

pub(super) async fn explain(
    service: &Service<SpinPorts>,
    organization: &OrganizationId,
    request: &mut Incoming,
) -> Handled {
    post_only(request)?;
    let Question { assertion, client_id } = body::read(request).await?;
    Ok(json(200, &service.explain(organization, &assertion, client_id.as_deref()).await?))
}
