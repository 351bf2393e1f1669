//! The document that people register of a trusted issuer: its members, their defaults, and nothing else.

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::condition::ClaimCondition;
use super::policy::{AudienceMode, Replay};
use crate::jose::Algorithm;
use crate::json::Value;

/// The most that an issuer's `clock_skew` may be, in seconds.
pub const MAX_CLOCK_SKEW: u32 = 600;

/// A third party whose assertions an organization accepts, and what it is trusted with. Everything
/// but `name`, `issuer` and one source of keys is optional, with safe defaults.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrustedIssuer {
    /// Its name in the organization: unique, chosen by people.
    pub name: String,
    /// The exact value of `iss` in its assertions: unique in the organization (R40).
    pub issuer: String,
    /// The name by which it knows us, tried where `aud` does not name us (R42).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alias: Option<String>,
    /// Its JWKS endpoint.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jwks_uri: Option<String>,
    /// Its keys as a JWK set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jwks: Option<Value>,
    /// Its X.509 certificates or public keys: PEM, several allowed, or DER as base64.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate: Option<String>,
    /// Whether its assertions are accepted at all.
    #[serde(default = "yes")]
    pub enabled: bool,
    /// The algorithms it may use; absent: all asymmetric ones that a key's type allows (R31).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub algorithms: Option<Vec<Algorithm>>,
    /// How far its clock may be off, in seconds.
    #[serde(default = "default_clock_skew")]
    pub clock_skew: u32,
    /// How far `exp` may lie ahead and `iat` behind, in seconds (R43, R44).
    #[serde(default = "default_max_lifetime")]
    pub max_lifetime: u32,
    /// How many audiences an assertion may have (R42).
    #[serde(default)]
    pub audience_mode: AudienceMode,
    /// Whether an assertion works again (R45).
    #[serde(default)]
    pub replay: Replay,
    /// Whether an assertion must have a `jti` (R46).
    #[serde(default)]
    pub require_jti: bool,
    /// The `typ` that its assertions must have (R34).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub typ: Option<String>,
    /// The subjects it may speak for: whole, or as globs (R41, R84).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subjects: Option<Vec<String>>,
    /// Conditions on its claims; all must hold (R49).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub claims: Vec<ClaimCondition>,
    /// The most that its assertions can be exchanged for (R61).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scopes: Option<Vec<String>>,
    /// Claims to carry over: name in the assertion to name in the access token (R62).
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub claim_mappings: BTreeMap<String, String>,
}

const fn yes() -> bool {
    true
}

const fn default_clock_skew() -> u32 {
    60
}

const fn default_max_lifetime() -> u32 {
    3600
}
