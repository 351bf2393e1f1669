//! The assertion: a signed JWT of a third party (RFC 7523 section 3), and the checks of its claims.

mod checks;
mod claims;

pub(crate) use checks::{
    audience, can_be_wanted, claim_conditions, expiry, issued_at, jwt_id, not_before, subject,
    subject_is_allowed, typ, unbound,
};
pub use claims::Claims;

use crate::jose::compact::{CompactJws, Header, JwsError};
use crate::refusal::Reason;

/// An assertion that is well-formed; nothing else is known of it yet.
pub struct Assertion<'a> {
    jws: CompactJws<'a>,
    claims: Claims,
}

impl<'a> Assertion<'a> {
    /// Parses the compact serialisation and the claims (R30 to R32).
    pub fn parse(text: &'a str) -> Result<Self, Reason> {
        let jws = CompactJws::parse(text).map_err(|error| match error {
            JwsError::AlgorithmMissing
            | JwsError::AlgorithmNone
            | JwsError::AlgorithmSymmetric
            | JwsError::AlgorithmUnknown => Reason::AlgorithmNotAllowed,
            JwsError::Critical => Reason::CriticalHeader,
            _ => Reason::AssertionMalformed,
        })?;
        let claims = Claims::parse(&jws.payload)?;
        Ok(Self { jws, claims })
    }

    /// The protected header.
    pub fn header(&self) -> &Header {
        &self.jws.header
    }

    /// The claims; not to be believed before the signature is verified.
    pub fn claims(&self) -> &Claims {
        &self.claims
    }

    /// What the signature covers.
    pub fn signing_input(&self) -> &[u8] {
        self.jws.signing_input
    }

    /// The signature.
    pub fn signature(&self) -> &[u8] {
        &self.jws.signature
    }
}
