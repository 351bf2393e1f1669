//! What an administrator revokes at once (R112), as documents.

use alloc::string::String;

use serde::{Deserialize, Serialize};

/// What an administrator asks for: exactly one of `trusted_issuer` and `client_id`.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(transform = one_target))]
#[serde(deny_unknown_fields)]
pub struct RevocationRequest {
    /// The name of a trusted issuer: all tokens that came of its assertions, or whose actor it names.
    #[serde(default)]
    pub trusted_issuer: Option<String>,
    /// An application, registered still or not, or the label of a rule without a client: all its tokens.
    #[serde(default)]
    pub client_id: Option<String>,
    /// Those that were issued before this second: since 1970. Absent: all that were issued up to now.
    #[serde(default)]
    pub issued_before: Option<u64>,
}

/// All tokens of an issuer or an application that were issued before a time are revoked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Revocation {
    /// The name of the trusted issuer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trusted_issuer: Option<String>,
    /// The application.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    /// Seconds since 1970.
    pub issued_before: u64,
    /// When the last of the tokens has expired: seconds since 1970.
    pub expires_at: u64,
}

#[cfg(feature = "schema")]
fn one_target(schema: &mut schemars::Schema) {
    crate::shape::exactly_one(schema, &["trusted_issuer", "client_id"]);
}
