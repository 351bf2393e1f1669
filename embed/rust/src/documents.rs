//! Registrations, as the documents in which they cross: the same members as in the admin API of the server.
//!
//! Absent members have a safe default, and come back with it filled in. Whoever wants a member that is not here yet
//! hands over any other value that serializes to an object, such as `serde_json::json!({…})`.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The grant type of RFC 7523 section 2.1.
pub const JWT_BEARER: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";

/// A third party whose assertions an organization accepts, and what it is trusted with. It needs a name, an issuer
/// value, and exactly one of `jwks_uri`, `jwks` and `certificate`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct TrustedIssuer {
    /// Its name in the organization: unique, chosen by people, 1 to 128 bytes without control characters.
    pub name: String,
    /// The exact value of `iss` in its assertions: unique in the organization, 1 to 1024 bytes.
    pub issuer: String,
    /// The name by which it knows us: tried where `aud` names neither our issuer identifier nor our token endpoint.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alias: Option<String>,
    /// Its JWKS endpoint: `https`, no credentials, no fragment, at most 2048 bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jwks_uri: Option<String>,
    /// Its keys as a JWK set (RFC 7517 section 5).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jwks: Option<Value>,
    /// X.509 certificates or public keys: PEM, several allowed, or DER as base64.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub certificate: Option<String>,
    /// Whether its assertions are accepted at all. Default: true.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    /// The algorithms it may use, such as `ES256`. Default: all asymmetric ones that a key's type allows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub algorithms: Option<Vec<String>>,
    /// How far its clock may be off, in seconds, at most 600. Default: 60.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clock_skew: Option<u32>,
    /// How far `exp` may lie ahead and `iat` behind, in seconds, 1 to 172800. Default: 3600.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_lifetime: Option<u32>,
    /// How many audiences an assertion may have: `any` (we must be among them) or `exactly-one`. Default: `any`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub audience_mode: Option<String>,
    /// Whether an assertion works `once`, or is allowed again until it expires (`allow`). Default: `once`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replay: Option<String>,
    /// Whether an assertion must have a `jti`. Default: false.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub require_jti: Option<bool>,
    /// The `typ` that its assertions must have (RFC 8725 section 3.11).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub typ: Option<String>,
    /// The subjects it may speak for: whole, or as globs with `*` within a segment of `/ : @ |` and `**` across.
    /// Default: all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subjects: Option<Vec<String>>,
    /// Conditions on its claims, at most 32; all must hold.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub claims: Vec<ClaimCondition>,
    /// The most that its assertions can be exchanged for. Default: no cap but the application's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scopes: Option<Vec<String>>,
    /// Claims to carry over: name in the assertion to name in the access token, at most 32.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub claim_mappings: BTreeMap<String, String>,
    /// In the response to a registration: what of its keys is not used, and why. Never sent.
    #[serde(skip_serializing)]
    pub skipped_keys: Vec<SkippedKey>,
}

impl TrustedIssuer {
    /// A trusted issuer under the default policy. Its keys are yet to be said.
    pub fn new(name: impl Into<String>, issuer: impl Into<String>) -> Self {
        Self { name: name.into(), issuer: issuer.into(), ..Self::default() }
    }
}

/// A key of a registration that is not used.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct SkippedKey {
    /// Which: `keys[1]`, `block 2`.
    pub key: String,
    /// Why.
    pub reason: String,
}

/// A condition on one claim of an assertion: exactly one of the four tests.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ClaimCondition {
    /// The name of the claim, at the top level of the claims: 1 to 256 bytes.
    pub claim: String,
    /// It has exactly this value: a string, a number or a boolean. Types count.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub equals: Option<Value>,
    /// It has one of these values.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub one_of: Option<Vec<Value>>,
    /// It is an array with this value in it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contains: Option<Value>,
    /// It is there (true), or it is not (false).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub present: Option<bool>,
}

/// What an application may do. The members have the names of RFC 7591 section 2, as far as it has them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ApplicationMetadata {
    /// Its name for people, at most 256 bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_name: Option<String>,
    /// The grants it may use: without [`JWT_BEARER`] it gets no token.
    pub grant_types: Vec<String>,
    /// The scopes it may ask for, separated by single spaces, at most 4096 bytes. Default: none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    /// How it authenticates over HTTP: `client_secret_basic`, the default, or `client_secret_post` as well.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_endpoint_auth_method: Option<String>,
    /// The names of the trusted issuers whose assertions it may present. Default: all of the organization.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trusted_issuers: Option<Vec<String>>,
    /// How long its access tokens are valid, in seconds, 30 to 86400. Default: 3600.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub access_token_lifetime: Option<u32>,
    /// The resources its tokens are for, 1 to 32: `aud` of the token. Default: our own issuer identifier.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub audience: Option<Audience>,
    /// Whether it may be used at all. Default: true.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
}

impl ApplicationMetadata {
    /// An application that may use the JWT bearer grant, and has no scopes.
    pub fn jwt_bearer() -> Self {
        Self { grant_types: vec![JWT_BEARER.to_owned()], ..Self::default() }
    }
}

/// The audience of an application's tokens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Audience {
    /// One resource.
    One(String),
    /// Several.
    Many(Vec<String>),
}

/// A registered application.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Application {
    /// Its identifier.
    pub client_id: String,
    /// When it was registered: seconds since 1970-01-01T00:00:00Z.
    pub client_id_issued_at: u64,
    /// What it may do.
    #[serde(flatten)]
    pub metadata: ApplicationMetadata,
}

/// An application with its secret.
#[derive(Clone, PartialEq, Eq, Deserialize)]
pub struct NewApplication {
    /// The application.
    #[serde(flatten)]
    pub application: Application,
    /// Its secret: 256 random bits, base64url. It is shown here only; stored is its SHA-256.
    pub client_secret: String,
}

/// Without the secret: what is debugged ends up in logs.
impl fmt::Debug for NewApplication {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("NewApplication")
            .field("application", &self.application)
            .finish_non_exhaustive()
    }
}

/// An organization.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Organization {
    /// Its name: 1 to 63 lower-case letters, digits and hyphens, not beginning with a hyphen.
    pub name: String,
    /// Its name for people, at most 256 bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
}

/// One of our signing keys, without its secret.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct SigningKey {
    /// Its identifier: its thumbprint (RFC 7638).
    pub kid: String,
    /// Its algorithm: `ES256`, `EdDSA` or `RS256`.
    pub alg: String,
    /// From when on it signs: seconds since 1970-01-01T00:00:00Z.
    pub signs_from: u64,
    /// From when on it no longer signs. `None`: it is the newest.
    #[serde(default)]
    pub signs_until: Option<u64>,
}

/// What became of the registrations of a document, in its order, or would become of them.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct ApplyReport {
    /// Whether nothing was stored.
    pub dry_run: bool,
    /// The registrations.
    pub items: Vec<Applied>,
}

/// A registration of a document, and what became of it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Applied {
    /// What it registers: `organization`, `trusted_issuer` or `application`.
    pub kind: String,
    /// The name of its organization.
    pub organization: String,
    /// The name of the trusted issuer, the `client_id` of the application.
    #[serde(default)]
    pub name: Option<String>,
    /// What became of it: `created`, `replaced` or `unchanged`.
    pub outcome: String,
    /// Which members are others than before.
    #[serde(default)]
    pub changed: Vec<String>,
}

/// A registration that was replaced, or is new.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replaced<T> {
    /// Whether there was none before.
    pub created: bool,
    /// The registration as it is now.
    pub document: T,
}

/// A part of a list, in ascending order of the names.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Listing<T> {
    /// The items.
    pub items: Vec<T>,
    /// The `after` of the next page. `None`: this is the end.
    pub next: Option<String>,
    /// Those whose records can't be read. They can be replaced and removed.
    #[serde(default = "Vec::new")]
    pub unreadable: Vec<Unreadable>,
}

/// An item of a list whose record can't be read.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Unreadable {
    /// Its name.
    pub name: String,
    /// What is wrong with its record, with nothing of its content.
    pub problem: String,
}

/// What an exchange would come to.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Explanation {
    /// Whether every check passed.
    pub accepted: bool,
    /// The checks, in the order of an exchange.
    pub checks: Vec<Check>,
}

/// One check of an exchange and what came of it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Check {
    /// The rules behind it, as docs/rules.md numbers them.
    pub rule: String,
    /// Its name, for people.
    pub check: String,
    /// Whether it passed.
    pub passed: bool,
    /// The reason that an exchange would be refused with.
    #[serde(default)]
    pub reason: Option<String>,
    /// What it looked at. Nothing secret or personal.
    pub saw: String,
}
