//! What the issuer says of a token when it is asked (RFC 7662).

use super::challenge::Reason;
use crate::json::{self, Value};

/// The longest response of an introspection endpoint that is read, in bytes.
const MAX_RESPONSE: usize = 64 * 1024;

/// What is known from asking the issuer about the token of this request.
#[derive(Clone, Copy, Debug)]
pub enum Introspection<'a> {
    /// It was not asked.
    NotAsked,
    /// It was asked and did not answer with 200.
    Failed,
    /// The body of its response.
    Response(&'a [u8]),
}

impl Introspection<'_> {
    /// Whether the token may pass as far as the issuer is concerned. What can't be read is no yes.
    pub(super) fn judge(self) -> Result<(), Reason> {
        let Self::Response(body) = self else { return Err(Reason::IntrospectionUnavailable) };
        let body = Some(body).filter(|body| body.len() <= MAX_RESPONSE);
        let response = body.and_then(|body| json::parse_object(body).ok());
        match response.as_ref().and_then(|response| response.get("active")).and_then(Value::as_bool) {
            Some(true) => Ok(()),
            Some(false) => Err(Reason::NotActive),
            None => Err(Reason::IntrospectionUnavailable),
        }
    }
}
