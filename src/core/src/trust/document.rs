//! A trusted issuer, as people register it.

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::glob;
use super::{AudienceMode, ClaimCondition, Replay, ReservedClaim};
use crate::field::{FieldError, check_text};
use crate::jose::Algorithm;
use crate::json::Value;
use crate::jwt;
use crate::keys::KeySource;
use crate::oauth::{Scope, is_token};

/// The most that an issuer's `clock_skew` may be, in seconds.
pub const MAX_CLOCK_SKEW: u32 = 600;

/// The most that an issuer's `max_lifetime` may be, in seconds: two days. Managed identities get tokens for a day and
/// five minutes (R43).
const MAX_LIFETIME: u32 = 172_800;

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

impl TrustedIssuer {
    /// Checks every member and reads the keys.
    pub fn check(&self, dev: bool) -> Result<KeySource, FieldError> {
        check_text("name", &self.name, 128)?;
        check_text("issuer", &self.issuer, 1024)?;
        if let Some(alias) = &self.alias {
            check_text("alias", alias, 1024)?;
        }
        self.check_limits()?;
        self.check_policy()?;
        match (&self.jwks_uri, &self.jwks, &self.certificate) {
            (Some(uri), None, None) => KeySource::from_uri(uri, dev),
            (None, Some(document), None) => KeySource::from_jwks(document),
            (None, None, Some(text)) => KeySource::from_certificate(text),
            (None, None, None) => {
                Err(FieldError::new("jwks_uri", "exactly one of jwks_uri, jwks and certificate is needed"))
            }
            _ => Err(FieldError::new("jwks_uri", "only one of jwks_uri, jwks and certificate may be given")),
        }
    }

    fn check_limits(&self) -> Result<(), FieldError> {
        if self.clock_skew > MAX_CLOCK_SKEW {
            return Err(FieldError::new("clock_skew", "must be 0 to 600 seconds"));
        }
        if !(1..=MAX_LIFETIME).contains(&self.max_lifetime) {
            return Err(FieldError::new("max_lifetime", "must be 1 to 172800 seconds"));
        }
        if self.algorithms.as_ref().is_some_and(Vec::is_empty) {
            return Err(FieldError::new("algorithms", "must not be empty"));
        }
        if self.subjects.as_ref().is_some_and(|subjects| subjects.len() > 1000) {
            return Err(FieldError::new("subjects", "must not have more than 1000 elements"));
        }
        if self.claims.len() > 32 {
            return Err(FieldError::new("claims", "must not have more than 32 elements"));
        }
        if self.claim_mappings.len() > 32 {
            return Err(FieldError::new("claim_mappings", "must not have more than 32 members"));
        }
        Ok(())
    }

    fn check_policy(&self) -> Result<(), FieldError> {
        if let Some(typ) = &self.typ {
            check_text("typ", typ, 256)?;
            if jwt::is_of_another_purpose(typ) {
                return Err(FieldError::new(
                    "typ",
                    "must not be the type of tokens that serve another purpose (R35)",
                ));
            }
        }
        for (index, subject) in self.subjects.iter().flatten().enumerate() {
            let field = format!("subjects[{index}]");
            check_text(&field, subject, 1024)?;
            if let Some(problem) = glob::problem(subject) {
                return Err(FieldError::new(field, problem));
            }
        }
        for (index, condition) in self.claims.iter().enumerate() {
            condition.check(&format!("claims[{index}]"))?;
        }
        for (index, scope) in self.scopes.iter().flatten().enumerate() {
            if scope.len() > 256 || !is_token(scope) {
                return Err(FieldError::new(
                    format!("scopes[{index}]"),
                    "must be one scope (RFC 6749 section 3.3)",
                ));
            }
        }
        for (from, to) in &self.claim_mappings {
            let field = format!("claim_mappings.{from}");
            check_text(&field, from, 256)?;
            check_text(&field, to, 256)?;
            if self.claim_mappings.values().filter(|other| *other == to).count() > 1 {
                return Err(FieldError::new(
                    field,
                    format!("the claim {to} is written by another mapping too"),
                ));
            }
            if ReservedClaim::is(to) {
                return Err(FieldError::new(
                    field,
                    format!("must not write the claim {to}, which is ours (R62)"),
                ));
            }
        }
        Ok(())
    }

    /// The most that its assertions can be exchanged for; `None`: no cap (R61).
    pub fn scope_cap(&self) -> Option<Scope<'_>> {
        self.scopes.as_deref().map(Scope::of_tokens)
    }
}
