//! The answers of the token endpoint, as status, headers and body.

use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;

use serde::Serialize;

use crate::oauth::{ErrorCode, Reason, Refusal};
use crate::tokens::AccessToken;

/// An HTTP answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpAnswer {
    /// The status code.
    pub status: u16,
    /// The headers, names in lower case.
    pub headers: Vec<(&'static str, String)>,
    /// The body.
    pub body: Vec<u8>,
}

/// Makes an answer in JSON.
pub trait JsonAnswer: Serialize {
    /// The answer with the headers that every one of the token endpoint has (R1).
    fn answer(&self, status: u16) -> HttpAnswer {
        let headers = [
            ("content-type", "application/json"),
            ("cache-control", "no-store"),
            ("pragma", "no-cache"),
            ("x-content-type-options", "nosniff"),
        ];
        HttpAnswer {
            status,
            headers: headers.iter().map(|(name, value)| (*name, value.to_string())).collect(),
            body: serde_json::to_vec(self).expect("our own answers are serialisable"),
        }
    }
}

#[derive(Serialize)]
struct Success<'a> {
    access_token: &'a str,
    token_type: &'static str,
    expires_in: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    scope: Option<&'a str>,
}

impl JsonAnswer for Success<'_> {}

#[derive(Serialize)]
struct Failure {
    error: &'static str,
    error_description: &'static str,
}

impl JsonAnswer for Failure {}

impl HttpAnswer {
    /// R60: the token, its type and lifetime, and the scope where it needs saying.
    pub fn granted(token: &AccessToken) -> Self {
        let success = Success {
            access_token: &token.token,
            token_type: "Bearer",
            expires_in: token.expires_in,
            scope: token.scope.as_deref(),
        };
        success.answer(200)
    }

    /// An error after RFC 6749 section 5.2; `realm` is our issuer identifier.
    pub fn refused(refusal: &Refusal, realm: &str) -> Self {
        let reason = refusal.reason;
        let failure = Failure { error: reason.code().name(), error_description: reason.sentence() };
        let mut answer = failure.answer(reason.status());
        let mut more = vec![];
        if reason == Reason::MethodNotAllowed {
            more.push(("allow", "POST".to_string()));
        }
        if reason.code() == ErrorCode::InvalidClient {
            more.push(("www-authenticate", alloc::format!("Basic realm=\"{realm}\"")));
        }
        if let Some(seconds) = refusal.retry_after {
            more.push(("retry-after", seconds.to_string()));
        }
        answer.headers.append(&mut more);
        answer
    }
}
