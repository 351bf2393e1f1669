//! Why a registration fails.

use alloc::format;
use alloc::string::{String, ToString};

use asserta_core::field::FieldError;
use asserta_core::service::RegistryError;

use crate::bindings::wit::types;
use crate::instance::NotConfigured;

impl From<FieldError> for types::InvalidMember {
    fn from(error: FieldError) -> Self {
        Self { member: wit_name(&error.field), problem: error.problem }
    }
}

/// Core names members as JSON does, `jwks_uri`; WIT calls them `jwks-uri`. What follows `claim_mappings.`
/// is the name of a claim, which people chose.
fn wit_name(path: &str) -> String {
    match path.strip_prefix("claim_mappings.") {
        Some(claim) => format!("claim-mappings.{claim}"),
        None => path.replace('_', "-"),
    }
}

impl From<FieldError> for types::RegistryError {
    fn from(error: FieldError) -> Self {
        Self::Invalid(error.into())
    }
}

impl From<RegistryError> for types::RegistryError {
    fn from(error: RegistryError) -> Self {
        match error {
            RegistryError::Invalid(error) => (*error).into(),
            RegistryError::NameTaken | RegistryError::ClientIdTaken => Self::NameTaken,
            RegistryError::IssuerTaken => Self::IssuerTaken,
            RegistryError::OrganizationUnknown => Self::OrganizationUnknown,
            RegistryError::NotFound => Self::NotFound,
            RegistryError::Busy => Self::Busy,
            RegistryError::Store(_) => Self::StoreUnavailable,
        }
    }
}

impl From<NotConfigured> for types::RegistryError {
    fn from(_: NotConfigured) -> Self {
        Self::NotConfigured
    }
}

/// A member that can't be accepted, seen by this shell and not by core.
pub(crate) fn invalid(member: impl ToString, problem: &str) -> types::RegistryError {
    types::RegistryError::Invalid(types::InvalidMember {
        member: member.to_string(),
        problem: problem.to_string(),
    })
}
