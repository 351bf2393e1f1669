//! The responses of the token endpoint, as status, headers and body.

use alloc::borrow::Cow;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;

use serde::Serialize;

use crate::json::Object;
use crate::oauth::{ErrorCode, Reason, Refusal};
use crate::tokens::{AccessToken, Introspection};

/// An HTTP response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpResponse {
    /// The status code.
    pub status: u16,
    /// The headers, names in lower case.
    pub headers: Vec<(&'static str, String)>,
    /// The body.
    pub body: Vec<u8>,
}

/// Makes a response in JSON.
pub trait JsonResponse: Serialize {
    /// The response with the headers that every one of the token endpoint has (R1).
    fn response(&self, status: u16) -> HttpResponse {
        let headers = [
            ("content-type", "application/json"),
            ("cache-control", "no-store"),
            ("pragma", "no-cache"),
            ("x-content-type-options", "nosniff"),
        ];
        HttpResponse {
            status,
            headers: headers.iter().map(|(name, value)| (*name, value.to_string())).collect(),
            body: serde_json::to_vec(self).expect("our own responses are serialisable"),
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
    #[serde(skip_serializing_if = "Option::is_none")]
    issued_token_type: Option<&'static str>,
}

impl JsonResponse for Success<'_> {}

impl JsonResponse for Object {}

#[derive(Serialize)]
struct Failure {
    error: &'static str,
    error_description: Cow<'static, str>,
}

impl JsonResponse for Failure {}

impl HttpResponse {
    /// R60: the token, its type and lifetime, and the scope where it needs saying.
    pub fn granted(token: &AccessToken) -> Self {
        let success = Success {
            access_token: &token.token,
            token_type: token.token_type.name(),
            expires_in: token.expires_in,
            scope: token.scope.as_deref(),
            issued_token_type: token.issued_token_type,
        };
        let mut response = success.response(200);
        // RFC 9449 section 8.2: with it the next proof needs no second attempt.
        response.headers.extend(token.dpop_nonce.iter().map(|nonce| ("dpop-nonce", nonce.to_string())));
        response
    }

    /// R110: what may be told of a token.
    pub fn introspected(introspection: &Introspection) -> Self {
        introspection.document().response(200)
    }

    /// An error after RFC 6749 section 5.2; `realm` is our issuer identifier.
    pub fn refused(refusal: &Refusal, realm: &str) -> Self {
        let reason = refusal.reason;
        let failure = Failure { error: refusal.code.name(), error_description: refusal.sentence() };
        let mut response = failure.response(refusal.status());
        let mut more = vec![];
        if reason == Reason::MethodNotAllowed {
            more.push(("allow", "POST".to_string()));
        }
        if refusal.code == ErrorCode::InvalidClient {
            more.push(("www-authenticate", alloc::format!("Basic realm=\"{realm}\"")));
        }
        if let Some(seconds) = refusal.retry_after {
            more.push(("retry-after", seconds.to_string()));
        }
        if let Some(nonce) = &refusal.dpop_nonce {
            more.push(("dpop-nonce", nonce.to_string()));
        }
        response.headers.append(&mut more);
        response
    }
}
