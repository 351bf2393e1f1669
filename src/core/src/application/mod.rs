//! An application: the OAuth client that presents assertions.

#[expect(clippy::module_inception, reason = "the document is one thing, the application another")]
mod application;
mod credentials;
mod document;

pub use application::{Application, check_client_id, secret_digest};
pub(crate) use application::{check_metadata, from_hex};
pub use credentials::ClientKeys;
pub use document::{ApplicationMetadata, OneOrMany};
pub(crate) use document::{DEFAULT_LIFETIME, MAX_LIFETIME, MIN_LIFETIME};
