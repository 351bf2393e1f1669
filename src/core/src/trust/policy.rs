//! The small vocabulary of a trusted issuer's policy.

use alloc::string::String;

use serde::{Deserialize, Serialize};

use super::glob;

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

/// Whether a subject is on the list: each entry is the whole subject, or a glob of it (R84). So `prod` does not match
/// `prod-evil` (R41).
pub fn subject_allowed(allowed: &[String], subject: &str) -> bool {
    allowed.iter().any(|entry| glob::matches(entry, subject))
}

/// What [`subject_allowed`] makes of a `*`, for people: the rest of a sentence that lists subjects.
pub(crate) const SUBJECT_PATTERNS: &str = ": a * stands for one or more characters within a segment (between / : @ and |), ** for one or more across them";
