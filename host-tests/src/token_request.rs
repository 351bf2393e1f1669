//! A request for an access token over HTTP.

use std::net::SocketAddr;

use anyhow::Result;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::client::{Answer, Connection, form, form_encoded};
use crate::driver::{Exchange, Http};

const GRANT_TYPE: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";

const TOKEN_EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";

/// The whole name of a `client_assertion_type`, by its end.
pub(crate) fn client_assertion_type_name(end: &str) -> String {
    format!("urn:ietf:params:oauth:client-assertion-type:{end}")
}

/// A request for an access token, complete.
#[derive(Clone)]
pub struct TokenRequest {
    /// Where the endpoint listens.
    pub address: SocketAddr,
    /// The path of the token endpoint.
    pub path: String,
    /// `basic`, `post` or `none`.
    pub credentials: String,
    /// The client identifier.
    pub client_id: String,
    /// The secret.
    pub client_secret: String,
    /// The assertion.
    pub assertion: String,
    /// The parameter `scope`.
    pub scope: Option<String>,
    /// The parameter `resource`.
    pub resource: Option<String>,
}

impl TokenRequest {
    /// Sends it.
    ///
    /// # Errors
    /// The endpoint can't be reached, or there is no whole answer.
    pub async fn post(&self) -> Result<Answer> {
        self.post_on(&mut Connection::open(self.address).await?).await
    }

    /// Sends it on a connection that is kept.
    ///
    /// # Errors
    /// There is no whole answer.
    pub async fn post_on(&self, connection: &mut Connection) -> Result<Answer> {
        let http = written(&self.path, &self.exchange());
        let headers = http.headers.iter().map(|(name, value)| (name.as_str(), value.as_slice()));
        connection.send(&http.method, &http.path, &headers.collect::<Vec<_>>(), http.body).await
    }

    fn exchange(&self) -> Exchange {
        Exchange {
            organization: String::new(),
            assertion: self.assertion.clone(),
            client_id: Some(self.client_id.clone()).filter(|_| self.credentials != "none"),
            client_secret: Some(self.client_secret.clone()).filter(|_| self.credentials != "none"),
            client_assertion: None,
            client_assertion_type: None,
            token_exchange: None,
            dpop_proof: None,
            scope: self.scope.clone(),
            resource: self.resource.clone(),
            credentials: self.credentials.clone(),
        }
    }
}

/// A request for an access token as HTTP has it; `path` says of which organization.
pub(crate) fn written(path: &str, exchange: &Exchange) -> Http {
    let assertion_type = client_assertion_type_name(exchange.client_assertion_type.unwrap_or("jwt-bearer"));
    let mut parameters = match &exchange.token_exchange {
        None => vec![("grant_type", GRANT_TYPE), ("assertion", &*exchange.assertion)],
        Some(asked) => {
            let mut parameters =
                vec![("grant_type", TOKEN_EXCHANGE), ("subject_token", &*exchange.assertion)];
            parameters.push(("subject_token_type", asked.subject_token_type.as_str()));
            parameters.extend(asked.actor_token.as_deref().map(|token| ("actor_token", token)));
            parameters
                .extend(asked.actor_token_type.as_deref().map(|token_type| ("actor_token_type", token_type)));
            parameters.extend(asked.audience.iter().map(|audience| ("audience", audience.as_str())));
            parameters
        }
    };
    parameters.extend(exchange.scope.as_deref().map(|scope| ("scope", scope)));
    parameters.extend(exchange.resource.as_deref().map(|resource| ("resource", resource)));
    if exchange.credentials != "basic" {
        parameters.extend(exchange.client_id.as_deref().map(|client_id| ("client_id", client_id)));
        parameters.extend(exchange.client_secret.as_deref().map(|secret| ("client_secret", secret)));
    }
    if let Some(client_assertion) = &exchange.client_assertion {
        parameters.push(("client_assertion_type", assertion_type.as_str()));
        parameters.push(("client_assertion", client_assertion));
    }
    let mut headers = vec![("content-type".to_owned(), b"application/x-www-form-urlencoded".to_vec())];
    if exchange.credentials == "basic" {
        let of = |text: &Option<String>| text.clone().unwrap_or_default();
        let basic = format!("Basic {}", basic(&of(&exchange.client_id), &of(&exchange.client_secret)));
        headers.push(("authorization".to_owned(), basic.into_bytes()));
    }
    headers.extend(exchange.dpop_proof.iter().map(|proof| ("dpop".to_owned(), proof.clone().into_bytes())));
    Http { method: "POST".to_owned(), path: path.to_owned(), headers, body: form(&parameters).into_bytes() }
}

/// An identifier and a secret as HTTP Basic has them (RFC 6749 section 2.3.1).
pub fn basic(client_id: &str, client_secret: &str) -> String {
    STANDARD.encode(format!("{}:{}", form_encoded(client_id), form_encoded(client_secret)))
}

/// The path of an organization's token endpoint.
pub fn token_path(organization: &str) -> String {
    format!("{}/oauth2/token", organization_path(organization))
}

/// What stands before the paths of an organization.
pub fn organization_path(organization: &str) -> String {
    match organization {
        "default" => String::new(),
        name => format!("/t/{name}"),
    }
}
