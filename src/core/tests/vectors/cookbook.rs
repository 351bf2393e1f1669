//! The tokens of the JOSE cookbook (RFC 7520, RFC 8037, RFC 7797) as cases.

use serde_json::{Value, json};

use super::read;
use super::suite::Case;

/// Stands for the files below in the list of files.
pub(crate) const PATH: &str = "cookbook/";

/// The files and whether their token verifies: what is asymmetric and compact does.
const TOKENS: [(&str, bool); 10] = [
    ("cookbook/jws/4_1.rsa_v15_signature.json", true),
    ("cookbook/jws/4_2.rsa-pss_signature.json", true),
    ("cookbook/jws/4_3.ecdsa_signature.json", true),
    ("cookbook/curve25519/jws.json", true),
    // HMAC (R31), and a detached payload besides.
    ("cookbook/jws/4_4.hmac-sha2_integrity_protection.json", false),
    ("cookbook/jws/4_5.signature_with_detached_content.json", false),
    ("cookbook/rfc7797/hmac-sha2_b64_false.json", false),
    // JSON serialisations (R30).
    ("cookbook/jws/4_6.protecting_specific_header_fields.json", false),
    ("cookbook/jws/4_7.protecting_content_only.json", false),
    ("cookbook/jws/4_8.multiple_signatures.json", false),
];

/// The cookbook prints private keys; an issuer publishes this half.
pub(crate) fn public_half(key: &Value) -> Value {
    let members = key.as_object().expect("a JWK").iter();
    let private = ["d", "p", "q", "dp", "dq", "qi"];
    members
        .filter(|(name, _)| !private.contains(&name.as_str()))
        .map(|(k, v)| (k.clone(), v.clone()))
        .collect()
}

/// Each token with its public key, and, which never verifies (R53), with the private one.
pub(crate) fn cases() -> Option<Vec<(u64, bool, Case)>> {
    let mut cases = Vec::new();
    for (file, verifies) in TOKENS {
        let vector = read(file)?;
        let compact = vector["output"]["compact"].as_str().map(ToOwned::to_owned);
        let token = compact.unwrap_or_else(|| vector["output"]["json"].to_string());
        let keys = match &vector["input"]["key"] {
            Value::Array(keys) => keys.clone(),
            key => vec![key.clone()],
        };
        let public: Vec<Value> = keys.iter().map(public_half).collect();
        for (keys, verifies) in [(public, verifies), (keys, false)] {
            let number = cases.len() as u64 + 1;
            cases.push((
                number,
                verifies,
                Case::Token { token: token.clone(), keys: json!({ "keys": keys }) },
            ));
        }
    }
    Some(cases)
}
