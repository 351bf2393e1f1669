//! The ways in which a client can authenticate.

use serde::{Deserialize, Serialize};

/// How an application sends its credentials (RFC 7591 section 2). HTTP Basic always works (RFC 6749 section 2.3.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum ClientAuthMethod {
    /// In the `Authorization` header only.
    #[default]
    ClientSecretBasic,
    /// In the request body, too (R22).
    ClientSecretPost,
}

impl ClientAuthMethod {
    /// Every method.
    pub const ALL: &'static [Self] = &[Self::ClientSecretBasic, Self::ClientSecretPost];

    /// The value of `token_endpoint_auth_method`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::ClientSecretBasic => "client_secret_basic",
            Self::ClientSecretPost => "client_secret_post",
        }
    }
}
