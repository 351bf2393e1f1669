//! `POST /admin/organizations/{org}/explain`: what an exchange of an assertion or of a subject token would come to, check by
//! check, or whether a client assertion authenticates its client.

use alloc::string::String;
use alloc::vec::Vec;

use asserta_core::client_auth::ClientAssertionType;
use asserta_core::field::FieldError;
use asserta_core::grants::token_exchange::{Parameters, TokenType};
use asserta_core::organization::OrganizationId;
use asserta_core::ports::Ports;
use asserta_core::service::{AssertionQuestion, Service};
use serde::Deserialize;

use super::body;
use super::handled::Handled;
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
    client_assertion_type: Option<String>,
    #[serde(default)]
    subject_token: Option<String>,
    #[serde(default)]
    subject_token_type: Option<String>,
    #[serde(default)]
    actor_token: Option<String>,
    #[serde(default)]
    actor_token_type: Option<String>,
    #[serde(default)]
    requested_token_type: Option<String>,
    #[serde(default)]
    client_id: Option<String>,
    #[serde(default)]
    dpop_proof: Option<String>,
    #[serde(default)]
    scope: Option<String>,
    #[serde(default)]
    resource: Vec<String>,
    #[serde(default)]
    audience: Vec<String>,
}

pub(super) async fn explain(
    service: &Service<impl Ports>,
    organization: &OrganizationId,
    request: &Request,
) -> Handled {
    let question: Question = body::read(request)?;
    question.check()?;
    let Question { assertion, client_assertion, subject_token, .. } = &question;
    let (client_id, proof) = (question.client_id.as_deref(), question.dpop_proof.as_deref().map(Into::into));
    let explanation = match (assertion, client_assertion, subject_token, client_id) {
        (Some(assertion), None, None, _) => {
            let (scope, resources) = (question.scope.as_deref(), question.resources());
            let question = AssertionQuestion { assertion, client_id, scope, resources, proof };
            service.explain_request(organization, &question).await?
        }
        (None, Some(assertion), None, _) => {
            service
                .explain_client(organization, question.client_assertion_type()?, assertion, client_id)
                .await?
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
    /// What belongs to a subject token stands beside one, and what a token is asked for with beside no client assertion.
    fn check(&self) -> Result<(), FieldError> {
        let of_exchange = [
            ("subject_token_type", self.subject_token_type.is_some()),
            ("actor_token", self.actor_token.is_some()),
            ("actor_token_type", self.actor_token_type.is_some()),
            ("requested_token_type", self.requested_token_type.is_some()),
            ("audience", !self.audience.is_empty()),
        ];
        if self.client_assertion_type.is_some() && self.client_assertion.is_none() {
            return Err(FieldError::new("client_assertion_type", "belongs to a client_assertion"));
        }
        let of_request = [
            ("dpop_proof", self.dpop_proof.is_some()),
            ("scope", self.scope.is_some()),
            ("resource", !self.resource.is_empty()),
        ];
        let given = |members: &[(&'static str, bool)]| {
            members.iter().find(|(_, is_given)| *is_given).map(|(member, _)| *member)
        };
        if let (Some(member), None) = (given(&of_exchange), &self.subject_token) {
            return Err(FieldError::new(member, "belongs to a subject_token"));
        }
        match (given(&of_request), &self.client_assertion) {
            (Some(member), Some(_)) => Err(FieldError::new(member, "is for an assertion or a subject_token")),
            _ => Ok(()),
        }
    }

    fn resources(&self) -> Vec<&str> {
        self.resource.iter().map(String::as_str).collect()
    }

    /// What the client says that its assertion is. One of which nothing is said was made to authenticate with.
    fn client_assertion_type(&self) -> Result<ClientAssertionType, FieldError> {
        let Some(name) = &self.client_assertion_type else { return Ok(ClientAssertionType::default()) };
        ClientAssertionType::from_name(name).ok_or_else(|| {
            let problem =
                "must be urn:ietf:params:oauth:client-assertion-type:jwt-bearer, or the same with jwt-spiffe";
            FieldError::new("client_assertion_type", problem)
        })
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
            scope: self.scope.as_deref(),
            resources: self.resources(),
            audiences: self.audience.iter().map(String::as_str).collect(),
            requested_token_type: self.requested_token_type.as_deref(),
        }
    }
}
