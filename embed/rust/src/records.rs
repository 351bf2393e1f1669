//! The records that go in and come out, as `wit/` describes them.

pub use crate::bindings::exports::asserta::exchange::applications::{
    Application, ApplicationList, ApplicationMetadata, AuthMethod, NewApplication,
};
pub use crate::bindings::exports::asserta::exchange::configuration::ApplyReport;
pub use crate::bindings::exports::asserta::exchange::exchange::{
    AccessToken, Check, Explanation, KeysNeeded, Refusal,
};
pub use crate::bindings::exports::asserta::exchange::keys::SigningKey;
pub use crate::bindings::exports::asserta::exchange::organizations::{
    Organization, OrganizationList, OrganizationUrls,
};
pub use crate::bindings::exports::asserta::exchange::trusted_issuers::{
    AudienceMode, ClaimCondition, ClaimMapping, ClaimTest, ClaimValue, KeySource, Replay, TrustedIssuer,
    TrustedIssuerList,
};
pub use crate::bindings::exports::asserta::exchange::types::{
    Algorithm, ErrorCode, InvalidMember, Page, Reason, RegistryError, SigningAlgorithm,
};

/// The grant type of RFC 7523 section 2.1.
pub const JWT_BEARER: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";

/// A JWKS document as its endpoint served it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyDocument {
    /// The body, at most 64 KiB.
    pub text: String,
    /// `max-age` of its `Cache-Control` header, in seconds.
    pub max_age: Option<u64>,
}

impl TrustedIssuer {
    /// A trusted issuer under the default policy.
    pub fn new(name: impl Into<String>, issuer: impl Into<String>, keys: KeySource) -> Self {
        Self {
            name: name.into(),
            issuer: issuer.into(),
            alias: None,
            keys,
            enabled: None,
            algorithms: None,
            clock_skew: None,
            max_lifetime: None,
            audience_mode: None,
            replay: None,
            require_jti: None,
            typ: None,
            subjects: None,
            claims: Vec::new(),
            scopes: None,
            claim_mappings: Vec::new(),
        }
    }
}

impl ApplicationMetadata {
    /// An application that may use the JWT bearer grant, and has no scopes.
    pub fn jwt_bearer() -> Self {
        Self {
            client_name: None,
            grant_types: vec![JWT_BEARER.to_owned()],
            scope: None,
            token_endpoint_auth_method: None,
            trusted_issuers: None,
            access_token_lifetime: None,
            audience: None,
            enabled: None,
        }
    }
}

impl Page {
    /// The first hundred.
    pub fn first() -> Self {
        Self { limit: None, after: None }
    }
}
