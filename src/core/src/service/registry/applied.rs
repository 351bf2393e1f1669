//! What became of a document of registrations, or would become of it.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use serde::Serialize;

use super::error::RegistryError;
use super::put::Put;
use crate::field::FieldError;
use crate::trust::Warning;

/// A registration of a document, and what became of it or would become of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Applied {
    /// What it registers.
    pub kind: Kind,
    /// The name of its organization.
    pub organization: String,
    /// The name of the trusted issuer, the `client_id` of the application; absent for an organization.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What became of it.
    pub outcome: Outcome,
    /// Which members are others than before, where it was replaced and could be read.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub changed: Vec<String>,
    /// What about it may not be meant so, once the whole document is applied (R86). Absent where nothing is.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<Warning>,
}

/// What a registration registers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "RegistrationKind"))]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// An organization.
    Organization,
    /// A trusted issuer.
    TrustedIssuer,
    /// An application.
    Application,
}

/// What became of a registration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "RegistrationOutcome"))]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It is new.
    Created,
    /// Another one was there.
    Replaced,
    /// It was there as it is wanted.
    Unchanged,
    /// The store failed: it may be there or not.
    Unknown,
    /// It was not applied, since something failed before.
    NotApplied,
}

impl From<Put> for Outcome {
    fn from(put: Put) -> Self {
        match put {
            Put::Created => Self::Created,
            Put::Replaced => Self::Replaced,
            Put::Unchanged => Self::Unchanged,
        }
    }
}

/// Why a document was not applied, or not to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApplyError {
    /// Where in the document: `organizations[0].trusted_issuers[1]`.
    pub place: String,
    /// Why.
    pub error: RegistryError,
    /// What became of each registration. Empty: nothing was applied.
    pub applied: Vec<Applied>,
}

impl From<ApplyError> for RegistryError {
    /// A member at fault is named with its place.
    fn from(ApplyError { place, error, .. }: ApplyError) -> Self {
        match error {
            Self::Invalid(error) => FieldError::new(format!("{place}.{}", error.field), error.problem).into(),
            error => error,
        }
    }
}

/// What applying a document did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ApplyReport {
    /// So many registrations are new.
    pub created: usize,
    /// So many were replaced.
    pub replaced: usize,
    /// So many were as the document wants them.
    pub unchanged: usize,
}

impl ApplyReport {
    pub(super) fn count(applied: &[Applied]) -> Self {
        let number = |outcome| applied.iter().filter(|one| one.outcome == outcome).count();
        Self {
            created: number(Outcome::Created),
            replaced: number(Outcome::Replaced),
            unchanged: number(Outcome::Unchanged),
        }
    }
}

/// What became of a seed document at the start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seeding {
    /// It was applied now.
    Applied(ApplyReport),
    /// It was applied before, and none after it.
    Known,
    /// It was applied before, and another one after it.
    Superseded,
}
