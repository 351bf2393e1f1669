//! What the host itself answers where the component cannot: shaped like the endpoint's own errors (R1).

use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONNECTION, CONTENT_TYPE, PRAGMA, RETRY_AFTER};
use http::{HeaderValue, Response, StatusCode};
use http_body_util::Full;

/// Why the host refuses a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// The component panicked, trapped, or took too long (R71).
    Failed,
    /// More requests at once than the host takes.
    Busy,
    /// The body is larger than any request's may be (R15).
    TooLarge,
    /// The body did not arrive in time.
    TooSlow,
    /// The body broke off or was framed wrongly.
    Malformed,
    /// No `Host`, several, or one that names no host (RFC 9112 section 3.2).
    Host,
    /// A transfer coding other than `chunked` (RFC 9112 section 6.1).
    TransferCoding,
}

impl Refusal {
    pub(crate) fn response(self) -> Response<Full<Bytes>> {
        let (status, body) = match self {
            Self::Failed => (
                StatusCode::INTERNAL_SERVER_ERROR,
                r#"{"error":"server_error","error_description":"the request failed here; the log says why"}"#,
            ),
            Self::Busy => (
                StatusCode::SERVICE_UNAVAILABLE,
                r#"{"error":"temporarily_unavailable","error_description":"too many requests at once"}"#,
            ),
            Self::TooLarge => (
                StatusCode::PAYLOAD_TOO_LARGE,
                r#"{"error":"invalid_request","error_description":"the body is too large"}"#,
            ),
            Self::TooSlow => (
                StatusCode::REQUEST_TIMEOUT,
                r#"{"error":"invalid_request","error_description":"the body did not arrive in time"}"#,
            ),
            Self::Malformed => (
                StatusCode::BAD_REQUEST,
                r#"{"error":"invalid_request","error_description":"the body is malformed"}"#,
            ),
            Self::Host => (
                StatusCode::BAD_REQUEST,
                r#"{"error":"invalid_request","error_description":"exactly one header Host is needed"}"#,
            ),
            Self::TransferCoding => (
                StatusCode::NOT_IMPLEMENTED,
                r#"{"error":"invalid_request","error_description":"the only transfer coding here is chunked"}"#,
            ),
        };
        let mut response = Response::new(Full::new(Bytes::from_static(body.as_bytes())));
        *response.status_mut() = status;
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.insert(PRAGMA, HeaderValue::from_static("no-cache"));
        match self {
            Self::Busy => _ = headers.insert(RETRY_AFTER, HeaderValue::from_static("1")),
            // The rest of the body is still in the connection: it is of no more use.
            Self::TooLarge | Self::TooSlow | Self::Malformed | Self::Host | Self::TransferCoding => {
                _ = headers.insert(CONNECTION, HeaderValue::from_static("close"));
            }
            Self::Failed => {}
        }
        response
    }
}
