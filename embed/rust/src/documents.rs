//! Registrations, as the documents in which they cross: the same members as in the admin API of the server.
//!
//! Absent members have a safe default, and come back with it filled in. Whoever wants a member that is not here yet
//! hands over any other value that serializes to an object, such as `serde_json::json!({…})`.

use std::fmt;

use serde::{Deserialize, Serialize};

pub use registrations::{
    ApplicationMetadata, Audience, ClaimCondition, IssuerRule, NegatedTest, StatedMetadata, TrustedIssuer,
};

mod registrations;

/// The grant type of RFC 7523 section 2.1.
pub const JWT_BEARER: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
/// The grant type of RFC 8693 section 2.1.
pub const TOKEN_EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";

impl TrustedIssuer {
    /// A trusted issuer under the default policy. Its keys are yet to be said.
    pub fn new(name: impl Into<String>, issuer: impl Into<String>) -> Self {
        Self { name: name.into(), issuer: issuer.into(), ..Self::default() }
    }
}

/// A trusted issuer as its registration returns it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegisteredIssuer {
    /// What was registered.
    #[serde(flatten)]
    pub issuer: TrustedIssuer,
    /// What of its keys is not used, and why. Left out where it is handed back.
    #[serde(default, skip_serializing)]
    pub skipped_keys: Vec<SkippedKey>,
    /// What about it may not be meant so, and is no error. Left out where it is handed back.
    #[serde(default, skip_serializing)]
    pub warnings: Vec<IssuerWarning>,
}

/// Something about a registration that may not be meant so.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct IssuerWarning {
    /// The member: `rules[1]`.
    pub field: String,
    /// What about it, as a sentence.
    pub detail: String,
}

/// A key of a registration that is not used.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct SkippedKey {
    /// Which: `keys[1]`, `block 2`.
    pub key: String,
    /// Why.
    pub reason: String,
}

impl ApplicationMetadata {
    /// An application that may use the JWT bearer grant, and has no scopes.
    pub fn jwt_bearer() -> Self {
        Self { grant_types: vec![JWT_BEARER.to_owned()], ..Self::default() }
    }
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
    /// What of its keys is not used, and why. Left out where it is handed back.
    #[serde(default, skip_serializing)]
    pub skipped_keys: Vec<SkippedKey>,
    /// What about it may not be meant so, and is no error: where it is registered or replaced. Left out where it is handed
    /// back.
    #[serde(default, skip_serializing)]
    pub warnings: Vec<IssuerWarning>,
}

/// An application with its secret.
#[derive(Clone, PartialEq, Eq, Deserialize)]
pub struct NewApplication {
    /// The application.
    #[serde(flatten)]
    pub application: Application,
    /// Its secret: 256 random bits, base64url. It is shown here only; stored is its SHA-256. Empty where the application
    /// authenticates with `private_key_jwt`.
    #[serde(default)]
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
    /// From when on it no longer signs. `None`: it is the newest of its algorithm.
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
    /// What about it may not be meant so, once the whole document is applied.
    #[serde(default)]
    pub warnings: Vec<IssuerWarning>,
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

/// Whether a token is active, and what it says (RFC 7662 section 2.2).
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Introspection {
    /// Whether it is. If not, nothing else is told.
    pub active: bool,
    /// The other members: `iss`, `sub`, `aud`, `client_id`, `scope`, `iat`, `exp`, `jti`, `token_type`, and `cnf` and `act`
    /// where the token has them.
    #[serde(flatten)]
    pub claims: serde_json::Map<String, serde_json::Value>,
}

/// All tokens of an issuer or an application that were issued before a time are revoked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revocation {
    /// The name of the trusted issuer. `None`: it is an application's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trusted_issuer: Option<String>,
    /// The application. `None`: it is a trusted issuer's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    /// Seconds since 1970-01-01T00:00:00Z.
    pub issued_before: u64,
    /// When the last of the tokens has expired: seconds since 1970-01-01T00:00:00Z.
    pub expires_at: u64,
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
