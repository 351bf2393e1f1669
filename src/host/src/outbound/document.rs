//! A response that is a document as the component wants it, or what is wrong with it (R50, R51, R56).

use http::header::{AGE, CACHE_CONTROL, CONTENT_ENCODING};
use http::{HeaderMap, HeaderName, Response};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use hyper::body::Incoming;

use super::MAX_SIZE;
use crate::bindings::http::{Document, FetchProblem, Fetched};

/// Reads the document that a response has.
pub(super) async fn read(response: Response<Incoming>) -> Fetched {
    match response.status().as_u16() {
        200 => {}
        status @ 300..400 => return Err(FetchProblem::Redirect(status)),
        status => return Err(FetchProblem::Status(status)),
    }
    if is_encoded(response.headers()) {
        return Err(FetchProblem::Encoded);
    }
    let max_age = max_age(response.headers());
    let body = Limited::new(response.into_body(), MAX_SIZE).collect().await.map_err(|error| {
        if error.is::<LengthLimitError>() { FetchProblem::TooLarge } else { FetchProblem::Incomplete }
    })?;
    Ok(Document { body: body.to_bytes().into(), max_age })
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

/// `max-age` of `Cache-Control` less the `Age` (RFC 9111 sections 4.2.3 and 5.2.2), in seconds; 0 where caching is forbidden.
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
    seconds.map(|seconds: u64| seconds.saturating_sub(age(headers)))
}

/// How long caches on the way have had it, in seconds: the first `Age`, if it is a number, however large (RFC 9111 5.1).
fn age(headers: &HeaderMap) -> u64 {
    let is_number = |age: &&str| !age.is_empty() && age.bytes().all(|byte| byte.is_ascii_digit());
    items(headers, &AGE).next().filter(is_number).map_or(0, |age| age.parse().unwrap_or(u64::MAX))
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

    /// R51: what a cache on the way has had for a while is fresh for so much less.
    #[test]
    fn age_of_a_response() {
        let of = |cache_control: &[&str], age: &[&str]| {
            let mut headers = with(CACHE_CONTROL, cache_control);
            headers.extend(with(AGE, age));
            max_age(&headers)
        };
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
        let encoded = |lines: &[&str]| is_encoded(&with(CONTENT_ENCODING, lines));
        assert!(!encoded(&[]) && !encoded(&["identity"]) && !encoded(&[""]) && !encoded(&[" Identity "]));
        assert!(encoded(&["gzip"]) && encoded(&["identity, br"]) && encoded(&["GZIP"]));
    }
}
