//! A document that the component asked for, or why there is none, in its words (R50, R56).

use http::header::{CACHE_CONTROL, CONTENT_ENCODING};
use http::{HeaderMap, HeaderName};
use http_body_util::BodyExt as _;
use wasmtime_wasi_http::Error;

use super::wit::{Document, FetchProblem, Fetched};
use crate::outbound::Outbound;

/// Fetches a document.
pub(super) async fn fetch(outbound: &Outbound, uri: &str) -> Fetched {
    let uri = uri.parse().map_err(|_| FetchProblem::BadAddress)?;
    let response = outbound.get(uri).await.map_err(|error| problem(&error))?;
    match response.status().as_u16() {
        200 => {}
        status @ 300..400 => return Err(FetchProblem::Redirect(status)),
        status => return Err(FetchProblem::Status(status)),
    }
    if is_encoded(response.headers()) {
        return Err(FetchProblem::Encoded);
    }
    let max_age = max_age(response.headers());
    let body = response.into_body().collect().await.map_err(|_| FetchProblem::Incomplete)?;
    Ok(Document { body: body.to_bytes().into(), max_age })
}

fn problem(error: &Error) -> FetchProblem {
    match error {
        Error::HttpRequestUriInvalid => FetchProblem::BadAddress,
        Error::DnsTimeout | Error::DnsError { .. } | Error::DestinationNotFound => FetchProblem::NameUnknown,
        Error::DestinationIpProhibited => FetchProblem::AddressRefused,
        Error::DestinationUnavailable | Error::ConnectionRefused | Error::Connect(_) => {
            FetchProblem::Unreachable
        }
        Error::TlsCertificateError => FetchProblem::Certificate,
        Error::TlsProtocolError | Error::TlsAlertReceived { .. } => FetchProblem::Tls,
        Error::ConnectionTimeout | Error::HttpResponseTimeout => FetchProblem::TimedOut,
        Error::HttpResponseBodySize(_) => FetchProblem::TooLarge,
        Error::ConnectionTerminated | Error::HttpResponseIncomplete | Error::HttpProtocolError => {
            FetchProblem::Incomplete
        }
        _ => FetchProblem::Unknown,
    }
}

fn items<'a>(headers: &'a HeaderMap, name: &HeaderName) -> impl Iterator<Item = &'a str> {
    let lines = headers.get_all(name).into_iter().filter_map(|value| value.to_str().ok());
    lines.flat_map(|line| line.split(',')).map(str::trim)
}

/// Whether the document is compressed: any coding but `identity` (RFC 9110 section 8.4).
fn is_encoded(headers: &HeaderMap) -> bool {
    let unreadable = headers.get_all(CONTENT_ENCODING).iter().any(|value| value.to_str().is_err());
    let mut codings = items(headers, &CONTENT_ENCODING);
    unreadable || codings.any(|coding| !coding.is_empty() && !coding.eq_ignore_ascii_case("identity"))
}

/// `max-age` of `Cache-Control` (RFC 9111 section 5.2.2), in seconds; 0 where caching is forbidden.
fn max_age(headers: &HeaderMap) -> Option<u64> {
    let mut seconds = None;
    for directive in items(headers, &CACHE_CONTROL) {
        let (name, value) = directive.split_once('=').unwrap_or((directive, ""));
        match name.trim().to_ascii_lowercase().as_str() {
            "no-store" | "no-cache" => return Some(0),
            "max-age" => seconds = value.trim().trim_matches('"').parse().ok().or(seconds),
            _ => {}
        }
    }
    seconds
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(name: HeaderName, lines: &[&str]) -> HeaderMap {
        lines.iter().map(|line| (name.clone(), line.parse().expect("a header"))).collect()
    }

    /// R51: how long a document is fresh.
    #[test]
    fn cache_control() {
        let of = |lines: &[&str]| max_age(&with(CACHE_CONTROL, lines));
        assert_eq!(of(&[]), None);
        assert_eq!(of(&["public"]), None);
        assert_eq!(of(&["public, Max-Age=300"]), Some(300));
        assert_eq!(of(&["max-age=\"60\""]), Some(60));
        assert_eq!(of(&["max-age=-1"]), None);
        assert_eq!(of(&["max-age=99999999999999999999999"]), None);
        assert_eq!(of(&["max-age=60", "no-store"]), Some(0));
    }

    /// R50: what is compressed although it must not be is told by name.
    #[test]
    fn content_encoding() {
        let encoded = |lines: &[&str]| is_encoded(&with(CONTENT_ENCODING, lines));
        assert!(!encoded(&[]) && !encoded(&["identity"]) && !encoded(&[""]) && !encoded(&[" Identity "]));
        assert!(encoded(&["gzip"]) && encoded(&["identity, br"]) && encoded(&["GZIP"]));
    }
}
