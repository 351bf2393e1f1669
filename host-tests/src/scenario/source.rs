//! A scenario file as a person writes it. What is left out has the defaults that README.md states.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value};

/// A file: scenarios of one topic.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct File {
    /// The scenarios.
    pub scenario: Vec<Scenario>,
}

/// One scenario.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// Its name, unique in the file.
    pub name: String,
    /// What it shows, in one line.
    pub intent: String,
    /// The rules that it proves.
    pub rules: Vec<String>,
    /// Why it can be carried out over HTTP only.
    pub http_only: Option<String>,
    /// Settings of the installation: `dev`, `access_token_algorithm`, `dpop_nonce`.
    #[serde(default)]
    pub settings: Map<String, Value>,
    /// The organizations.
    #[serde(default = "acme")]
    pub organizations: Vec<String>,
    /// Members of the header of its assertions, over the default ones.
    #[serde(default)]
    pub header: Map<String, Value>,
    /// Claims of its assertions, over the default ones.
    #[serde(default)]
    pub claims: Map<String, Value>,
    /// The trusted issuers, over the default one.
    #[serde(default = "one")]
    pub trusted_issuers: Vec<Map<String, Value>>,
    /// The applications, over the default one.
    #[serde(default = "one")]
    pub applications: Vec<Map<String, Value>>,
    /// The JWKS endpoints: what each answers, in turn.
    #[serde(default)]
    pub key_endpoints: BTreeMap<String, Vec<KeyAnswer>>,
    /// What happens.
    pub steps: Vec<Step>,
}

fn acme() -> Vec<String> {
    vec!["acme".to_owned()]
}

fn one() -> Vec<Map<String, Value>> {
    vec![Map::new()]
}

/// An answer of a JWKS endpoint. The last one of a list is given again and again.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyAnswer {
    /// The status.
    #[serde(default = "ok")]
    pub status: u16,
    /// More headers.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// The body: text, or a value that becomes JSON.
    #[serde(default)]
    pub body: Value,
    /// The body is filled up with spaces to so many bytes.
    #[serde(default)]
    pub pad_to: usize,
    /// So many milliseconds pass before the answer.
    #[serde(default)]
    pub delay_ms: u64,
}

fn ok() -> u16 {
    200
}

/// A step: exactly one action, and what is expected of it.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// A name by which later steps can speak of it.
    pub label: Option<String>,
    /// Why this step and those after it can be carried out over HTTP only.
    pub http_only: Option<String>,
    /// What is expected.
    #[serde(default)]
    pub expect: Map<String, Value>,
    /// Asks for an access token.
    pub exchange: Option<Exchange>,
    /// Sends an HTTP request as it is written.
    pub http: Option<Http>,
    /// Registers a trusted issuer.
    pub register_issuer: Option<Map<String, Value>>,
    /// Creates or replaces a trusted issuer.
    pub replace_issuer: Option<Map<String, Value>>,
    /// Removes a trusted issuer.
    pub remove_issuer: Option<Map<String, Value>>,
    /// Registers an application.
    pub register_application: Option<Map<String, Value>>,
    /// Replaces what an application may do.
    pub replace_application: Option<Map<String, Value>>,
    /// Removes an application.
    pub remove_application: Option<Map<String, Value>>,
    /// Gives an application a new secret.
    pub renew_secret: Option<Map<String, Value>>,
    /// Gives an organization a new signing key.
    pub rotate_keys: Option<Map<String, Value>>,
    /// Asks whether a token is active.
    pub introspect: Option<TokenQuestion>,
    /// Takes a token back.
    pub revoke: Option<TokenQuestion>,
    /// Revokes all tokens of a trusted issuer or an application.
    pub revoke_all: Option<Map<String, Value>>,
    /// Changes what a JWKS endpoint answers.
    pub key_endpoint: Option<KeyEndpoint>,
    /// Lets so many seconds pass.
    pub advance: Option<u64>,
}

/// A change of a JWKS endpoint.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyEndpoint {
    /// Its name.
    pub name: String,
    /// What it answers from now on.
    pub answers: Vec<KeyAnswer>,
}

/// A token, and the application that brings it.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TokenQuestion {
    /// Whose endpoint is asked.
    #[serde(default = "default_organization")]
    pub organization: String,
    /// The application that asks, by its `client_name`.
    #[serde(default = "default_application")]
    pub application: String,
    /// Another secret than the application's.
    pub client_secret: Option<String>,
    /// The token.
    pub token: String,
}

/// A request for an access token.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exchange {
    /// Whose token endpoint is asked.
    #[serde(default = "default_organization")]
    pub organization: String,
    /// The application that asks, by its `client_name`.
    #[serde(default = "default_application")]
    pub application: String,
    /// How it authenticates: `basic`, `post`, `key`, `federated`, `svid`, or not: `label` (its `client_id` alone) or `none`.
    #[serde(default = "basic")]
    pub credentials: String,
    /// With `key`, `federated` or `svid`: the client assertion.
    #[serde(default)]
    pub client_assertion: Assertion,
    /// The step is done with each of these claims, over those of the client assertion.
    #[serde(default)]
    pub each_client: Vec<Map<String, Value>>,
    /// Another client identifier than the application's.
    pub client_id: Option<String>,
    /// Another secret than the application's.
    pub client_secret: Option<String>,
    /// The parameter `scope`.
    pub scope: Option<String>,
    /// The parameter `resource`.
    pub resource: Option<String>,
    /// The assertion; of a token exchange, the subject token.
    #[serde(default)]
    pub assertion: Assertion,
    /// It is a token exchange.
    pub token_exchange: Option<TokenExchange>,
    /// The step is done with each of these claims, over those of the assertion.
    #[serde(default)]
    pub each: Vec<Map<String, Value>>,
    /// The DPoP proof, if the client sends one.
    pub proof: Option<Assertion>,
    /// The step is done with each of these, over the proof.
    #[serde(default)]
    pub each_proof: Vec<Recipe>,
    /// The proof has the nonce that came with the response to the step of this label.
    pub nonce_of: Option<String>,
    /// The step is done so often, with a fresh assertion each time.
    #[serde(default = "once")]
    pub times: usize,
    /// These are sent at once, not one after the other.
    #[serde(default)]
    pub at_once: bool,
}

fn default_organization() -> String {
    "acme".to_owned()
}

fn default_application() -> String {
    "app".to_owned()
}

fn basic() -> String {
    "basic".to_owned()
}

fn once() -> usize {
    1
}

impl Exchange {
    /// Whether a JWT authenticates the client.
    pub fn is_by_jwt(&self) -> bool {
        matches!(self.credentials.as_str(), "key" | "federated" | "svid")
    }
}

/// What a token exchange asks beside its subject token.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TokenExchange {
    /// The type of the subject token: `jwt`, `id_token`, `access_token`, or a text with a colon as it is.
    #[serde(default = "jwt")]
    pub subject_token_type: String,
    /// The actor token, made like an assertion.
    pub actor: Option<Assertion>,
    /// Its type.
    #[serde(default = "jwt")]
    pub actor_token_type: String,
    /// The parameters `audience`.
    #[serde(default)]
    pub audience: Vec<String>,
}

fn jwt() -> String {
    "jwt".to_owned()
}

/// An assertion: a recipe, or a text such as `${assertion:first}`.
#[derive(Clone, Deserialize)]
#[serde(untagged)]
pub enum Assertion {
    /// What it is made of.
    Recipe(Box<Recipe>),
    /// The text itself.
    Text(String),
}

impl Default for Assertion {
    fn default() -> Self {
        Self::Recipe(Box::default())
    }
}

/// What an assertion is made of.
#[derive(Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recipe {
    /// The test key that signs.
    pub key: Option<String>,
    /// The algorithm it signs with, where that is not what the header says.
    pub sign_as: Option<String>,
    /// Members of the header, over the default ones.
    #[serde(default)]
    pub header: Map<String, Value>,
    /// Claims, over the default ones.
    #[serde(default)]
    pub claims: Map<String, Value>,
    /// Members to leave out: `claims.exp`, `header.kid`.
    #[serde(default)]
    pub without: Vec<String>,
    /// The header as text, instead.
    pub header_text: Option<String>,
    /// The claims as text, instead.
    pub claims_text: Option<String>,
    /// What is done to the signature.
    pub signature: Option<String>,
    /// The whole token, put together from `${header}`, `${claims}` and `${signature}`.
    pub text: Option<String>,
}

/// An HTTP request as it is written.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Http {
    /// The method.
    #[serde(default = "post")]
    pub method: String,
    /// The path and query.
    #[serde(default = "token_path")]
    pub path: String,
    /// The headers, in their order.
    #[serde(default)]
    pub headers: Vec<(String, String)>,
    /// The body.
    #[serde(default)]
    pub body: String,
    /// An assertion that stands for `${assertion}` in the rest.
    #[serde(default)]
    pub assertion: Assertion,
    /// A DPoP proof that stands for `${proof}` in the rest.
    #[serde(default)]
    pub proof: Assertion,
}

fn post() -> String {
    "POST".to_owned()
}

fn token_path() -> String {
    "/t/acme/oauth2/token".to_owned()
}
