//! What is registered: written by `make documents` from the types of the server, and not by hand.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Number, Value};

/// A third party whose assertions an organization accepts, and what it is trusted with. It needs exactly one of
/// `jwks_uri`, `jwks`, `certificate` and `discovery`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct TrustedIssuer {
    /// Its name in the organization: unique, chosen by people, 1 to 128 bytes without control characters, and neither
    /// `.` nor `..`.
    pub name: String,
    /// The exact value of `iss` in its assertions: unique in the organization, 1 to 1024 bytes.
    pub issuer: String,
    /// The name by which it knows us, tried where `aud` names neither our issuer identifier nor our token endpoint;
    /// neither of these of another organization.
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
    /// Its metadata says where its keys are: `true` where that is at the well-known addresses of `issuer`, else the URL
    /// of the metadata, as for `jwks_uri`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub discovery: Option<Value>,
    /// The certificate authorities of the endpoints of its keys and metadata, in place of all others: certificates in
    /// PEM, at most 64 KiB.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jwks_ca: Option<String>,
    /// Whether these endpoints may be in a private network. The operator of a native host has to allow that too.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allow_private: Option<bool>,
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
    /// Whether an access token is valid for no longer than the assertion that it was got for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit_to_assertion: Option<bool>,
    /// The claim that becomes `sub` of the access token, by its name or, where it begins with `/`, by a JSON Pointer to
    /// a nested one: a text of 1 to 1024 bytes, without which an assertion is refused. `subjects` and conditions on
    /// `sub` look at the assertion's own `sub` all the same. By default `sub`; 1 to 256 bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject_claim: Option<String>,
    /// The SPIFFE trust domain that it speaks for, such as `prod.example.org`: the `sub` of each assertion must be a
    /// SPIFFE ID of it, and keys with `use: jwt-svid`, as SPIFFE bundles have them, count. Absent: `sub` may be
    /// anything, and such keys are not used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trust_domain: Option<String>,
    /// The `typ` that its assertions must have. Absent: any that names no other use.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub typ: Option<String>,
    /// What its assertions are: any JWT for the JWT bearer grant (`jwt-bearer`, the default), or ID-JAGs alone
    /// (`id-jag`). Those have `typ` `oauth-id-jag+jwt`, are for us by our issuer identifier and nobody else, name the
    /// client that presents them, have `jti` and `iat`, and work once. So `alias`, another `typ`, `replay: "allow"` and
    /// rules with `client: "none"` can't stand beside it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub profile: Option<String>,
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
    /// Claims to carry over, at most 32: the claim in the assertion, by its name or, where it begins with `/`, by a
    /// JSON Pointer to a nested one, to the name in the access token; 1 to 256 bytes each.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub claim_mappings: BTreeMap<String, String>,
    /// Rules, 1 to 64, each for a part of its assertions: the first that fits decides, and where none does nothing is
    /// granted. Absent: the members above are the one rule.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rules: Option<Vec<IssuerRule>>,
    /// Whether its tokens can be exchanged (RFC 8693), and for whom. Absent: they can't.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_exchange: Option<Value>,
    /// Whether an issuer that many tenants share may be trusted without a condition on the tenant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allow_any_tenant: Option<bool>,
}

/// A rule of a trusted issuer: for which of its assertions, and what they are exchanged for. It only narrows: the
/// issuer's own `subjects` and `claims` must hold as well, and scopes and audiences are cut to those of the application
/// and the issuer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct IssuerRule {
    /// Its name: unique among the rules of the issuer, 1 to 128 bytes without control characters. It stands in the log,
    /// in `explain` and in the token (`assertion_rule`).
    pub name: String,
    /// The subjects it fits, as those of the issuer are written. Absent: all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subjects: Option<Vec<String>>,
    /// Conditions on the claims; it fits where all hold.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub claims: Vec<ClaimCondition>,
    /// Whether it fits applications that have authenticated, or requests without a client alone (`none`). A rule
    /// without a client needs `client_id`, `scopes`, and `subjects` or `claims`; whatever `replay` says, an assertion
    /// works once under it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client: Option<String>,
    /// With `client: "none"`: the label that stands for the client in the token and in the log, and that a request may
    /// name. No application of the organization has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    /// The applications it fits, by their `client_id`, 1 to 100. Absent: all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub applications: Option<Vec<String>>,
    /// The most that it grants. Absent: no cap but those of the application and the issuer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scopes: Option<Vec<String>>,
    /// The resources its tokens are for, 1 to 32: where the application has an audience, those that are in both.
    /// Absent: the application's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub audience: Option<Audience>,
    /// How long its tokens are valid at most, in seconds. Absent: as long as the application's. From 30 to 86400.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub access_token_lifetime: Option<u32>,
    /// Claims to carry over besides those of the issuer, written as those are, at most 32; onto the same claim, these
    /// win.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub claim_mappings: BTreeMap<String, String>,
    /// Whether it decides where it fits, or is only watched (`audit`): then the log says what it would have granted,
    /// and the next rule is tried. Default: `enforce`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mode: Option<String>,
}

/// A condition on one claim of an assertion, `{"claim": "hd", "equals": "example.com"}`: exactly one test. Types count:
/// `"1"` is not `1`. A claim that is absent, null or of another type meets no condition, a negated one neither; of an
/// array one element has to fit.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ClaimCondition {
    /// The name of the claim, or, where it begins with `/`, a JSON Pointer to a nested one: `/kubernetes.io/namespace`;
    /// 1 to 256 bytes.
    pub claim: String,
    /// It has exactly this value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub equals: Option<Value>,
    /// It has one of these values, 1 to 1000.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub one_of: Option<Vec<Value>>,
    /// It is an array with this value in it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contains: Option<Value>,
    /// It is an array with all of these values in it, 1 to 1000.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub all_of: Option<Vec<Value>>,
    /// It is a text of this form: `*` stands for one or more characters within a segment of `/ : @ |`, `**` for one or
    /// more across.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub glob: Option<String>,
    /// It is a text that begins so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prefix: Option<String>,
    /// It is this number or a greater one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at_least: Option<Number>,
    /// It is this number or a smaller one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at_most: Option<Number>,
    /// It is there and not null (true), or it is not (false).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub present: Option<bool>,
    /// It is of the type that this test wants, and does not pass it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub not: Option<NegatedTest>,
}

/// A test that a claim must not pass: exactly one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct NegatedTest {
    /// It has another value than this one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub equals: Option<Value>,
    /// It has none of these values, 1 to 1000.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub one_of: Option<Vec<Value>>,
    /// It is an array without this value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contains: Option<Value>,
    /// It is an array that lacks one of these values, 1 to 1000.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub all_of: Option<Vec<Value>>,
    /// It is a text of another form.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub glob: Option<String>,
    /// It is a text that begins otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prefix: Option<String>,
    /// It is a smaller number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at_least: Option<Number>,
    /// It is a greater number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at_most: Option<Number>,
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
    /// How it authenticates: with its secret, over HTTP in the header alone or in the body as well, or with a JWT that
    /// its key signs (`private_key_jwt`), and then with no secret. For that it needs exactly one of `jwks_uri`, `jwks`,
    /// `certificate` and `client_assertion_issuer`. Default: `client_secret_basic`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_endpoint_auth_method: Option<String>,
    /// With `private_key_jwt`: the only algorithm of its JWTs. Absent: all asymmetric ones that a key's type allows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_endpoint_auth_signing_alg: Option<String>,
    /// With `private_key_jwt`: its JWKS endpoint: `https`, no credentials, no fragment, at most 2048 bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jwks_uri: Option<String>,
    /// With `private_key_jwt`: its keys as a JWK set (RFC 7517 section 5), at most 64 KiB.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jwks: Option<Value>,
    /// With `private_key_jwt`: its X.509 certificates or public keys: PEM, several allowed, or one in DER as base64; at
    /// most 64 KiB.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub certificate: Option<String>,
    /// With `private_key_jwt`: the name of the trusted issuer whose JWTs authenticate it, in place of keys of its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_assertion_issuer: Option<String>,
    /// The `sub` that these JWTs must have, needed with `client_assertion_issuer`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_assertion_subject: Option<String>,
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
    /// Whether its tokens are always bound to a key: a request without a DPoP proof is refused (RFC 9449 section 5.2,
    /// R102). A token that was asked for with a proof is bound in any case.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dpop_bound_access_tokens: Option<bool>,
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

/// Members of an organization's metadata that an administrator answers for. No other member can be stated.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct StatedMetadata {
    /// Scopes that clients may ask for, 1 to 256, each once and at most 256 bytes. None is granted because it stands
    /// here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scopes_supported: Option<Vec<String>>,
    /// The resource identifiers of the APIs that take our tokens (RFC 9728), 1 to 64, each once: `https`, no
    /// credentials, no fragment, at most 2048 bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub protected_resources: Option<Vec<String>>,
    /// Where people read how a client is registered: `https`, no credentials, no fragment, at most 2048 bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service_documentation: Option<String>,
    /// For clients that take no metadata without one: `https`, no credentials, no fragment, at most 2048 bytes. Asserta
    /// has no grant that uses it, and `response_types_supported` stays empty.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authorization_endpoint: Option<String>,
}
