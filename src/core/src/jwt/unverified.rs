//! A JWT of which nothing is known but that it is well-formed.

use core::fmt;

use super::claims::Claims;
use super::problem::JwtProblem;
use crate::jose::{CompactJws, Header, JwsError};
use crate::json::{JsonFault, Value};

/// Why a text is no JWT that could be verified: in words for an administrator, who is told what and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotJwt {
    /// It is not a token that could be verified.
    Form(JwsError),
    /// Its claims are not a strict JSON object.
    Claims(JsonFault),
}

impl NotJwt {
    /// Which kind of problem it is, which is all that a caller is told.
    pub const fn problem(&self) -> JwtProblem {
        match self {
            Self::Form(
                JwsError::AlgorithmMissing
                | JwsError::AlgorithmNotString(_)
                | JwsError::AlgorithmNone
                | JwsError::AlgorithmSymmetric
                | JwsError::AlgorithmUnknown,
            ) => JwtProblem::AlgorithmUnusable,
            Self::Form(JwsError::Critical) => JwtProblem::CriticalHeader,
            Self::Form(_) | Self::Claims(_) => JwtProblem::Malformed,
        }
    }
}

impl fmt::Display for NotJwt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Form(error) => error.fmt(f),
            Self::Claims(fault) => write!(f, "the claims: {fault}"),
        }
    }
}

impl core::error::Error for NotJwt {}

/// A JWT that is well-formed; nothing else is known of it yet. So it tells its header and who is said to have issued it,
/// which choose the keys, and nothing that anybody could act on.
pub struct UnverifiedJwt<'a> {
    pub(super) jws: CompactJws<'a>,
    pub(super) claims: Claims,
}

impl<'a> UnverifiedJwt<'a> {
    /// Parses the compact serialisation and the claims (R30 to R32).
    ///
    /// # Errors
    /// The first reason why it is no JWT that could be verified.
    pub fn parse(text: &'a str) -> Result<Self, NotJwt> {
        let jws = CompactJws::parse(text).map_err(NotJwt::Form)?;
        let claims = Claims::parse(&jws.payload).map_err(NotJwt::Claims)?;
        Ok(Self { jws, claims })
    }

    /// The protected header.
    pub fn header(&self) -> &Header {
        &self.jws.header
    }

    /// Who is said to have issued it: `iss` (R40).
    ///
    /// # Errors
    /// [`JwtProblem::IssuerInvalid`]
    pub fn issuer(&self) -> Result<&str, JwtProblem> {
        self.claims.issuer()
    }

    /// `iss`, whatever it is.
    pub(crate) fn iss(&self) -> Option<&Value> {
        self.claims.object().get("iss")
    }
}
