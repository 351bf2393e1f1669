//! The examples of the RFCs (7515, 7520, 7797, 8037) as cases.

use serde_json::{Value, json};

use super::rfc;
use super::suite::Case;

/// Stands for the examples below in the list of files.
pub(crate) const PATH: &str = "examples of RFCs";

/// The sources and whether their token verifies: what is asymmetric and compact does.
const TOKENS: [(&str, bool); 17] = [
    ("RFC 7515 appendix A.2", true),
    ("RFC 7515 appendix A.3", true),
    ("RFC 7515 appendix A.4", true),
    ("RFC 7520 section 4.1", true),
    ("RFC 7520 section 4.2", true),
    ("RFC 7520 section 4.3", true),
    ("RFC 8037 appendix A.4", true),
    // No algorithm at all, and HMAC (R31), with a detached payload besides.
    ("RFC 7515 appendix A.5", false),
    ("RFC 7515 appendix A.1", false),
    ("RFC 7520 section 4.4", false),
    ("RFC 7520 section 4.5", false),
    ("RFC 7797 section 4.2", false),
    // JSON serialisations (R30).
    ("RFC 7515 appendix A.6", false),
    ("RFC 7515 appendix A.7", false),
    ("RFC 7520 section 4.6", false),
    ("RFC 7520 section 4.7", false),
    ("RFC 7520 section 4.8", false),
];

/// Some RFCs print private keys; an issuer publishes this half.
pub(crate) fn public_half(key: &Value) -> Value {
    let members = key.as_object().expect("a JWK").iter();
    let private = ["d", "p", "q", "dp", "dq", "qi"];
    members
        .filter(|(name, _)| !private.contains(&name.as_str()))
        .map(|(k, v)| (k.clone(), v.clone()))
        .collect()
}

/// Each token with its public key, and, which never verifies (R53), with the private one.
pub(crate) fn cases() -> Vec<(u64, bool, Case)> {
    let mut cases = Vec::new();
    for (source, verifies) in TOKENS {
        let vector = rfc(source);
        let compact = vector["output"]["compact"].as_str().map(ToOwned::to_owned);
        let token = compact.unwrap_or_else(|| vector["output"]["json"].to_string());
        let keys = match &vector["input"]["key"] {
            Value::Array(keys) => keys.clone(),
            key => vec![key.clone()],
        };
        let public: Vec<Value> = keys.iter().map(public_half).collect();
        // RFC 7515's are public already.
        let private = keys.iter().all(|key| key.get("d").is_some() || key["kty"] == "oct");
        let both = [Some((public, verifies)), private.then_some((keys, false))];
        for (keys, verifies) in both.into_iter().flatten() {
            let number = cases.len() as u64 + 1;
            cases.push((
                number,
                verifies,
                Case::Token { token: token.clone(), keys: json!({ "keys": keys }) },
            ));
        }
    }
    cases
}
