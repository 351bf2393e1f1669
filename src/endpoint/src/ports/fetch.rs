//! The reader of JWKS endpoints, over outbound wasi:http, under the limits of R50. Which addresses are
//! acceptable core has decided by then; redirects are not followed, since wasi:http follows none.

use std::pin::pin;

use asserta_core::ports::{FetchProblem, FetchedDocument, KeyFetcher};
use futures_util::future::{Either, select};
use spin_sdk::http::Uri;
use spin_sdk::wasip3::clocks::monotonic_clock;
use spin_sdk::wasip3::http::client::send;
use spin_sdk::wasip3::http::types::{ErrorCode, Fields, Request, RequestOptions, Scheme};
use spin_sdk::wasip3::wit_future;

use crate::body::{BodyError, read_body};

/// Room for a usual JWK set, in bytes.
const USUAL_SIZE: usize = 4096;
/// From the first byte out to the last byte in, in nanoseconds.
const TIME_LIMIT: u64 = 5_000_000_000;
/// The largest document that is read, in bytes.
const SIZE_LIMIT: usize = 64 * 1024;

/// Outbound HTTP of the host.
pub(crate) struct OutboundHttp;

impl KeyFetcher for OutboundHttp {
    const CALLER_SUPPLIES: bool = false;

    async fn fetch(&self, uri: &str) -> Result<FetchedDocument, FetchProblem> {
        let exchange = pin!(get(uri));
        let alarm = pin!(monotonic_clock::wait_for(TIME_LIMIT));
        match select(exchange, alarm).await {
            Either::Left((document, _)) => document,
            Either::Right(_) => Err(FetchProblem::TimedOut),
        }
    }
}

async fn get(uri: &str) -> Result<FetchedDocument, FetchProblem> {
    let request = request(uri).ok_or(FetchProblem::BadAddress)?;
    let response = send(request).await.map_err(|error| problem(&error))?;
    match response.get_status_code() {
        200 => {}
        status @ 300..400 => return Err(FetchProblem::Redirect(status)),
        status => return Err(FetchProblem::Status(status)),
    }
    let headers = response.get_headers();
    if is_encoded(&headers.get("content-encoding")) {
        return Err(FetchProblem::Encoded);
    }
    let max_age = max_age(&headers.get("cache-control"));
    let body = read_body(response, USUAL_SIZE, SIZE_LIMIT).await.map_err(|error| match error {
        BodyError::TooLarge => FetchProblem::TooLarge,
        BodyError::Broken => FetchProblem::Incomplete,
    })?;
    Ok(FetchedDocument { body, max_age })
}

/// What the host's reason means. Its texts may name addresses, so they stay here.
fn problem(error: &ErrorCode) -> FetchProblem {
    match error {
        ErrorCode::DnsTimeout | ErrorCode::DnsError(_) | ErrorCode::DestinationNotFound => {
            FetchProblem::NameUnknown
        }
        ErrorCode::DestinationIpProhibited | ErrorCode::HttpRequestDenied => FetchProblem::AddressRefused,
        ErrorCode::DestinationUnavailable
        | ErrorCode::DestinationIpUnroutable
        | ErrorCode::ConnectionRefused
        | ErrorCode::ConnectionLimitReached => FetchProblem::Unreachable,
        ErrorCode::TlsCertificateError => FetchProblem::Certificate,
        ErrorCode::TlsProtocolError | ErrorCode::TlsAlertReceived(_) => FetchProblem::Tls,
        ErrorCode::ConnectionTimeout
        | ErrorCode::ConnectionReadTimeout
        | ErrorCode::ConnectionWriteTimeout
        | ErrorCode::HttpResponseTimeout => FetchProblem::TimedOut,
        ErrorCode::HttpRequestUriInvalid | ErrorCode::HttpRequestUriTooLong => FetchProblem::BadAddress,
        ErrorCode::HttpResponseBodySize(_) => FetchProblem::TooLarge,
        ErrorCode::ConnectionTerminated
        | ErrorCode::HttpResponseIncomplete
        | ErrorCode::HttpResponseHeaderSectionSize(_)
        | ErrorCode::HttpResponseHeaderSize(_)
        | ErrorCode::HttpResponseTransferCoding(_)
        | ErrorCode::HttpProtocolError => FetchProblem::Incomplete,
        ErrorCode::HttpResponseContentCoding(_) => FetchProblem::Encoded,
        _ => FetchProblem::Unknown,
    }
}

/// Whether the document is compressed: any coding but `identity` (RFC 9110 section 8.4).
fn is_encoded(lines: &[Vec<u8>]) -> bool {
    let codings = lines.iter().flat_map(|line| line.split(|byte| *byte == b','));
    codings
        .map(|coding| coding.trim_ascii())
        .any(|coding| !coding.is_empty() && !coding.eq_ignore_ascii_case(b"identity"))
}

/// A GET without a body; its method is the one that a new request has.
fn request(uri: &str) -> Option<Request> {
    let uri: Uri = uri.parse().ok()?;
    let scheme = match uri.scheme_str()? {
        "https" => Scheme::Https,
        "http" => Scheme::Http,
        _ => return None,
    };
    let headers = [
        ("accept", b"application/jwk-set+json, application/json".to_vec()),
        // Nothing here decompresses, and what is not forbidden may come compressed (RFC 9110 section 12.5.3).
        ("accept-encoding", b"identity".to_vec()),
    ];
    let headers = Fields::from_list(&headers.map(|(name, value)| (name.to_owned(), value))).ok()?;
    let (_none_to_come, trailers) = wit_future::new(|| Ok(None));
    let (request, _transmitted) = Request::new(headers, None, trailers, Some(options()));
    request.set_scheme(Some(&scheme)).ok()?;
    request.set_authority(Some(uri.authority()?.as_str())).ok()?;
    request.set_path_with_query(Some(uri.path_and_query()?.as_str())).ok()?;
    Some(request)
}

/// The time limit again for the host, so that it gives up a connection that we have given up.
fn options() -> RequestOptions {
    let options = RequestOptions::new();
    // A host may not know one of them; the race in `fetch` holds anyway.
    _ = options.set_connect_timeout(Some(TIME_LIMIT));
    _ = options.set_first_byte_timeout(Some(TIME_LIMIT));
    _ = options.set_between_bytes_timeout(Some(TIME_LIMIT));
    options
}

/// `max-age` of `Cache-Control` (RFC 9111 section 5.2.2), in seconds; 0 where caching is forbidden.
fn max_age(lines: &[Vec<u8>]) -> Option<u64> {
    let lines = lines.iter().filter_map(|line| str::from_utf8(line).ok());
    let mut seconds = None;
    for directive in lines.flat_map(|line| line.split(',')) {
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

    fn of(lines: &[&str]) -> Option<u64> {
        max_age(&lines.iter().map(|line| line.as_bytes().to_vec()).collect::<Vec<_>>())
    }

    /// R51: how long a document is fresh.
    #[test]
    fn cache_control() {
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
        let encoded = |line: &str| is_encoded(&[line.as_bytes().to_vec()]);
        assert!(!is_encoded(&[]) && !encoded("identity") && !encoded("") && !encoded(" Identity "));
        assert!(encoded("gzip") && encoded("identity, br") && encoded("GZIP"));
    }
}
