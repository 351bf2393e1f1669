//! The document that people register of a trusted issuer: its members, their defaults, and nothing else.

use alloc::collections::BTreeMap;
use alloc::string::String;
#[cfg(feature = "schema")]
use alloc::string::ToString as _;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::condition::ClaimCondition;
use super::rule::IssuerRule;
use crate::jose::Algorithm;
use crate::json::Value;
#[cfg(feature = "schema")]
use crate::shape;

/// The most that an issuer's `clock_skew` may be, in seconds.
pub const MAX_CLOCK_SKEW: u32 = 600;

/// The most that an issuer's `max_lifetime` may be, in seconds: two days. Managed identities get tokens for a day and
/// five minutes (R43).
pub(super) const MAX_LIFETIME: u32 = 172_800;

/// A third party whose assertions an organization accepts, and what it is trusted with. It needs exactly one of
/// `jwks_uri`, `jwks`, `certificate` and `discovery`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(transform = one_source_of_keys))]
#[serde(deny_unknown_fields)]
pub struct TrustedIssuer {
    /// Its name in the organization: unique, chosen by people, 1 to 128 bytes without control characters, and neither `.` nor
    /// `..`.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 128)))]
    pub name: String,
    /// The exact value of `iss` in its assertions: unique in the organization (R40), 1 to 1024 bytes.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 1024)))]
    pub issuer: String,
    /// The name by which it knows us, tried where `aud` names neither our issuer identifier nor our token endpoint;
    /// neither of these of another organization (R42).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 1024)))]
    pub alias: Option<String>,
    /// Its JWKS endpoint: `https`, no credentials, no fragment, at most 2048 bytes (R50).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(length(max = 2048)))]
    pub jwks_uri: Option<String>,
    /// Its keys as a JWK set (RFC 7517 section 5), at most 64 KiB.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<shape::AnyObject>"))]
    pub jwks: Option<Value>,
    /// Its X.509 certificates or public keys: PEM, several allowed, or one in DER as base64; at most 64 KiB (R47).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate: Option<String>,
    /// Its metadata says where its keys are: `true` where that is at the well-known addresses of `issuer`, else the URL of
    /// the metadata, as for `jwks_uri` (R54).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<shape::Discovery>"))]
    pub discovery: Option<Value>,
    /// The certificate authorities of the endpoints of its keys and metadata, in place of all others: certificates in PEM,
    /// at most 64 KiB (R55).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jwks_ca: Option<String>,
    /// Whether these endpoints may be in a private network. The operator of a native host has to allow that too (R55).
    #[serde(default, skip_serializing_if = "core::ops::Not::not")]
    pub allow_private: bool,
    /// Whether its assertions are accepted at all.
    #[serde(default = "yes")]
    pub enabled: bool,
    /// The algorithms it may use. Absent: all asymmetric ones that a key's type allows (R31).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(length(min = 1)))]
    pub algorithms: Option<Vec<Algorithm>>,
    /// How far its clock may be off, in seconds.
    #[serde(default = "default_clock_skew")]
    #[cfg_attr(feature = "schema", schemars(range(max = MAX_CLOCK_SKEW)))]
    pub clock_skew: u32,
    /// How far `exp` may lie ahead and `iat` behind, in seconds (R43, R44).
    #[serde(default = "default_max_lifetime")]
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = MAX_LIFETIME)))]
    pub max_lifetime: u32,
    /// Whether `aud` may name others besides us (`any`), or us alone (`exactly-one`; R42).
    #[serde(default)]
    pub audience_mode: AudienceMode,
    /// Whether an assertion works `once`, or again until it expires (`allow`; R45).
    #[serde(default)]
    pub replay: Replay,
    /// Whether an assertion must have a `jti` (R46).
    #[serde(default)]
    pub require_jti: bool,
    /// Whether an access token is valid for no longer than the assertion that it was got for (R65).
    #[serde(default, skip_serializing_if = "is_false")]
    pub limit_to_assertion: bool,
    /// The claim that becomes `sub` of the access token, by its name or, where it begins with `/`, by a JSON Pointer to a
    /// nested one: a text of 1 to 1024 bytes, without which an assertion is refused. `subjects` and conditions on `sub`
    /// look at the assertion's own `sub` all the same (R39). By default `sub`; 1 to 256 bytes.
    // Left out where it is the default: a node of before reads the record then.
    #[serde(default = "own_subject", skip_serializing_if = "is_own_subject")]
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 256)))]
    pub subject_claim: String,
    /// The SPIFFE trust domain that it speaks for, such as `prod.example.org`: the `sub` of each assertion must be a SPIFFE
    /// ID of it (R41), and keys with `use: jwt-svid`, as SPIFFE bundles have them, count (R47). Absent: `sub` may be anything,
    /// and such keys are not used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(regex(pattern = r"^[a-z0-9._-]{1,255}$")))]
    pub trust_domain: Option<String>,
    /// The `typ` that its assertions must have (R34). Absent: any that names no other use (R35).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 256)))]
    pub typ: Option<String>,
    /// What its assertions are: any JWT for the JWT bearer grant (`jwt-bearer`, the default), or ID-JAGs alone (`id-jag`).
    /// Those have `typ` `oauth-id-jag+jwt`, are for us by our issuer identifier and nobody else, name the client that presents
    /// them, have `jti` and `iat`, and work once (R37). So `alias`, another `typ`, `replay: "allow"` and rules with
    /// `client: "none"` can't stand beside it.
    // Left out where it is the default: a node of before reads the record then.
    #[serde(default, skip_serializing_if = "Profile::is_default")]
    pub profile: Profile,
    /// The subjects it may speak for: whole, or with `*` for one or more characters within a segment of `/ : @ |` and
    /// `**` for one or more across (R41, R84). Absent: all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(length(max = 1000), inner(length(min = 1, max = 1024))))]
    pub subjects: Option<Vec<String>>,
    /// Conditions on its claims; all must hold (R49).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "schema", schemars(length(max = 32)))]
    pub claims: Vec<ClaimCondition>,
    /// The most that its assertions can be exchanged for (R61). Absent: no cap but the application's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(inner(length(min = 1, max = 256))))]
    pub scopes: Option<Vec<String>>,
    /// Claims to carry over, at most 32: the claim in the assertion, by its name or, where it begins with `/`, by a JSON
    /// Pointer to a nested one, to the name in the access token (R62); 1 to 256 bytes each.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[cfg_attr(feature = "schema", schemars(extend("maxProperties" = 32)))]
    pub claim_mappings: BTreeMap<String, String>,
    /// Rules, 1 to 64, each for a part of its assertions: the first that fits decides, and where none does nothing is granted
    /// (R80, R81). Absent: the members above are the one rule.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 64)))]
    pub rules: Option<Vec<IssuerRule>>,
    /// Whether its tokens can be exchanged (RFC 8693), and for whom. Absent: they can't (R90).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_exchange: Option<TokenExchange>,
    /// Whether an issuer that many tenants share may be trusted without a condition on the tenant (R85).
    // Left out where it is false: a node of before reads the record then.
    #[serde(default, skip_serializing_if = "is_false")]
    pub allow_any_tenant: bool,
}

/// How many audiences an assertion may have (R42).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum AudienceMode {
    /// We must be among them.
    #[default]
    Any,
    /// We must be the only one.
    ExactlyOne,
}

/// Whether an assertion works again (R45).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Replay {
    /// It works once.
    #[default]
    Once,
    /// It works until it expires.
    Allow,
}

/// What an issuer's assertions are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Profile {
    /// Assertions of RFC 7523.
    #[default]
    JwtBearer,
    /// Identity Assertion JWT Authorization Grants, and nothing else (R37).
    IdJag,
}

impl Profile {
    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// For whom the tokens of an issuer may be exchanged (RFC 8693), beside the applications that their `aud` names: that an
/// issuer is trusted says nothing of whom it meant (R91).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct TokenExchange {
    /// Whether the claim `may_act` of a token says so (RFC 8693 section 4.4): by the application's `client_id`, or by the
    /// `sub` of the application or of the actor token. A token that has one is then exchanged for nobody else.
    #[serde(default, skip_serializing_if = "is_false")]
    pub allow_may_act: bool,
    /// The claim that names who got the token, such as `azp`, by its name or, where it begins with `/`, by a JSON Pointer. It
    /// needs `allowed_actors`; 1 to 256 bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 256)))]
    pub actor_claim: Option<String>,
    /// The values of that claim whose tokens may be exchanged, each whole: at most 100 of 1 to 1024 bytes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "schema", schemars(length(max = 100), inner(length(min = 1, max = 1024))))]
    pub allowed_actors: Vec<String>,
    /// Whether a token can be exchanged `once`, or again until it expires (`allow`; R93).
    #[serde(default = "allow", skip_serializing_if = "is_allow")]
    pub replay: Replay,
}

const fn allow() -> Replay {
    Replay::Allow
}

fn is_allow(replay: &Replay) -> bool {
    *replay == Replay::Allow
}

const fn is_false(value: &bool) -> bool {
    !*value
}

/// The claim that says whom a JWT is about (RFC 7519 section 4.1.2).
pub(super) const OWN_SUBJECT: &str = "sub";

fn own_subject() -> String {
    OWN_SUBJECT.into()
}

fn is_own_subject(claim: &str) -> bool {
    claim == OWN_SUBJECT
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

#[cfg(feature = "schema")]
fn one_source_of_keys(schema: &mut schemars::Schema) {
    shape::exactly_one(schema, &["jwks_uri", "jwks", "certificate", "discovery"]);
}
