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
    /// The response to a request for this path: below `/admin` problem details (RFC 9457), else an error of OAuth.
    pub(crate) fn response(self, path: &str) -> Response<Full<Bytes>> {
        let (status, error, kind, sentence) = self.told();
        let (media_type, body) = if path.starts_with("/admin/") {
            let code = status.as_u16();
            let body =
                format!(r#"{{"type":"urn:asserta:problem:{kind}","title":"{sentence}","status":{code}}}"#);
            ("application/problem+json", body)
        } else {
            ("application/json", format!(r#"{{"error":"{error}","error_description":"{sentence}"}}"#))
        };
        let mut response = Response::new(Full::new(Bytes::from(body)));
        *response.status_mut() = status;
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
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

    /// The status, the code of OAuth, the kind of problem, and the sentence of both.
    const fn told(self) -> (StatusCode, &'static str, &'static str, &'static str) {
        const REQUEST: &str = "invalid_request";
        match self {
            Self::Failed => (
                StatusCode::INTERNAL_SERVER_ERROR,
                "server_error",
                "failed",
                "the request failed here; the log says why",
            ),
            Self::Busy => (
                StatusCode::SERVICE_UNAVAILABLE,
                "temporarily_unavailable",
                "unavailable",
                "too many requests at once",
            ),
            Self::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, REQUEST, "too-large", "the body is too large"),
            Self::TooSlow => {
                (StatusCode::REQUEST_TIMEOUT, REQUEST, "too-slow", "the body did not arrive in time")
            }
            Self::Malformed => (StatusCode::BAD_REQUEST, REQUEST, "invalid", "the body is malformed"),
            Self::Host => (StatusCode::BAD_REQUEST, REQUEST, "invalid", "exactly one header Host is needed"),
            Self::TransferCoding => (
                StatusCode::NOT_IMPLEMENTED,
                REQUEST,
                "transfer-coding",
                "the only transfer coding here is chunked",
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_admin_api_has_problem_details() {
        for refusal in [Refusal::Failed, Refusal::Busy, Refusal::TooLarge, Refusal::TransferCoding] {
            let of = |path| refusal.response(path).headers()[CONTENT_TYPE].clone();
            assert_eq!(of("/admin/apply"), "application/problem+json");
            assert_eq!(of("/t/acme/oauth2/token"), "application/json");
        }
    }
}
