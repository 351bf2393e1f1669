//! The profile `id-jag` of an issuer: what a registration with it may say, and whether it counts.

use alloc::format;

use super::document::{Profile, Replay, TrustedIssuer};
use crate::field::FieldError;
use crate::jwt;

/// The `typ` of an ID-JAG (draft-ietf-oauth-identity-assertion-authz-grant).
pub const ID_JAG_TYP: &str = "oauth-id-jag+jwt";

impl TrustedIssuer {
    /// Whether ID-JAGs of it are accepted. A disabled issuer doesn't count.
    #[must_use]
    pub fn grants_for_id_jags(&self) -> bool {
        self.enabled && self.profile == Profile::IdJag
    }
}

/// R37: what contradicts the profile. `audience_mode` and `require_jti` don't: the profile is stricter, and an absent one
/// looks like its default.
pub(super) fn check(document: &TrustedIssuer) -> Result<(), FieldError> {
    if document.profile != Profile::IdJag {
        return Ok(());
    }
    let refused = |field: &str, problem: &str| {
        Err(FieldError::new(field, format!("{problem} with the profile id-jag (R37)")))
    };
    if document.alias.is_some() {
        return refused("alias", "must not be given: aud is our issuer identifier");
    }
    if document.typ.as_deref().is_some_and(|typ| !jwt::is_same_type(typ, ID_JAG_TYP)) {
        return refused("typ", "must be oauth-id-jag+jwt, or not be given,");
    }
    if document.replay == Replay::Allow {
        return refused("replay", "must be once");
    }
    if document.token_exchange.is_some() {
        return refused("token_exchange", "must not be given: an ID-JAG is for the JWT bearer grant alone");
    }
    match document.labels().next() {
        Some((index, _)) => refused(&format!("rules[{index}].client"), "must be required"),
        None => Ok(()),
    }
}
