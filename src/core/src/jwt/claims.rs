//! The claims of an assertion, by their types (RFC 7519 section 4.1).

use alloc::vec::Vec;

use crate::json::{self, JsonFault, Object, Value};
use crate::oauth::Reason;

/// The claims of an assertion: a JSON object without duplicate members.
pub struct Claims(Object);

/// A claim is there, but not of its type.
pub(super) struct WrongType;

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
    pub fn issuer(&self) -> Result<&str, Reason> {
        match self.0.get("iss") {
            Some(Value::String(issuer)) if !issuer.is_empty() => Ok(issuer),
            _ => Err(Reason::IssuerUnknown),
        }
    }

    /// `sub`: 1 to 1024 bytes (R41).
    pub fn subject(&self) -> Result<&str, Reason> {
        match self.0.get("sub") {
            Some(Value::String(subject)) if !subject.is_empty() && subject.len() <= 1024 => Ok(subject),
            _ => Err(Reason::SubjectInvalid),
        }
    }

    /// `aud`: a string or an array of strings, not empty (R42).
    pub fn audience(&self) -> Result<Vec<&str>, Reason> {
        match self.0.get("aud") {
            Some(Value::String(audience)) => Ok(Vec::from([audience.as_str()])),
            Some(Value::Array(elements)) if !elements.is_empty() => elements
                .iter()
                .map(|element| match element {
                    Value::String(audience) => Ok(audience.as_str()),
                    _ => Err(Reason::AudienceInvalid),
                })
                .collect(),
            _ => Err(Reason::AudienceInvalid),
        }
    }

    /// `exp`: a finite number, not negative (R43).
    pub fn expiry(&self) -> Result<f64, Reason> {
        match self.numeric_date("exp") {
            Ok(Some(expiry)) if expiry >= 0.0 => Ok(expiry),
            _ => Err(Reason::ExpiryInvalid),
        }
    }

    /// `jti`: a string of 1 to 256 bytes, or absent (R46).
    pub fn jwt_id(&self) -> Result<Option<&str>, Reason> {
        match self.0.get("jti") {
            None => Ok(None),
            Some(Value::String(id)) if !id.is_empty() && id.len() <= 256 => Ok(Some(id)),
            Some(_) => Err(Reason::JwtIdInvalid),
        }
    }

    /// A NumericDate: seconds since 1970, a finite number, perhaps with a fraction.
    pub(super) fn numeric_date(&self, name: &str) -> Result<Option<f64>, WrongType> {
        match self.0.get(name) {
            None => Ok(None),
            Some(Value::Number(number)) => {
                number.as_f64().filter(|seconds| seconds.is_finite()).map(Some).ok_or(WrongType)
            }
            Some(_) => Err(WrongType),
        }
    }
}
