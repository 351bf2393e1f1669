//! What is asked of the issuer: its keys (R50, R51), and whether a token is active (RFC 7662).

use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

use asserta_core::keys;
use asserta_core::resource::percent_encoded;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use wit_bindgen::FutureReader;

use crate::bindings::wasi::http::client;
use crate::bindings::wasi::http::types::{
    ErrorCode, Fields, Method, Request, RequestOptions, Response, Scheme, Trailers,
};
use crate::bindings::{wit_future, wit_stream};
use crate::settings::Credentials;

/// The longest response that is read, in bytes.
const MAX_RESPONSE: usize = 64 * 1024;
/// How long the issuer may take for a step of its response, in nanoseconds.
const TIMEOUT: u64 = 5_000_000_000;

/// A document, and for how many seconds it is fresh, if it says so.
pub(crate) async fn get(address: &str) -> Option<(Vec<u8>, Option<u64>)> {
    let response = send(address, Method::Get, &[], None).await?;
    let max_age = max_age(&response.response);
    Some((body(response).await?, max_age))
}

/// The issuer's response about a token.
pub(crate) async fn introspect(address: &str, token: &str, client: &Credentials) -> Option<Vec<u8>> {
    // RFC 6749 section 2.3.1: both are form-encoded before they are joined.
    let pair = [&form_encoded(&client.client_id), ":", &form_encoded(&client.client_secret)].concat();
    let authorization = ["Basic ", &STANDARD.encode(pair)].concat();
    let form = ["token=", &form_encoded(token), "&token_type_hint=access_token"].concat();
    let length = form.len().to_string();
    let headers = [
        ("authorization", authorization.as_str()),
        ("content-type", "application/x-www-form-urlencoded"),
        // Not every server reads a form in chunks.
        ("content-length", &length),
    ];
    body(send(address, Method::Post, &headers, Some(form)).await?).await
}

/// The response, if its status is 200. No redirect is followed.
async fn send(address: &str, method: Method, headers: &[(&str, &str)], form: Option<String>) -> Option<Sent> {
    let (scheme, rest) = match address.split_once("://")? {
        ("https", rest) => (Scheme::Https, rest),
        ("http", rest) => (Scheme::Http, rest),
        _ => return None,
    };
    let (authority, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
    let always = [("accept", "application/json"), ("accept-encoding", "identity")];
    let fields = always.iter().chain(headers);
    let fields: Vec<_> = fields.map(|(name, value)| (String::from(*name), value.as_bytes().into())).collect();
    let options = RequestOptions::new();
    // A host that knows no such timeout has one of its own.
    _ = options.set_connect_timeout(Some(TIMEOUT));
    _ = options.set_first_byte_timeout(Some(TIMEOUT));
    _ = options.set_between_bytes_timeout(Some(TIMEOUT));
    let trailers = no_trailers();
    let body = form.map(|form| {
        let (mut writer, reader) = wit_stream::new::<u8>();
        wit_bindgen::spawn_local(async move {
            // What the issuer does not read shows in its response.
            _ = writer.write_all(form.into_bytes()).await;
        });
        reader
    });
    let (request, transmitted) =
        Request::new(Fields::from_list(&fields).ok()?, body, trailers, Some(options));
    request.set_method(&method).ok()?;
    request.set_scheme(Some(&scheme)).ok()?;
    request.set_authority(Some(authority)).ok()?;
    request.set_path_with_query(Some(if path.is_empty() { "/" } else { path })).ok()?;
    let response = client::send(request).await.ok()?;
    (response.get_status_code() == 200).then_some(Sent { response, _transmitted: transmitted })
}

/// A response, and what says how its request was sent.
struct Sent {
    response: Response,
    _transmitted: FutureReader<Result<(), ErrorCode>>,
}

/// Trailers that are decided before the message goes out.
fn no_trailers() -> FutureReader<Result<Option<Trailers>, ErrorCode>> {
    let (writer, trailers) = wit_future::new(|| Ok(None));
    drop(writer);
    trailers
}

async fn body(sent: Sent) -> Option<Vec<u8>> {
    let (_consumed, result) = wit_future::new(|| Ok(()));
    let (mut stream, trailers) = Response::consume_body(sent.response, result);
    let mut whole = Vec::new();
    loop {
        let (status, part) = stream.read(Vec::with_capacity(4096)).await;
        whole.extend_from_slice(&part);
        if whole.len() > MAX_RESPONSE {
            return None;
        }
        match status {
            wit_bindgen::StreamResult::Complete(_) => {}
            wit_bindgen::StreamResult::Dropped => break,
            wit_bindgen::StreamResult::Cancelled => return None,
        }
    }
    // Only now does the host say whether it came whole.
    trailers.await.ok().map(|_| whole)
}

fn max_age(response: &Response) -> Option<u64> {
    let headers = response.get_headers();
    let (lines, ages) = (headers.get("cache-control"), headers.get("age"));
    keys::max_age(texts(&lines), texts(&ages))
}

fn texts(lines: &[Vec<u8>]) -> impl Iterator<Item = &str> {
    lines.iter().filter_map(|line| core::str::from_utf8(line).ok())
}

fn form_encoded(text: &str) -> String {
    percent_encoded(text, &|_, byte| byte.is_ascii_alphanumeric() || b"-._*".contains(&byte))
}
