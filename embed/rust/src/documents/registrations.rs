//! What is registered: written by `make documents` from the types of the server, and not by hand.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A third party whose assertions an organization accepts, and what it is trusted with. It needs exactly one of
/// `jwks_uri`, `jwks` and `certificate`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct TrustedIssuer {
    /// Its name in the organization: unique, chosen by people, 1 to 128 bytes without control characters.
    pub name: String,
    /// The exact value of `iss` in its assertions: unique in the organization, 1 to 1024 bytes.
    pub issuer: String,
    /// The name by which it knows us, tried where `aud` names neither our issuer identifier nor our token endpoint.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alias: Option<String>,
    /// Its JWKS endpoint: `https`, no credentials, no fragment, at most 2048 bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jwks_uri: Option<String>,
    /// Its keys as a JWK set (RFC 7517 section 5), at most 64 KiB.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jwks: Option<Value>,
    /// Its X.509 certificates or public keys: PEM, several allowed, or one in DER as base64; at most 64 KiB.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub certificate: Option<String>,
    /// Whether its assertions are accepted at all. Default: true.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    /// The algorithms it may use. Absent: all asymmetric ones that a key's type allows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub algorithms: Option<Vec<String>>,
    /// How far its clock may be off, in seconds. From 0 to 600. Default: 60.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clock_skew: Option<u32>,
    /// How far `exp` may lie ahead and `iat` behind, in seconds. From 1 to 172800. Default: 3600.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_lifetime: Option<u32>,
    /// Whether `aud` may name others besides us (`any`), or us alone (`exactly-one`). Default: `any`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub audience_mode: Option<String>,
    /// Whether an assertion works `once`, or again until it expires (`allow`). Default: `once`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replay: Option<String>,
    /// Whether an assertion must have a `jti`. Default: false.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub require_jti: Option<bool>,
    /// The `typ` that its assertions must have. Absent: any that names no other use.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub typ: Option<String>,
    /// The subjects it may speak for: whole, or with `*` for one or more characters within a segment of `/ : @ |` and
    /// `**` for one or more across. Absent: all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subjects: Option<Vec<String>>,
    /// Conditions on its claims; all must hold.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub claims: Vec<ClaimCondition>,
    /// The most that its assertions can be exchanged for. Absent: no cap but the application's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scopes: Option<Vec<String>>,
    /// Claims to carry over: name in the assertion to name in the access token, at most 32.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub claim_mappings: BTreeMap<String, String>,
}

/// A condition on one claim of an assertion, `{"claim": "hd", "equals": "example.com"}`: exactly one of the four tests.
/// Types count: `"1"` is not `1`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ClaimCondition {
    /// The name of the claim, at the top level of the claims: 1 to 256 bytes.
    pub claim: String,
    /// It has exactly this value.
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

/// What an application may do, with the names of RFC 7591 section 2 as far as it has them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ApplicationMetadata {
    /// Its name for people, at most 256 bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_name: Option<String>,
    /// The grants it may use; without the JWT bearer grant it gets no token.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub grant_types: Vec<String>,
    /// The scopes it may ask for, separated by single spaces, at most 4096 bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    /// How it authenticates over HTTP: in the header alone, or in the body as well. Default: `client_secret_basic`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_endpoint_auth_method: Option<String>,
    /// The names of the trusted issuers whose assertions it may present. Absent: all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trusted_issuers: Option<Vec<String>>,
    /// How long its access tokens are valid, in seconds. From 30 to 86400. Default: 3600.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub access_token_lifetime: Option<u32>,
    /// The resources its tokens are for, 1 to 32: `aud` of the token, and what `resource` may name. Absent: our own
    /// issuer identifier.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub audience: Option<Audience>,
    /// Whether it may be used at all. Default: true.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
}

/// The audience of an application: one resource or several, as JSON documents of this field often have it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Audience {
    /// One.
    One(String),
    /// Several.
    Many(Vec<String>),
}
