//! `POST /oauth2/token`: core decides, and tells what it decided. What is no request for a token is refused here, and
//! told here.

use asserta_core::grants::{HttpTokenRequest, TokenRequest};
use asserta_core::oauth::{Reason, Refusal};
use asserta_core::organization::OrganizationId;
use asserta_core::ports::{Clock as _, Decision, Event, Ports};
use asserta_core::proof::ProofHeader;

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
    let refused = match (started, read(request)) {
        (Ok(Started { service, .. }), Ok(request)) => {
            return match service.exchange(organization, &request).await {
                Ok(token) => Response::granted(&token),
                Err(refusal) => refused(started, organization, &refusal),
            };
        }
        (Ok(_), Err(reason)) => reason,
        (Err(not_started), _) => not_started.reason(),
    };
    let microseconds = ports.clock().microseconds().saturating_sub(began);
    match started {
        Ok(started) => started.service.tell_refused(organization, refused, microseconds),
        Err(_) => {
            let decision = Decision::refused(organization, refused, microseconds);
            ports.events().emit(&Event::Exchange(&decision));
        }
    }
    self::refused(started, organization, &refused.into())
}

/// The request for a token (R10 to R16).
fn read(request: &Request) -> Result<TokenRequest, Reason> {
    TokenRequest::from_http(parts(request)?)
}

/// What the token endpoint and those beside it read of a request.
pub(crate) fn parts(request: &Request) -> Result<HttpTokenRequest<'_>, Reason> {
    let body = request.body.as_ref().map_err(|problem| match problem {
        BodyProblem::TooLarge => Reason::RequestTooLarge,
        BodyProblem::Broken => Reason::RequestMalformed,
    })?;
    let content_type = request.header("content-type").map_err(|()| Reason::WrongMediaType)?;
    let authorization = request.header("authorization").map_err(|()| Reason::CredentialsTwice)?;
    Ok(HttpTokenRequest {
        method: &request.method,
        content_type,
        authorization,
        dpop: ProofHeader::of(request.values("dpop")),
        query: request.query.as_deref(),
        body,
    })
}

/// A refusal of the organization; before there are settings, of nobody.
pub(crate) fn refused<P: Ports>(
    started: Result<&Started<P>, NotStarted>,
    organization: &OrganizationId,
    refusal: &Refusal,
) -> Response {
    let issuer = started.map(|started| started.service.settings().urls(organization).issuer);
    Response::refused(refusal, issuer.as_deref().unwrap_or_default())
}
