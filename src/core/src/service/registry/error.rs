//! Why a registration is refused.

use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;
use core::fmt;

use crate::field::FieldError;
use crate::ports::StoreError;
use crate::words::quoted;

/// Why a use case of the registry failed. Nothing was stored, but for [`Store`](Self::Store).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RegistryError {
    /// A member of the document can't be accepted. Boxed, as what is behind a store error: both are rare.
    Invalid(Box<FieldError>),
    /// The name is taken in this organization.
    NameTaken,
    /// The trusted issuer of this name, in the same organization, has the same issuer value.
    IssuerTaken(Box<str>),
    /// A client identifier is taken in this organization.
    ClientIdTaken,
    /// The label of a rule without a client is the identifier of an application: the number of the rule (R29).
    LabelTaken(usize),
    /// There is no organization of this name.
    OrganizationUnknown,
    /// There is no such trusted issuer, application or key.
    NotFound,
    /// What is there is not what the change was made for (R76).
    PreconditionFailed,
    /// Other registrations of this organization hold it up, or the store is so slow that its turn was over before it wrote.
    Busy,
    /// The store does not answer, or a record that is needed can't be read. Of a change nobody knows whether it was stored:
    /// the store may have failed after that, too. It can be repeated.
    Store(StoreError),
}

impl fmt::Display for RegistryError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Invalid(error) => error.fmt(formatter),
            Self::NameTaken => formatter.write_str("name: is taken in this organization"),
            Self::IssuerTaken(name) => write!(formatter, "issuer: {}", has_it_already(name)),
            Self::ClientIdTaken => formatter.write_str("client_id: is taken in this organization"),
            Self::LabelTaken(rule) => {
                write!(formatter, "rules[{rule}].client_id: is that of an application of this organization")
            }
            Self::OrganizationUnknown => formatter.write_str("organization: does not exist"),
            Self::NotFound => formatter.write_str("does not exist"),
            Self::PreconditionFailed => formatter.write_str("is not as the precondition wants it"),
            Self::Busy => formatter.write_str("other registrations are in progress; try again"),
            Self::Store(error) => error.fmt(formatter),
        }
    }
}

/// What is wrong with an issuer value that the trusted issuer of this name has. Whoever adds the second repository or
/// namespace of a platform comes to it.
pub(super) fn has_it_already(name: &str) -> String {
    format!("the trusted issuer {} has it already; add a rule to that one", quoted(name))
}

impl core::error::Error for RegistryError {}

impl From<FieldError> for RegistryError {
    fn from(error: FieldError) -> Self {
        Self::Invalid(Box::new(error))
    }
}

impl From<StoreError> for RegistryError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}
