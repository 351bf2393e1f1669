//! Whose keys they are.

use alloc::string::String;

use serde::Serialize;

/// Whose keys they are. In an event, the member that names it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub enum KeyOwner {
    /// The trusted issuer of this name.
    #[serde(rename = "trusted_issuer")]
    Issuer(String),
    /// The application with this `client_id` (R27).
    #[serde(rename = "client_id")]
    Application(String),
}
