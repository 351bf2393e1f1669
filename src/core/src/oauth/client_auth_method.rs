//! The ways in which a client can authenticate.

use serde::{Deserialize, Serialize};

/// How an application authenticates (RFC 7591 section 2). Where it has a secret, HTTP Basic always works (RFC 6749 section
/// 2.3.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum ClientAuthMethod {
    /// In the `Authorization` header only.
    #[default]
    ClientSecretBasic,
    /// In the request body, too (R22).
    ClientSecretPost,
    /// With a JWT that its own key signs, or that of a trusted issuer, and with no secret (R27, R28).
    PrivateKeyJwt,
}

/// What a client does that presents a JWT-SVID (draft-ietf-oauth-spiffe-client-auth section 4, R28), as the metadata calls it.
/// In a registration that is `private_key_jwt` with `client_assertion_issuer`, as for every JWT of a trusted issuer.
pub(super) const SPIFFE_JWT: &str = "spiffe_jwt";

impl ClientAuthMethod {
    /// Every method.
    pub const ALL: &'static [Self] = &[Self::ClientSecretBasic, Self::ClientSecretPost, Self::PrivateKeyJwt];

    /// The value of `token_endpoint_auth_method`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::ClientSecretBasic => "client_secret_basic",
            Self::ClientSecretPost => "client_secret_post",
            Self::PrivateKeyJwt => "private_key_jwt",
        }
    }
}
