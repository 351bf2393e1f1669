//! What a host is asked to do, and what comes of it. `README.md` describes both as lines of JSON.
//!
//! A driver carries operations out and knows neither scenarios nor expectations. [`http`] drives the endpoint in this
//! process; [`lines`] drives any other host through a program that speaks JSON lines.

pub mod http;
pub mod lines;

use anyhow::Result;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::client::Answer;

/// What can be done on a host.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum Operation {
    /// Brings all registrations to what a document says.
    Apply {
        /// What `POST /admin/apply` takes.
        document: Value,
    },
    /// Registers an organization.
    ReplaceOrganization {
        /// Its name.
        organization: String,
    },
    /// Registers a trusted issuer.
    RegisterIssuer {
        /// The organization.
        organization: String,
        /// The trusted issuer as the admin API takes it.
        document: Map<String, Value>,
    },
    /// Creates or replaces a trusted issuer.
    ReplaceIssuer {
        /// The organization.
        organization: String,
        /// The trusted issuer as the admin API takes it.
        document: Map<String, Value>,
    },
    /// Removes a trusted issuer.
    RemoveIssuer {
        /// The organization.
        organization: String,
        /// Its name.
        name: String,
    },
    /// Registers an application.
    RegisterApplication {
        /// The organization.
        organization: String,
        /// The application as the admin API takes it.
        document: Map<String, Value>,
    },
    /// Replaces what an application may do.
    ReplaceApplication {
        /// The organization.
        organization: String,
        /// Its identifier.
        client_id: String,
        /// The application as the admin API takes it.
        document: Map<String, Value>,
    },
    /// Removes an application.
    RemoveApplication {
        /// The organization.
        organization: String,
        /// Its identifier.
        client_id: String,
    },
    /// Gives an application a new secret.
    RenewSecret {
        /// The organization.
        organization: String,
        /// Its identifier.
        client_id: String,
    },
    /// Gives an organization a new signing key.
    RotateKeys {
        /// The organization.
        organization: String,
    },
    /// Asks whether a token is active.
    Introspect(TokenQuestion),
    /// Takes a token back.
    Revoke(TokenQuestion),
    /// Revokes all tokens of a trusted issuer or an application.
    RevokeAll {
        /// The organization.
        organization: String,
        /// What is revoked, as the admin API takes it.
        document: Map<String, Value>,
    },
    /// Asks for the public keys of an organization.
    Jwks {
        /// The organization.
        organization: String,
    },
    /// Asks for an access token.
    Exchange(Exchange),
    /// Asks what an exchange would come to.
    Explain {
        /// The organization.
        organization: String,
        /// The assertion.
        assertion: String,
        /// The application's identifier.
        client_id: String,
        /// The assertion is the subject token of a token exchange.
        #[serde(skip_serializing_if = "Option::is_none")]
        token_exchange: Option<TokenExchange>,
        /// The DPoP proof beside it.
        #[serde(skip_serializing_if = "Option::is_none")]
        dpop_proof: Option<String>,
        /// The scopes asked for.
        scope: Option<String>,
        /// What the token is for.
        resource: Option<String>,
    },
    /// Asks whether a client assertion authenticates its client.
    ExplainClient {
        /// The organization.
        organization: String,
        /// The client assertion.
        client_assertion: String,
        /// What the client says it is, if not `jwt-bearer`: `jwt-spiffe`.
        #[serde(skip_serializing_if = "Option::is_none")]
        client_assertion_type: Option<&'static str>,
        /// What the client says beside it.
        client_id: Option<String>,
    },
    /// Hands over the JWKS document that an exchange needs.
    SupplyKeys {
        /// The organization.
        organization: String,
        /// The name of the trusted issuer, if it is one's.
        trusted_issuer: Option<String>,
        /// The application, if it is one's.
        client_id: Option<String>,
        /// Its JWKS endpoint.
        uri: String,
        /// The document.
        document: String,
        /// `max-age` of its `Cache-Control`, in seconds.
        max_age: Option<u64>,
    },
    /// Says that the JWKS document that an exchange needs can't be had.
    KeysUnavailable {
        /// The organization.
        organization: String,
        /// The name of the trusted issuer, if it is one's.
        trusted_issuer: Option<String>,
        /// The application, if it is one's.
        client_id: Option<String>,
        /// Its JWKS endpoint.
        uri: String,
    },
    /// Sends an HTTP request as it is written. Only hosts that [speak HTTP](Profile::http) are asked.
    Http(Http),
}

/// A request for an access token.
#[derive(Clone, Debug, Serialize)]
pub struct Exchange {
    /// The organization.
    pub organization: String,
    /// The assertion.
    pub assertion: String,
    /// The client identifier.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    /// The secret.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_secret: Option<String>,
    /// A JWT in place of a secret.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_assertion: Option<String>,
    /// What the client says it is, if not `jwt-bearer`: `jwt-spiffe`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_assertion_type: Option<&'static str>,
    /// The assertion is the subject token of a token exchange.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_exchange: Option<TokenExchange>,
    /// A DPoP proof.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dpop_proof: Option<String>,
    /// The scopes asked for.
    pub scope: Option<String>,
    /// What the token is for.
    pub resource: Option<String>,
    /// Where HTTP has the credentials: `basic`, `post`, or another word (without a secret).
    #[serde(skip)]
    pub credentials: String,
}

/// A token, and the application that brings it.
#[derive(Clone, Debug, Serialize)]
pub struct TokenQuestion {
    /// The organization.
    pub organization: String,
    /// The token.
    pub token: String,
    /// The client identifier.
    pub client_id: String,
    /// The secret.
    pub client_secret: String,
}

/// What a token exchange asks beside its subject token.
#[derive(Clone, Debug, Serialize)]
pub struct TokenExchange {
    /// The type of the subject token.
    pub subject_token_type: String,
    /// Who acts for the subject.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actor_token: Option<String>,
    /// The type of that token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actor_token_type: Option<String>,
    /// What the token is for.
    pub audience: Vec<String>,
}

/// An HTTP request.
#[derive(Clone, Debug, Serialize)]
pub struct Http {
    /// The method.
    pub method: String,
    /// The path and query.
    pub path: String,
    /// The headers.
    pub headers: Vec<(String, Vec<u8>)>,
    /// The body.
    pub body: Vec<u8>,
}

/// What came of an operation.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It was done. What `exchange`, `explain`, `jwks` and the operations that make a secret give back is described in
    /// README.md; nobody looks at the rest.
    Ok(Value),
    /// There is no access token.
    Refused(Refused),
    /// A registration, or a question about one, failed.
    Rejected(Rejected),
    /// The issuer's JWKS document must be supplied first.
    KeysNeeded(KeysNeeded),
}

/// Why there is no access token.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Refused {
    /// The OAuth error code.
    pub error: String,
    /// The stable reason.
    pub reason: String,
    /// The sentence for people.
    pub error_description: String,
    /// The nonce for the next DPoP proof.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dpop_nonce: Option<String>,
}

/// Why a registration failed.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Rejected {
    /// The case of the WIT variant `registry-error`; over HTTP the status.
    pub problem: String,
    /// The member at fault, in the names of the admin API.
    pub field: Option<String>,
}

/// Whose keys an exchange needs.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct KeysNeeded {
    /// The name of the trusted issuer.
    pub trusted_issuer: Option<String>,
    /// The application, where they are one's.
    #[serde(default)]
    pub client_id: Option<String>,
    /// Where the document is: its keys, or the metadata that leads to them.
    pub uri: String,
}

/// What a driver gives back.
#[derive(Clone, Debug)]
pub struct Response {
    /// What came of the operation.
    pub outcome: Outcome,
    /// The HTTP response that said it, where there is one.
    pub http: Option<Answer>,
}

/// What a host can't do, or must be asked for in another way.
#[derive(Clone, Copy, Debug)]
pub struct Profile {
    /// It serves HTTP: everything can be sent to it, and every response has a status and headers.
    pub http: bool,
    /// Its language holds every integer of 64 bits.
    pub exact_integers: bool,
    /// It sees the method of an HTTP request as it was sent. `Request` of the Fetch standard writes `post` in upper case.
    pub exact_methods: bool,
}

/// A host under test.
#[allow(async_fn_in_trait, reason = "nothing but the runner calls it")]
pub trait Driver {
    /// What the host can't do.
    fn profile(&self) -> Profile;

    /// Begins anew, with an empty store and a clock that shows `at`.
    ///
    /// # Errors
    /// The host does not start.
    async fn start(&mut self, at: u64, settings: &Map<String, Value>) -> Result<()>;

    /// Carries operations out: all at once, where the host can, while its clock shows `at`.
    ///
    /// # Errors
    /// The host, or what drives it, is broken. A refusal is an [`Outcome`].
    async fn call(&mut self, at: u64, operations: Vec<Operation>) -> Result<Vec<Response>>;

    /// Ends what [`start`](Self::start) began.
    async fn stop(&mut self);
}
