//! What is told of a token to whoever may know (RFC 7662 section 2.2, R110).

use super::issued::IssuedToken;
use crate::json::Object;

/// The claims that are told, as they stand in the token.
const TOLD: [&str; 10] = ["iss", "sub", "aud", "client_id", "scope", "iat", "exp", "jti", "cnf", "act"];

/// What is told of a token: that it is not active, and nothing else; or what it says.
#[derive(Clone, Debug, PartialEq)]
pub struct Introspection(Object);

impl Introspection {
    /// Of whatever is not to be accepted, for whichever reason: none is told.
    #[must_use]
    pub fn inactive() -> Self {
        Self([("active", false)].into_iter().collect())
    }

    /// Of a token that was not revoked.
    #[must_use]
    pub fn active(token: &IssuedToken) -> Self {
        let mut told: Object = [("active", true)].into_iter().collect();
        for name in TOLD {
            if let Some(value) = token.claims().get(name) {
                told.insert(name, value.clone());
            }
        }
        // RFC 9449 section 6.2: what is bound to a key is presented with a proof of it.
        let token_type = if token.claims().get("cnf").is_some() { "DPoP" } else { "Bearer" };
        told.insert("token_type", token_type);
        Self(told)
    }

    /// Whether the token is to be accepted.
    #[must_use]
    pub fn is_active(&self) -> bool {
        self.0.len() > 1
    }

    /// As a JSON document.
    #[must_use]
    pub const fn document(&self) -> &Object {
        &self.0
    }
}
