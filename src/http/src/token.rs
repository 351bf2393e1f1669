//! `POST /oauth2/token`: core reads the request and writes the response; what is decided here is what to tell of it.

use asserta_core::grants::{HttpTokenRequest, TokenRequest};
use asserta_core::oauth::{Reason, Refusal};
use asserta_core::organization::OrganizationId;
use asserta_core::ports::{Clock as _, Event, Outcome, Ports};

use crate::endpoint::{NotStarted, Started};
use crate::request::{BodyProblem, Request};
use crate::response::Response;

/// Serves the token endpoint of an organization.
pub(crate) async fn exchange<P: Ports>(
    ports: &P,
    started: Result<&Started<P>, NotStarted>,
    organization: &OrganizationId,
    request: &Request,
) -> Response {
    let began = ports.clock().microseconds();
    let (response, outcome) = match started {
        Ok(started) => match grant(started, organization, request).await {
            Ok(response) => (response, Outcome::Granted),
            Err(refusal) => {
                let realm = started.service.settings().urls(organization).issuer;
                (Response::refused(&refusal, &realm), Outcome::Refused(refusal.reason))
            }
        },
        Err(not_started) => {
            let reason = match not_started {
                NotStarted::BadSetting => Reason::ServerFault,
                NotStarted::StoreUnavailable => Reason::StoreUnavailable,
            };
            (Response::refused(&reason.into(), ""), Outcome::Refused(reason))
        }
    };
    let microseconds = ports.clock().microseconds().saturating_sub(began);
    ports.events().emit(&Event::Exchange { organization, outcome, microseconds });
    response
}

async fn grant<P: Ports>(
    started: &Started<P>,
    organization: &OrganizationId,
    request: &Request,
) -> Result<Response, Refusal> {
    let body = request.body.as_ref().map_err(|problem| match problem {
        BodyProblem::TooLarge => Reason::RequestTooLarge,
        BodyProblem::Broken => Reason::RequestMalformed,
    })?;
    let content_type = request.header("content-type").map_err(|()| Reason::WrongMediaType)?;
    let authorization = request.header("authorization").map_err(|()| Reason::CredentialsMalformed)?;
    let request = TokenRequest::from_http(HttpTokenRequest {
        method: &request.method,
        content_type,
        authorization,
        query: request.query.as_deref(),
        body,
    })?;
    let token = started.service.exchange(organization, &request).await?;
    Ok(Response::granted(&token))
}
