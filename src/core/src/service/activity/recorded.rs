//! A decision as the activity log has it.

use alloc::string::String;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

/// A decision about a request for a token, or about revoking some, as it was recorded (R75). Nothing in it is secret or personal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RecordedDecision {
    /// When it was made: seconds since 1970.
    pub time: u64,
    /// `revocation`: a client wanted a token of its own revoked (R111); `all-revoked`: an administrator revoked all tokens of the
    /// issuer or the application (R112). Absent: it was a request for a token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<String>,
    /// The grant asked for. Absent: it was no request for a token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grant_type: Option<String>,
    /// The application that asked, or that somebody claimed to be; or the label of a rule without a client.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    /// The name of the trusted issuer that vouched, or is said to have.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trusted_issuer: Option<String>,
    /// The rule of the issuer that decided (R80).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// The rules that fit and only watched (R82): the first eight.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub audit: Vec<RecordedAudit>,
    /// `granted` or `refused`; `revoked` after a revocation.
    pub outcome: String,
    /// Why it was refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Why the policy refused, where it says (R87).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy_reason: Option<String>,
    /// What lies behind a refusal of the client (R27).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<String>,
    /// SHA-256 of the `jti` of the token that was issued or revoked, base64url.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jti_sha256: Option<String>,
    /// From the request to the response.
    pub microseconds: u64,
}

/// A rule that fit and only watched (R82).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RecordedAudit {
    /// Its name.
    pub rule: String,
    /// What it would have come to: `granted` or `refused`.
    pub outcome: String,
    /// Why it would have refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}
