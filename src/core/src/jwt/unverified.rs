//! The assertion: a signed JWT of a third party (RFC 7523 section 3), and the checks of its claims.

use core::fmt;

use super::claims::Claims;
use crate::jose::{CompactJws, Header, JwsError};
use crate::json::JsonFault;
use crate::oauth::{Reason, Refusal};

/// Why a text is no assertion: in words for an administrator, who is told what and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotAssertion {
    /// It is not a token that could be verified.
    Form(JwsError),
    /// Its claims are not a strict JSON object.
    Claims(JsonFault),
}

impl NotAssertion {
    /// The reason of the refusal, which is all that a caller is told.
    pub const fn reason(&self) -> Reason {
        match self {
            Self::Form(
                JwsError::AlgorithmMissing
                | JwsError::AlgorithmNotString(_)
                | JwsError::AlgorithmNone
                | JwsError::AlgorithmSymmetric
                | JwsError::AlgorithmUnknown,
            ) => Reason::AlgorithmNotAllowed,
            Self::Form(JwsError::Critical) => Reason::CriticalHeader,
            Self::Form(_) | Self::Claims(_) => Reason::AssertionMalformed,
        }
    }
}

impl fmt::Display for NotAssertion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Form(error) => error.fmt(f),
            Self::Claims(fault) => write!(f, "the claims: {fault}"),
        }
    }
}

impl core::error::Error for NotAssertion {}

impl From<NotAssertion> for Refusal {
    fn from(error: NotAssertion) -> Self {
        error.reason().into()
    }
}

/// An assertion that is well-formed; nothing else is known of it yet.
pub struct Assertion<'a> {
    jws: CompactJws<'a>,
    claims: Claims,
}

impl<'a> Assertion<'a> {
    /// Parses the compact serialisation and the claims (R30 to R32).
    pub fn parse(text: &'a str) -> Result<Self, NotAssertion> {
        let jws = CompactJws::parse(text).map_err(NotAssertion::Form)?;
        let claims = Claims::parse(&jws.payload).map_err(NotAssertion::Claims)?;
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
