//! What is said where the component can't: shaped like its own errors (R1).

use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, PRAGMA, RETRY_AFTER};
use http::{HeaderValue, StatusCode};
use http_body_util::Full;

use super::Response;

/// Why there is no response of the component.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// It trapped, or can't be started (R71).
    Failed,
    /// More requests under way than may be, or one that takes too long.
    Busy,
    /// The body did not arrive in time.
    TooSlow,
}

impl Refusal {
    pub(super) fn response(self) -> Response {
        let (status, body) = match self {
            Self::Failed => (
                StatusCode::INTERNAL_SERVER_ERROR,
                r#"{"error":"server_error","error_description":"the request failed here; the log says why"}"#,
            ),
            Self::Busy => (
                StatusCode::SERVICE_UNAVAILABLE,
                r#"{"error":"temporarily_unavailable","error_description":"the server can not answer at the moment; try again"}"#,
            ),
            Self::TooSlow => (
                StatusCode::REQUEST_TIMEOUT,
                r#"{"error":"invalid_request","error_description":"the body did not arrive in time"}"#,
            ),
        };
        let mut response = Response::new(Full::new(Bytes::from_static(body.as_bytes())));
        *response.status_mut() = status;
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.insert(PRAGMA, HeaderValue::from_static("no-cache"));
        if self == Self::Busy {
            headers.insert(RETRY_AFTER, HeaderValue::from_static("1"));
        }
        response
    }
}
