//! Why a registration fails.

use alloc::string::ToString;

use asserta_core::field::FieldError;
use asserta_core::json::JsonError;
use asserta_core::ports::StoreError;
use asserta_core::service::RegistryError;

use crate::bindings::wit::types;
use crate::instance::NotConfigured;

impl From<FieldError> for types::FieldError {
    fn from(error: FieldError) -> Self {
        Self { field: error.field, problem: error.problem }
    }
}

impl From<FieldError> for types::RegistryError {
    fn from(error: FieldError) -> Self {
        Self::Invalid(error.into())
    }
}

impl From<JsonError> for types::RegistryError {
    fn from(error: JsonError) -> Self {
        match error {
            JsonError::Member { path, problem } if !path.is_empty() => FieldError::new(path, problem),
            error => FieldError::new("document", error),
        }
        .into()
    }
}

impl From<RegistryError> for types::RegistryError {
    fn from(error: RegistryError) -> Self {
        match error {
            RegistryError::Invalid(error) => (*error).into(),
            RegistryError::NameTaken
            | RegistryError::IssuerTaken(_)
            | RegistryError::ClientIdTaken
            | RegistryError::LabelTaken(_) => {
                let sentence = error.to_string();
                let (field, problem) = sentence.split_once(": ").unwrap_or(("", &sentence));
                Self::Taken(FieldError::new(field, problem).into())
            }
            RegistryError::OrganizationUnknown => Self::OrganizationUnknown,
            RegistryError::NotFound => Self::NotFound,
            // No call of the interface has a precondition.
            RegistryError::PreconditionFailed | RegistryError::Busy => Self::Busy,
            RegistryError::Store(StoreError::Unavailable) => Self::StoreUnavailable,
            RegistryError::Store(unreadable) => Self::RecordUnreadable(unreadable.to_string()),
        }
    }
}

impl From<NotConfigured> for types::RegistryError {
    fn from(_: NotConfigured) -> Self {
        Self::NotConfigured
    }
}
