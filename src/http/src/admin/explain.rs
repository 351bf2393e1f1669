//! `POST /admin/organizations/{org}/explain`: what an exchange of an assertion or of a subject token would come to, check by
//! check, or whether a client assertion authenticates its client.

use alloc::string::String;

use asserta_core::field::FieldError;
use asserta_core::grants::token_exchange::{Parameters, TokenType};
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
    subject_token: Option<String>,
    #[serde(default)]
    subject_token_type: Option<String>,
    #[serde(default)]
    actor_token: Option<String>,
    #[serde(default)]
    actor_token_type: Option<String>,
    #[serde(default)]
    client_id: Option<String>,
    #[serde(default)]
    dpop_proof: Option<String>,
}

pub(super) async fn explain(
    service: &Service<impl Ports>,
    organization: &OrganizationId,
    request: &Request,
) -> Handled {
    post_only(request)?;
    let question: Question = body::read(request)?;
    question.check()?;
    let Question { assertion, client_assertion, subject_token, .. } = &question;
    let (client_id, proof) = (question.client_id.as_deref(), question.dpop_proof.as_deref().map(Into::into));
    if proof.is_some() && client_assertion.is_some() {
        return Err(FieldError::new("dpop_proof", "is for an assertion or a subject_token").into());
    }
    let explanation = match (assertion, client_assertion, subject_token, client_id) {
        (Some(assertion), None, None, _) => {
            service.explain_with_proof(organization, assertion, client_id, proof).await?
        }
        (None, Some(assertion), None, _) => {
            service.explain_client(organization, assertion, client_id).await?
        }
        (None, None, Some(_), Some(client_id)) => {
            service.explain_exchange(organization, &question.exchange(), client_id, proof).await?
        }
        (None, None, Some(_), None) => {
            return Err(FieldError::new("client_id", "is needed with subject_token").into());
        }
        _ => {
            let problem = "or client_assertion or subject_token is needed, and one of them alone";
            return Err(FieldError::new("assertion", problem).into());
        }
    };
    Ok(json(200, &explanation))
}

impl Question {
    /// What belongs to a subject token stands beside one.
    fn check(&self) -> Result<(), FieldError> {
        let of_exchange = [
            ("subject_token_type", &self.subject_token_type),
            ("actor_token", &self.actor_token),
            ("actor_token_type", &self.actor_token_type),
        ];
        match of_exchange.into_iter().find(|(_, given)| given.is_some() && self.subject_token.is_none()) {
            Some((member, _)) => Err(FieldError::new(member, "belongs to a subject_token")),
            None => Ok(()),
        }
    }

    /// The exchange that is asked about. A type that is not given is that of a JWT.
    fn exchange(&self) -> Parameters<'_> {
        let jwt = TokenType::Jwt.name();
        let actor_token = self.actor_token.as_deref();
        Parameters {
            subject_token: self.subject_token.as_deref(),
            subject_token_type: self.subject_token_type.as_deref().or(Some(jwt)),
            actor_token,
            actor_token_type: self.actor_token_type.as_deref().or(actor_token.map(|_| jwt)),
            ..Parameters::default()
        }
    }
}
