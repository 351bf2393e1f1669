//! The document of a rule of an issuer (R80): its members, their defaults, and nothing else.

use alloc::collections::BTreeMap;
use alloc::string::String;
#[cfg(feature = "schema")]
use alloc::string::ToString as _;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::condition::ClaimCondition;
use crate::application::OneOrMany;
#[cfg(feature = "schema")]
use crate::application::{MAX_LIFETIME, MIN_LIFETIME};

/// A rule of a trusted issuer: for which of its assertions, and what they are exchanged for. It only narrows: the
/// issuer's own `subjects` and `claims` must hold as well, and scopes and audiences are cut to those of the application
/// and the issuer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct IssuerRule {
    /// Its name: unique among the rules of the issuer, 1 to 128 bytes without control characters. It stands in the log,
    /// in `explain` and in the token (`assertion_rule`).
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 128)))]
    pub name: String,
    /// The subjects it fits, as those of the issuer are written (R41, R84). Absent: all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(length(max = 1000), inner(length(min = 1, max = 1024))))]
    pub subjects: Option<Vec<String>>,
    /// Conditions on the claims; it fits where all hold (R83).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "schema", schemars(length(max = 32)))]
    pub claims: Vec<ClaimCondition>,
    /// Whether it fits applications that have authenticated, or requests without a client alone (`none`). A rule without a
    /// client needs `client_id`, `scopes`, and `subjects` or `claims`; whatever `replay` says, an assertion works once
    /// under it (R29).
    #[serde(default, skip_serializing_if = "RuleClient::is_default")]
    pub client: RuleClient,
    /// With `client: "none"`: the label that stands for the client in the token and in the log, and that a request may name.
    /// No application of the organization has it (R29).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(regex(pattern = r"^[A-Za-z0-9._~-]{1,128}$")))]
    pub client_id: Option<String>,
    /// The applications it fits, by their `client_id`, 1 to 100. Absent: all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 100), inner(length(min = 1, max = 128))))]
    pub applications: Option<Vec<String>>,
    /// The most that it grants (R61). Absent: no cap but those of the application and the issuer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(inner(length(min = 1, max = 256))))]
    pub scopes: Option<Vec<String>>,
    /// The resources its tokens are for, 1 to 32: where the application has an audience, those that are in both (R62,
    /// R63). Absent: the application's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audience: Option<OneOrMany>,
    /// How long its tokens are valid at most, in seconds (R66). Absent: as long as the application's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(range(min = MIN_LIFETIME, max = MAX_LIFETIME)))]
    pub access_token_lifetime: Option<u32>,
    /// Claims to carry over besides those of the issuer, written as those are, at most 32; onto the same claim, these win
    /// (R62).
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[cfg_attr(feature = "schema", schemars(extend("maxProperties" = 32)))]
    pub claim_mappings: BTreeMap<String, String>,
    /// Whether it decides where it fits, or is only watched (`audit`): then the log says what it would have granted, and
    /// the next rule is tried (R82).
    #[serde(default)]
    pub mode: RuleMode,
}

/// Who a rule is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum RuleClient {
    /// Applications that have authenticated.
    #[default]
    Required,
    /// Requests without a client.
    None,
}

impl RuleClient {
    // Left out of records where it is the default: a node of before reads them then.
    fn is_default(&self) -> bool {
        *self == Self::Required
    }
}

impl IssuerRule {
    /// The label of a rule without a client (R29); `None`: the rule is for applications.
    #[must_use]
    pub fn label(&self) -> Option<&str> {
        if self.client == RuleClient::None { self.client_id.as_deref() } else { None }
    }

    /// Whether it grants where it fits.
    #[must_use]
    pub(super) fn decides(&self) -> bool {
        self.mode == RuleMode::Enforce
    }
}

/// What a rule does where it fits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum RuleMode {
    /// It decides.
    #[default]
    Enforce,
    /// It never grants: it is watched.
    Audit,
}
