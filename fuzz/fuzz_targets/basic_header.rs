//! The Basic header: an accepted one means the same when it is written anew, and any identifier and secret arrive
//! as they were sent (R20).
#![no_main]

use asserta_core::client_auth::{Client, ClientSecret, Presented, PresentedBy};
use asserta_core::grants::{HttpTokenRequest, TokenRequest};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

asserta_fuzz::target!(|input| {
    let Ok(text) = std::str::from_utf8(input) else { return };
    if let Some(client) = read(text) {
        assert_eq!(client.presented_by, PresentedBy::Basic);
        let (id, secret) = (client.client_id.as_str(), client.client_secret.as_str());
        assert!(text.len() > "basic ".len() && text[.."basic ".len()].eq_ignore_ascii_case("basic "));
        comes_back(id, secret);
    }
    if let Some((id, secret)) = text.split_once('\n') {
        comes_back(id, secret);
    }
});

fn comes_back(id: &str, secret: &str) {
    let encode = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    let encoded = STANDARD.encode(format!("{}:{}", encode(id), encode(secret)));
    // What is longer than any credentials of ours is refused.
    if encoded.len() > 4096 {
        return;
    }
    let client = read(&format!("Basic {encoded}")).expect("R20: well-formed");
    assert_eq!((client.client_id.as_str(), client.client_secret.as_str()), (id, secret), "R20");
}

fn read(authorization: &str) -> Option<ClientSecret> {
    let request = TokenRequest::from_http(HttpTokenRequest {
        method: "POST",
        content_type: Some("application/x-www-form-urlencoded"),
        authorization: Some(authorization),
        dpop: Default::default(),
        query: None,
        body: b"grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion=a.b.c",
    });
    match request.ok()?.client {
        Client::Presents(Presented::Secret(secret)) => Some(secret),
        Client::Presents(Presented::Assertion(_)) | Client::Nothing(_) => panic!("there is a header"),
    }
}
