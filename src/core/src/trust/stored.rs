//! What is stored of a registration: of a JWK set, which may be full of anything, only what is used.

use super::document::TrustedIssuer;
use crate::keys::jwks_as_stored;

impl TrustedIssuer {
    /// The registration as it is stored and shown: without keys that can't be used, private ones among them, and
    /// without members that nobody reads. It has the same keys.
    #[must_use]
    pub fn as_stored(&self) -> Self {
        let mut stored = self.clone();
        if let Some(set) = self.jwks.as_ref().and_then(|set| jwks_as_stored(set, self.key_use())) {
            stored.jwks = Some(set);
        }
        stored
    }
}
