//! The claims of a JWT, by their types (RFC 7519 section 4.1).

use alloc::vec::Vec;

use super::problem::JwtProblem;
use crate::json::{self, JsonFault, Object, Value};

/// The longest subject, in bytes (R41).
pub(crate) const MAX_SUBJECT: usize = 1024;

/// What a claim says of whom a JWT is about, if it can: a text of 1 to [`MAX_SUBJECT`] bytes.
pub(crate) fn as_subject(claim: &Value) -> Option<&str> {
    claim.as_str().filter(|subject| (1..=MAX_SUBJECT).contains(&subject.len()))
}

/// The claims of a JWT: a JSON object without duplicate members.
pub struct Claims(Object);

impl Claims {
    /// Parses the payload (R30).
    pub(super) fn parse(payload: &[u8]) -> Result<Self, JsonFault> {
        json::object(payload).map(Self)
    }

    /// All members.
    pub fn object(&self) -> &Object {
        &self.0
    }

    /// `iss` (R40).
    pub(super) fn issuer(&self) -> Result<&str, JwtProblem> {
        match self.0.get("iss") {
            Some(Value::String(issuer)) if !issuer.is_empty() => Ok(issuer),
            _ => Err(JwtProblem::IssuerInvalid),
        }
    }

    /// `sub`: 1 to 1024 bytes (R41).
    pub fn subject(&self) -> Result<&str, JwtProblem> {
        self.0.get("sub").and_then(as_subject).ok_or(JwtProblem::SubjectInvalid)
    }

    /// `aud`: a string or an array of strings, not empty (R42).
    pub(super) fn audience(&self) -> Result<Vec<&str>, JwtProblem> {
        match self.0.get("aud") {
            Some(Value::String(audience)) => Ok(Vec::from([audience.as_str()])),
            Some(Value::Array(elements)) if !elements.is_empty() => elements
                .iter()
                .map(|element| match element {
                    Value::String(audience) => Ok(audience.as_str()),
                    _ => Err(JwtProblem::AudienceInvalid),
                })
                .collect(),
            _ => Err(JwtProblem::AudienceInvalid),
        }
    }

    /// `exp`: a finite number, not negative (R43).
    pub(super) fn expiry(&self) -> Result<f64, JwtProblem> {
        match self.numeric_date("exp", JwtProblem::ExpiryInvalid)? {
            Some(expiry) if expiry >= 0.0 => Ok(expiry),
            _ => Err(JwtProblem::ExpiryInvalid),
        }
    }

    /// `jti`: a string of 1 to 256 bytes, or absent (R46).
    pub(super) fn jwt_id(&self) -> Result<Option<&str>, JwtProblem> {
        match self.0.get("jti") {
            None => Ok(None),
            Some(Value::String(id)) if !id.is_empty() && id.len() <= 256 => Ok(Some(id)),
            Some(_) => Err(JwtProblem::JwtIdInvalid),
        }
    }

    /// A NumericDate: seconds since 1970, a finite number, perhaps with a fraction.
    pub(super) fn numeric_date(&self, name: &str, problem: JwtProblem) -> Result<Option<f64>, JwtProblem> {
        match self.0.get(name) {
            None => Ok(None),
            Some(Value::Number(number)) => {
                number.as_f64().filter(|seconds| seconds.is_finite()).map(Some).ok_or(problem)
            }
            Some(_) => Err(problem),
        }
    }
}
