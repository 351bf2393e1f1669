//! `POST /oauth2/introspect` and `POST /oauth2/revoke`: a client brings a token of ours. Core decides, and tells what it
//! decided. What is no such question is refused here, and told here.

use asserta_core::grants::TokenQuestion;
use asserta_core::json::Object;
use asserta_core::oauth::Refusal;
use asserta_core::organization::OrganizationId;
use asserta_core::ports::{Clock as _, Ports, TokenDecision, TokenEndpoint};
use asserta_core::service::Service;

use crate::endpoint::{NotStarted, Started};
use crate::request::Request;
use crate::response::{Response, json};
use crate::token::{parts, refused};

/// Serves one of the two endpoints of an organization.
pub(crate) async fn serve<P: Ports>(
    ports: &P,
    started: Result<&Started<P>, NotStarted>,
    organization: &OrganizationId,
    request: &Request,
    endpoint: TokenEndpoint,
) -> Response {
    let began = ports.clock().microseconds();
    let reason = match (started, parts(request).and_then(TokenQuestion::from_http)) {
        (Ok(Started { service, .. }), Ok(question)) => {
            let answered = answer(service, organization, &question, endpoint).await;
            return answered.unwrap_or_else(|refusal| refused(started, organization, &refusal));
        }
        (Ok(_), Err(reason)) => reason,
        (Err(not_started), _) => not_started.reason(),
    };
    let microseconds = ports.clock().microseconds().saturating_sub(began);
    let decision = TokenDecision::refused(organization, reason, microseconds);
    ports.events().emit(&endpoint.event(&decision));
    refused(started, organization, &reason.into())
}

async fn answer<P: Ports>(
    service: &Service<P>,
    organization: &OrganizationId,
    question: &TokenQuestion,
    endpoint: TokenEndpoint,
) -> Result<Response, Refusal> {
    match endpoint {
        TokenEndpoint::Introspection => {
            let introspection = service.introspect(organization, question).await?;
            Ok(Response::introspected(&introspection))
        }
        // RFC 7009 section 2.2: the status says all. The object is there for who reads every response as JSON (R1).
        TokenEndpoint::Revocation => {
            service.revoke(organization, question).await?;
            Ok(json(200, &Object::new()))
        }
    }
}
