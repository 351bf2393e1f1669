//! A scenario as the runner carries it out: every assertion minted, every registration complete.
//!
//! Placeholders that are left are known only while it runs: `${client_id:APP}`, `${client_secret:APP}`,
//! `${basic:APP}` and `${access_token:LABEL}`.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Map, Value};

use crate::driver::TokenExchange;

/// A scenario with nothing left to work out.
#[derive(Clone)]
pub struct Scenario {
    /// The file it comes from.
    pub topic: String,
    /// Its name, unique in the topic.
    pub name: String,
    /// What it shows.
    pub intent: String,
    /// The rules that it proves.
    pub rules: Vec<String>,
    /// Why it can be carried out over HTTP only.
    pub http_only: Option<String>,
    /// The public URL, and the settings that are not the default.
    pub settings: Map<String, Value>,
    /// What each JWKS endpoint answers at first.
    pub key_endpoints: BTreeMap<String, KeyEndpoint>,
    /// What happens.
    pub steps: Vec<Step>,
}

/// A JWKS endpoint.
#[derive(Clone)]
pub struct KeyEndpoint {
    /// Its address.
    pub url: String,
    /// What it answers, in turn; the last one again and again.
    pub answers: Vec<KeyAnswer>,
}

/// An answer of a JWKS endpoint.
#[derive(Clone)]
pub struct KeyAnswer {
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: BTreeMap<String, String>,
    /// The body.
    pub body: String,
    /// So many milliseconds pass before the answer.
    pub delay_ms: u64,
}

/// A step.
#[derive(Clone)]
pub struct Step {
    /// Its number among the steps in the file; none for the registrations before them.
    pub number: Option<usize>,
    /// What the clock says: seconds since 1970.
    pub at: u64,
    /// A name by which later steps speak of it.
    pub label: Option<String>,
    /// Why this step and those after it can be carried out over HTTP only.
    pub http_only: Option<String>,
    /// What is done.
    pub action: Action,
    /// What is expected of it.
    pub expect: Expectation,
}

/// What a step does.
#[derive(Clone)]
pub enum Action {
    /// Registers an organization.
    RegisterOrganization(String),
    /// Registers a trusted issuer.
    RegisterIssuer(Registration),
    /// Creates or replaces one.
    ReplaceIssuer(Registration),
    /// Removes the one with this name.
    RemoveIssuer(Named),
    /// Registers an application.
    RegisterApplication(Registration),
    /// Replaces what an application may do.
    ReplaceApplication(Registration),
    /// Removes the one with this `client_name`.
    RemoveApplication(Named),
    /// Gives it a new secret.
    RenewSecret(Named),
    /// Gives an organization a new signing key.
    RotateKeys(Named),
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
    /// Changes what a JWKS endpoint answers.
    KeyEndpoint {
        /// Its name.
        name: String,
        /// What it answers from now on.
        answers: Vec<KeyAnswer>,
    },
    /// Nothing: the clock has moved on to `at`.
    Advance(u64),
    /// Asks for access tokens.
    Exchange(Exchange),
    /// Sends an HTTP request.
    Http(Http),
}

impl Action {
    /// Its name in a scenario file.
    pub fn name(&self) -> &'static str {
        match self {
            Self::RegisterOrganization(_) => "register_organization",
            Self::RegisterIssuer(_) => "register_issuer",
            Self::ReplaceIssuer(_) => "replace_issuer",
            Self::RemoveIssuer(_) => "remove_issuer",
            Self::RegisterApplication(_) => "register_application",
            Self::ReplaceApplication(_) => "replace_application",
            Self::RemoveApplication(_) => "remove_application",
            Self::RenewSecret(_) => "renew_secret",
            Self::RotateKeys(_) => "rotate_keys",
            Self::Introspect(_) => "introspect",
            Self::Revoke(_) => "revoke",
            Self::RevokeAll { .. } => "revoke_all",
            Self::KeyEndpoint { .. } => "key_endpoint",
            Self::Advance(_) => "advance",
            Self::Exchange(_) => "exchange",
            Self::Http(_) => "http",
        }
    }
}

/// A record to register.
#[derive(Clone)]
pub struct Registration {
    /// The organization.
    pub organization: String,
    /// The name under which the scenario speaks of it.
    pub name: String,
    /// The record, as the admin API takes it.
    pub record: Map<String, Value>,
}

/// Something registered before.
#[derive(Clone)]
pub struct Named {
    /// The organization.
    pub organization: String,
    /// The name under which the scenario speaks of it.
    pub name: String,
}

/// A token, and the application that brings it.
#[derive(Clone)]
pub struct TokenQuestion {
    /// The organization.
    pub organization: String,
    /// The client identifier.
    pub client_id: String,
    /// The secret.
    pub client_secret: String,
    /// The token.
    pub token: String,
}

/// A request for an access token, once for each assertion.
#[derive(Clone)]
pub struct Exchange {
    /// The organization.
    pub organization: String,
    /// `basic`, `post`, `key`, `federated`, `svid`, `label` or `none`.
    pub credentials: String,
    /// The client identifier.
    pub client_id: String,
    /// Whether the request names it.
    pub sends_client_id: bool,
    /// The client assertions, one for each assertion. Empty: there are none.
    pub client_assertions: Vec<String>,
    /// The secret.
    pub client_secret: String,
    /// The parameter `scope`.
    pub scope: Option<String>,
    /// The parameter `resource`.
    pub resource: Option<String>,
    /// The assertions.
    pub assertions: Vec<String>,
    /// They are subject tokens of a token exchange.
    pub token_exchange: Option<TokenExchange>,
    /// The DPoP proofs, one for each assertion. Empty: there are none.
    pub proofs: Vec<Proof>,
    /// All at the same time.
    pub at_once: bool,
}

/// A DPoP proof.
#[derive(Clone)]
pub enum Proof {
    /// As it is sent.
    Made(String),
    /// One that can't be signed before its nonce is known.
    WithNonce {
        /// The label of the step whose response brings the nonce.
        of: String,
        /// The name of the key that signs.
        key: String,
        /// Its header.
        header: Map<String, Value>,
        /// Its claims, but for `nonce`.
        claims: Map<String, Value>,
    },
}

/// An HTTP request.
#[derive(Clone)]
pub struct Http {
    /// The method.
    pub method: String,
    /// The path and query.
    pub path: String,
    /// The headers.
    pub headers: Vec<(String, String)>,
    /// The body, bytes as the characters of Latin-1.
    pub body: String,
}

/// What is expected of a step.
#[derive(Clone, Default, Serialize)]
pub struct Expectation {
    /// The status of the answer.
    pub status: u16,
    /// The OAuth error code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// The stable reason of the refusal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The member at fault, of a refused registration.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// Headers with these values.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
    /// Members of the body with these values.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub body: Map<String, Value>,
    /// Members that the body has not.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub without: Vec<String>,
    /// Claims of the access token with these values.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub token: Map<String, Value>,
    /// Claims that the access token has not.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub token_without: Vec<String>,
    /// How often each JWKS endpoint has been fetched since the beginning.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub fetches: BTreeMap<String, usize>,
}
