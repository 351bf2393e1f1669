//! The limits of R50 for a document that is fetched, and what its response's headers say.

use asserta_core::keys;
use asserta_core::ports::{FetchProblem, FetchRequest};

/// Room for a usual JWK set, in bytes.
pub const USUAL_SIZE: usize = 4096;
/// The largest document that is read, in bytes.
pub const SIZE_LIMIT: usize = 64 * 1024;
/// From the first byte out to the last byte in, in nanoseconds.
pub const TIME_LIMIT: u64 = 5_000_000_000;

/// The headers of the request.
#[must_use]
pub fn request_headers() -> [(String, Vec<u8>); 2] {
    [
        ("accept".to_owned(), b"application/jwk-set+json, application/json".to_vec()),
        // Nothing here decompresses, and what is not forbidden may come compressed (RFC 9110 section 12.5.3).
        ("accept-encoding".to_owned(), b"identity".to_vec()),
    ]
}

/// The address of a request that outbound wasi:http can carry out. It has no word for certificate authorities, so what
/// only certain ones are to vouch for is not fetched at all (R55). Which addresses may be private the host says.
///
/// # Errors
/// [`FetchProblem::Authorities`].
pub const fn acceptable<'a>(request: &FetchRequest<'a>) -> Result<&'a str, FetchProblem> {
    match request.authorities {
        Some(_) => Err(FetchProblem::Authorities),
        None => Ok(request.uri),
    }
}

/// What the host's reason for a failed fetch means: `ErrorCode` of wasi:http, which is a type of its own in each version.
/// Its texts may name addresses, so they stay here.
#[macro_export]
macro_rules! fetch_problem {
    ($code:ident, $error:expr) => {{
        use asserta_core::ports::FetchProblem;
        match $error {
            $code::DnsTimeout | $code::DnsError(_) | $code::DestinationNotFound => FetchProblem::NameUnknown,
            $code::DestinationIpProhibited | $code::HttpRequestDenied => FetchProblem::AddressRefused,
            $code::DestinationUnavailable
            | $code::DestinationIpUnroutable
            | $code::ConnectionRefused
            | $code::ConnectionLimitReached => FetchProblem::Unreachable,
            $code::TlsCertificateError => FetchProblem::Certificate,
            $code::TlsProtocolError | $code::TlsAlertReceived(_) => FetchProblem::Tls,
            $code::ConnectionTimeout
            | $code::ConnectionReadTimeout
            | $code::ConnectionWriteTimeout
            | $code::HttpResponseTimeout => FetchProblem::TimedOut,
            $code::HttpRequestUriInvalid | $code::HttpRequestUriTooLong => FetchProblem::BadAddress,
            $code::HttpResponseBodySize(_) => FetchProblem::TooLarge,
            $code::ConnectionTerminated
            | $code::HttpResponseIncomplete
            | $code::HttpResponseHeaderSectionSize(_)
            | $code::HttpResponseHeaderSize(_)
            | $code::HttpResponseTransferCoding(_)
            | $code::HttpProtocolError => FetchProblem::Incomplete,
            $code::HttpResponseContentCoding(_) => FetchProblem::Encoded,
            _ => FetchProblem::Unknown,
        }
    }};
}

/// An address in the parts in which wasi:http takes it.
#[derive(Debug, PartialEq, Eq)]
pub struct Address<'a> {
    /// Whether it is `https`; otherwise it is `http`.
    pub is_https: bool,
    /// The host, and the port if there is one.
    pub authority: &'a str,
    /// The path with the query.
    pub path_with_query: String,
}

/// Takes an address apart. Core has checked it (R50): an absolute URL without user and fragment.
#[must_use]
pub fn address(uri: &str) -> Option<Address<'_>> {
    let (scheme, rest) = uri.split_once("://")?;
    let is_https = match scheme.to_ascii_lowercase().as_str() {
        "https" => true,
        "http" => false,
        _ => return None,
    };
    let (authority, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
    if authority.is_empty() || rest.contains('#') || authority.contains('@') {
        return None;
    }
    let path_with_query = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
    Some(Address { is_https, authority, path_with_query })
}

/// Whether the document is compressed: any coding but `identity` (RFC 9110 section 8.4).
#[must_use]
pub fn is_encoded(lines: &[Vec<u8>]) -> bool {
    let codings = lines.iter().flat_map(|line| line.split(|byte| *byte == b','));
    codings
        .map(|coding| coding.trim_ascii())
        .any(|coding| !coding.is_empty() && !coding.eq_ignore_ascii_case(b"identity"))
}

/// For how many seconds the document is fresh, by all lines of its `Cache-Control` and `Age` (R51).
#[must_use]
pub fn max_age(cache_control: &[Vec<u8>], age: &[Vec<u8>]) -> Option<u64> {
    keys::max_age(texts(cache_control), texts(age))
}

fn texts(lines: &[Vec<u8>]) -> impl Iterator<Item = &str> {
    lines.iter().filter_map(|line| str::from_utf8(line).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// R55: authorities that can't be gone by are never passed over.
    #[test]
    fn authorities_of_a_registration() {
        let uri = "https://a.example/jwks";
        let request = |authorities, allow_private| FetchRequest { uri, authorities, allow_private };
        assert_eq!(acceptable(&request(None, true)), Ok(uri));
        for allow_private in [true, false] {
            assert_eq!(acceptable(&request(Some("x"), allow_private)), Err(FetchProblem::Authorities));
        }
    }

    fn lines(lines: &[&str]) -> Vec<Vec<u8>> {
        lines.iter().map(|line| line.as_bytes().to_vec()).collect()
    }

    fn of(cache_control: &[&str]) -> Option<u64> {
        max_age(&lines(cache_control), &[])
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

    /// R51: what a cache on the way has had for a while is fresh for so much less.
    #[test]
    fn age_of_a_response() {
        let of = |cache_control: &[&str], age: &[&str]| max_age(&lines(cache_control), &lines(age));
        assert_eq!(of(&["max-age=600"], &["590"]), Some(10));
        assert_eq!(of(&["max-age=600"], &["601"]), Some(0));
        assert_eq!(of(&["max-age=600"], &["99999999999999999999999"]), Some(0));
        assert_eq!(of(&["max-age=600"], &["100, 200", "300"]), Some(500));
        for none in ["", "-1", "+1", "1.5", "soon"] {
            assert_eq!(of(&["max-age=600"], &[none]), Some(600), "{none}");
        }
        assert_eq!(of(&["public"], &["590"]), None);
    }

    /// R50: what is compressed although it must not be is told by name.
    #[test]
    fn content_encoding() {
        let encoded = |line: &str| is_encoded(&[line.as_bytes().to_vec()]);
        assert!(!is_encoded(&[]) && !encoded("identity") && !encoded("") && !encoded(" Identity "));
        assert!(encoded("gzip") && encoded("identity, br") && encoded("GZIP"));
    }

    /// R50: what core has let through comes apart; what it would not have let through is refused again.
    #[test]
    fn addresses() {
        let parts = |is_https, authority, path: &str| {
            Some(Address { is_https, authority, path_with_query: path.to_owned() })
        };
        assert_eq!(address("https://a.example/jwks?x=1"), parts(true, "a.example", "/jwks?x=1"));
        assert_eq!(address("HTTPS://a.example:8443"), parts(true, "a.example:8443", "/"));
        assert_eq!(address("https://a.example?x=/y"), parts(true, "a.example", "/?x=/y"));
        assert_eq!(address("http://[::1]:8080/jwks"), parts(false, "[::1]:8080", "/jwks"));
        let refused =
            ["", "a.example", "ftp://a.example/", "https://", "https:///jwks", "file:///etc/passwd"];
        for uri in refused.into_iter().chain([
            "https://b@a.example/",
            "https://a.example/#x",
            "https://a.example#@b",
        ]) {
            assert_eq!(address(uri), None, "{uri}");
        }
    }
}
