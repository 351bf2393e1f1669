//! `POST /admin/organizations/{org}/explain`: what an exchange of an assertion would come to, check by check, or whether a
//! client assertion authenticates its client.

use alloc::string::String;

use asserta_core::field::FieldError;
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
    #[serde(default)]
    assertion: Option<String>,
    #[serde(default)]
    client_assertion: Option<String>,
    #[serde(default)]
    client_id: Option<String>,
}

pub(super) async fn explain(
    service: &Service<impl Ports>,
    organization: &OrganizationId,
    request: &Request,
) -> Handled {
    post_only(request)?;
    let Question { assertion, client_assertion, client_id } = body::read(request)?;
    let client_id = client_id.as_deref();
    let explanation = match (assertion, client_assertion) {
        (Some(assertion), None) => service.explain(organization, &assertion, client_id).await?,
        (None, Some(assertion)) => service.explain_client(organization, &assertion, client_id).await?,
        _ => {
            let problem = "or client_assertion is needed, and not both";
            return Err(FieldError::new("assertion", problem).into());
        }
    };
    Ok(json(200, &explanation))
}
