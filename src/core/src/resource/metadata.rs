//! The metadata of the guarded resource (RFC 9728 section 2; R121).

use alloc::string::String;
use alloc::vec::Vec;

use super::challenge::Answer;
use super::settings::Settings;
use crate::jose::OfOurTokens;
use crate::json::{Object, Value};

/// The answer to a request for the metadata; none where this is a request for something else. It is public, so scripts of
/// any origin may read it.
pub(super) fn answer(settings: &Settings, method: &str, target: &str) -> Option<Answer> {
    let metadata = settings.metadata.as_ref()?;
    if target != metadata.target {
        return None;
    }
    let open = ("access-control-allow-origin", String::from("*"));
    Some(match method {
        "GET" | "HEAD" => Answer {
            status: 200,
            headers: Vec::from([
                open,
                ("cache-control", String::from("max-age=3600")),
                ("content-type", String::from("application/json")),
            ]),
            body: if method == "GET" { document(settings) } else { String::new() },
        },
        "OPTIONS" => Answer {
            status: 204,
            headers: Vec::from([
                open,
                ("access-control-allow-headers", String::from("accept, mcp-protocol-version")),
            ]),
            body: String::new(),
        },
        _ => Answer {
            status: 405,
            headers: Vec::from([("allow", String::from("GET, HEAD, OPTIONS"))]),
            body: String::new(),
        },
    })
}

fn document(settings: &Settings) -> String {
    let list = |texts: &[&str]| texts.iter().map(|text| Value::from(*text)).collect::<Vec<_>>();
    let mut members = Object::new();
    members.insert("resource", settings.audience.as_str());
    members.insert("authorization_servers", list(&[&settings.issuer]));
    members.insert("bearer_methods_supported", list(&["header"]));
    members.insert("dpop_signing_alg_values_supported", list(&OfOurTokens::ALGORITHM_NAMES));
    if !settings.scopes.is_empty() {
        let scopes: Vec<&str> = settings.scopes.iter().map(String::as_str).collect();
        members.insert("scopes_supported", list(&scopes));
    }
    Value::Object(members).to_text()
}
