//! `POST /oauth2/token`: core reads the request and writes the answer; this takes care of the body and the log.

use asserta_core::oauth::{HttpAnswer, HttpTokenRequest, MAX_BODY, TokenRequest};
use asserta_core::organization::OrganizationId;
use asserta_core::refusal::{Reason, Refusal};
use spin_sdk::wasip3::clocks::monotonic_clock;

use crate::http::{BodyError, Incoming};
use crate::instance::{Instance, NotStarted};
use crate::log::Event;

/// Serves the token endpoint of an organization.
pub(crate) async fn exchange(
    instance: Result<&Instance, NotStarted>,
    organization: &OrganizationId,
    request: &mut Incoming,
) -> HttpAnswer {
    let started = monotonic_clock::now();
    let (answer, outcome) = match instance {
        Ok(instance) => match grant(instance, organization, request).await {
            Ok(answer) => (answer, "granted"),
            Err(refusal) => {
                let realm = instance.service.settings().urls(organization).issuer;
                (HttpAnswer::refused(&refusal, &realm), refusal.reason.name())
            }
        },
        Err(not_started) => {
            let reason = match not_started {
                NotStarted::BadSetting => Reason::ServerFault,
                NotStarted::StoreUnavailable => Reason::StoreUnavailable,
            };
            (HttpAnswer::refused(&reason.into(), ""), reason.name())
        }
    };
    let microseconds = monotonic_clock::now().saturating_sub(started) / 1000;
    let organization = organization.as_str();
    Event::Exchange { organization, outcome, status: answer.status, microseconds }.write();
    answer
}

async fn grant(
    instance: &Instance,
    organization: &OrganizationId,
    request: &mut Incoming,
) -> Result<HttpAnswer, Refusal> {
    let body = request.body(MAX_BODY).await.map_err(|error| match error {
        BodyError::TooLarge => Reason::RequestTooLarge,
        BodyError::Broken => Reason::RequestMalformed,
    })?;
    let content_type = request.header("content-type").map_err(|()| Reason::WrongMediaType)?;
    let authorization = request.header("authorization").map_err(|()| Reason::CredentialsMalformed)?;
    let request = TokenRequest::from_http(HttpTokenRequest {
        method: request.method.as_str(),
        content_type,
        authorization,
        query: request.query.as_deref(),
        body: &body,
    })?;
    let token = instance.service.exchange(organization, &request).await?;
    Ok(HttpAnswer::granted(&token))
}
