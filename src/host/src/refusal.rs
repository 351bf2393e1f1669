//! What the host itself answers where the component cannot: shaped like the endpoint's own errors (R1).

use bytes::Bytes;
use http::header::{
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, CACHE_CONTROL, CONNECTION, CONTENT_TYPE,
    PRAGMA, RETRY_AFTER, X_CONTENT_TYPE_OPTIONS,
};
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

/// What a refusal says.
struct Told {
    status: StatusCode,
    /// The code of OAuth.
    error: &'static str,
    /// The kind of problem, and its title: those that the endpoint has itself.
    kind: &'static str,
    title: &'static str,
    /// What is wrong this time, of the characters that R2 allows.
    sentence: &'static str,
}

impl Refusal {
    /// The response to a request for this path: below `/admin` problem details (RFC 9457), else an error of OAuth.
    pub(crate) fn response(self, path: &str) -> Response<Full<Bytes>> {
        let Told { status, error, kind, title, sentence } = self.told();
        let (media_type, body) = if path.starts_with("/admin/") {
            let code = status.as_u16();
            let body = format!(
                r#"{{"type":"urn:asserta:problem:{kind}","title":"{title}","status":{code},"detail":"{sentence}"}}"#
            );
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
        headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        if is_public(path) {
            let exposed = HeaderValue::from_static("DPoP-Nonce, WWW-Authenticate");
            headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
            headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, exposed);
        }
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

    const fn told(self) -> Told {
        let (status, error, kind, title, sentence) = match self {
            Self::Failed => (
                StatusCode::INTERNAL_SERVER_ERROR,
                "server_error",
                "failed",
                "The request could not be served",
                "The request could not be served.",
            ),
            Self::Busy => (
                StatusCode::SERVICE_UNAVAILABLE,
                "temporarily_unavailable",
                "unavailable",
                "The server can not answer at the moment; try again",
                "There are too many requests at once.",
            ),
            Self::TooLarge => (
                StatusCode::PAYLOAD_TOO_LARGE,
                REQUEST,
                "too-large",
                "The request body exceeds 64 KiB",
                "The request body exceeds 64 KiB.",
            ),
            Self::TooSlow => (
                StatusCode::REQUEST_TIMEOUT,
                REQUEST,
                "too-slow",
                "The request took too long",
                "The request body did not arrive in time.",
            ),
            Self::Malformed => {
                (StatusCode::BAD_REQUEST, REQUEST, "invalid", INVALID, "The request body ended early.")
            }
            Self::Host => (
                StatusCode::BAD_REQUEST,
                REQUEST,
                "invalid",
                INVALID,
                "One Host header is needed, with a host, a port where it has one, and nothing else.",
            ),
            Self::TransferCoding => (
                StatusCode::NOT_IMPLEMENTED,
                REQUEST,
                "transfer-coding",
                "The transfer coding is not supported",
                "The only transfer coding here is chunked.",
            ),
        };
        Told { status, error, kind, title, sentence }
    }
}

const REQUEST: &str = "invalid_request";
const INVALID: &str = "The request can not be accepted";

/// Whether pages of any origin may read what this path answers (R17). The endpoint decodes a path; who writes one of
/// these letters encoded reads no refusal of the host.
fn is_public(path: &str) -> bool {
    let of_organization = path.strip_prefix("/t/").and_then(|rest| rest.find('/').map(|at| &rest[at..]));
    let path = of_organization.unwrap_or(path);
    matches!(path, "/oauth2/token" | "/oauth2/revoke" | "/oauth2/jwks") || path.starts_with("/.well-known/")
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Refusal; 7] = [
        Refusal::Failed,
        Refusal::Busy,
        Refusal::TooLarge,
        Refusal::TooSlow,
        Refusal::Malformed,
        Refusal::Host,
        Refusal::TransferCoding,
    ];

    #[test]
    fn the_admin_api_has_problem_details() {
        for refusal in ALL {
            let of = |path| refusal.response(path).headers()[CONTENT_TYPE].clone();
            assert_eq!(of("/admin/apply"), "application/problem+json");
            assert_eq!(of("/t/acme/oauth2/token"), "application/json");
        }
    }

    /// R17: a page reads a refusal of the host where it reads those of the endpoint.
    #[test]
    fn r17_public_paths_are_open_to_pages() {
        for (path, is_open) in [
            ("/oauth2/token", true),
            ("/t/acme/oauth2/token", true),
            ("/t/No_Such/oauth2/revoke", true),
            ("/oauth2/jwks", true),
            ("/.well-known/oauth-authorization-server/t/acme", true),
            ("/t/acme/.well-known/openid-configuration", true),
            ("/oauth2/introspect", false),
            ("/t/acme/oauth2/introspect", false),
            ("/admin/apply", false),
            ("/admin/oauth2/token", false),
            ("/health", false),
            ("/console/", false),
            ("/t/acme", false),
            ("/", false),
            ("*", false),
        ] {
            for refusal in ALL {
                let response = refusal.response(path);
                let origin = response.headers().get(ACCESS_CONTROL_ALLOW_ORIGIN).map(HeaderValue::as_bytes);
                assert_eq!(origin, is_open.then_some(&b"*"[..]), "{path}");
                assert_eq!(response.headers().contains_key(ACCESS_CONTROL_EXPOSE_HEADERS), is_open, "{path}");
            }
        }
    }

    /// R2: what stands in an `error_description`.
    #[test]
    fn r2_sentences() {
        for refusal in ALL {
            let allowed = |byte| matches!(byte, 0x20..=0x21 | 0x23..=0x5b | 0x5d..=0x7e);
            assert!(refusal.told().sentence.bytes().all(allowed), "{refusal:?}");
        }
    }
}
