//! A question about a token of ours, or the wish that it be revoked (RFC 7662 section 2.1, RFC 7009 section 2.1).

use alloc::string::{String, ToString as _};

use super::request::HttpTokenRequest;
use crate::client_auth::{Client, Presented};
use crate::oauth::Reason;

/// A token, and who asks about it.
#[derive(Clone)]
pub struct TokenQuestion {
    /// Who asks: there is always one (R110, R111).
    pub client: Presented,
    /// The token, whatever it is.
    pub token: String,
}

impl TokenQuestion {
    /// Reads a request to the introspection or the revocation endpoint. Both take the same parameters. `token_type_hint` may
    /// speed a search up that there is none of: whatever it says, the token is found.
    ///
    /// # Errors
    /// The reason of the refusal.
    pub fn from_http(request: HttpTokenRequest<'_>) -> Result<Self, Reason> {
        let form = request.form()?;
        // An access token in the header is none that can be read, though RFC 7662 section 2.1 would let us allow it.
        let Client::Presents(client) = Client::read(request.authorization, &form)? else {
            return Err(Reason::ClientUnauthenticated);
        };
        form.one("token_type_hint")?;
        let token = form.one("token")?.ok_or(Reason::TokenMissing)?;
        Ok(Self { client, token: token.to_string() })
    }

    /// One that a host hands over.
    pub fn new(client: Presented, token: &str) -> Self {
        Self { client, token: token.to_string() }
    }
}
