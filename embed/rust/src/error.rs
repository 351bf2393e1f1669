//! What can go wrong.

use crate::bindings::exports::asserta::exchange::exchange::ExchangeError;
use crate::{FieldError, KeyOwner, KeysNeeded, Refusal, RegistryError};

/// Whatever a fetcher of yours fails with.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Why a call has no result.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The exchange was refused: nothing was issued.
    #[error("{}: {}", .0.reason, .0.sentence)]
    Refused(Box<Refusal>),
    /// The exchange was refused since the issuer's keys could not be had, and why.
    #[error("{}: {} ({cause})", .refusal.reason, .refusal.sentence)]
    KeysFailed {
        /// The refusal, as [`Refused`](Self::Refused) has it.
        refusal: Box<Refusal>,
        /// What the fetcher failed with, or what is wrong with its document.
        #[source]
        cause: BoxError,
    },
    /// A JWKS document is needed: fetch it, hand it to [`supply_keys`](crate::Exchanger::supply_keys), repeat the
    /// exchange. Nothing was consumed.
    #[error("the keys of {} are needed: {}", owner(.0), .0.uri)]
    KeysNeeded(KeysNeeded),
    /// A member of a document, or an argument, can't be accepted. Nothing was stored.
    #[error("{}: {}", .0.field, .0.problem)]
    Invalid(FieldError),
    /// A value that must be unique is taken. Nothing was stored.
    #[error("{}: {}", .0.field, .0.problem)]
    Taken(FieldError),
    /// A registration failed otherwise. Nothing was stored.
    #[error("{}", sentence(.0))]
    Registry(RegistryError),
    /// What was handed over is no JSON object, or what came back has other members than this crate knows.
    #[error("a document can't be written or read: {0}")]
    Document(#[from] serde_json::Error),
    /// The component was stopped: it ran out of fuel or memory. The store stays as it is; the next call runs
    /// on a fresh instance.
    #[error("the component was stopped: {0:#}")]
    Trapped(wasmtime::Error),
    /// The component can't be started.
    #[error("the component can't be started: {0:#}")]
    NotStarted(wasmtime::Error),
}

/// Whose keys they are, in words.
fn owner(needed: &KeysNeeded) -> String {
    match &needed.owner {
        KeyOwner::TrustedIssuer(name) => format!("the trusted issuer {name}"),
        KeyOwner::Application(client_id) => format!("the application {client_id}"),
    }
}

fn sentence(error: &RegistryError) -> String {
    match error {
        RegistryError::Invalid(wrong) | RegistryError::Taken(wrong) => {
            return format!("{}: {}", wrong.field, wrong.problem);
        }
        RegistryError::RecordUnreadable(sentence) => return sentence.clone(),
        RegistryError::OrganizationUnknown => "there is no such organization",
        RegistryError::NotFound => "there is no such thing in the organization",
        RegistryError::Busy => "another registration of this organization is in progress",
        RegistryError::StoreUnavailable => "the store does not answer at the moment",
        RegistryError::NotConfigured => "the component is not configured",
    }
    .to_owned()
}

impl From<ExchangeError> for Error {
    fn from(error: ExchangeError) -> Self {
        match error {
            ExchangeError::Refusal(refusal) => Self::Refused(Box::new(refusal)),
            ExchangeError::KeysNeeded(needed) => Self::KeysNeeded(needed),
            ExchangeError::NotConfigured => Self::Registry(RegistryError::NotConfigured),
        }
    }
}

impl From<RegistryError> for Error {
    fn from(error: RegistryError) -> Self {
        match error {
            RegistryError::Invalid(invalid) => Self::Invalid(invalid),
            RegistryError::Taken(taken) => Self::Taken(taken),
            other => Self::Registry(other),
        }
    }
}
