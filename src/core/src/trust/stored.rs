//! What is stored of a registration: of a JWK set, which may be full of anything, only what is used.

use alloc::string::String;
use alloc::vec::Vec;

use super::document::TrustedIssuer;
use crate::jose::key::{KeyUse, VerificationKey};
use crate::json::{Object, Value};

/// The members of a JWK that count (RFC 7517 section 4, RFC 7518 section 6): texts, all but `key_ops`.
const TEXTS: &[&str] = &["kty", "use", "alg", "kid", "crv", "x", "y", "n", "e"];
/// How many operations are kept; beyond that, `key_ops` says nothing that its absence does not.
const MAX_OPERATIONS: usize = 8;

impl TrustedIssuer {
    /// The registration as it is stored and shown: without keys that can't be used, private ones among them, and
    /// without members that nobody reads. It has the same keys.
    #[must_use]
    pub fn as_stored(&self) -> Self {
        let mut stored = self.clone();
        if let Some(keys) = self.jwks.as_ref().and_then(Value::as_object).and_then(|set| set.get("keys")) {
            let used = |key: &Value| used(key, self.key_use());
            let keys: Vec<Value> = keys.as_array().unwrap_or_default().iter().filter_map(used).collect();
            let set: Object = [("keys", keys)].into_iter().collect();
            stored.jwks = Some(Value::Object(set));
        }
        stored
    }
}

/// What is used of a key; nothing of one that can't be used.
fn used(key: &Value, key_use: KeyUse) -> Option<Value> {
    let key = key.as_object().filter(|key| VerificationKey::from_jwk_for(key, key_use).is_ok())?;
    let counts = |(name, value): &(&str, &Value)| match value {
        Value::String(_) => TEXTS.contains(name),
        Value::Array(elements) => {
            *name == "key_ops"
                && elements.len() <= MAX_OPERATIONS
                && elements.iter().all(|element| element.as_str().is_some())
        }
        _ => false,
    };
    let members = key.iter().filter(counts).map(|(name, value)| (String::from(name), value.clone()));
    let mut used = Object::default();
    for (name, value) in members {
        used.insert(name, value);
    }
    Some(Value::Object(used))
}
