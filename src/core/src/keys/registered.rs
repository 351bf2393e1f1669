//! Keys that stand in a registration: which of them are not used, and what of a JWK set is stored and shown.

use alloc::string::String;
use alloc::vec::Vec;

use crate::jose::key::{JwkSet, KeyUse, VerificationKey, certificate};
use crate::jose::{Algorithm, SkippedKey};
use crate::json::{Object, Value};

/// The members of a JWK that count (RFC 7517 section 4, RFC 7518 section 6): texts, all but `key_ops`.
const TEXTS: &[&str] = &["kty", "use", "alg", "kid", "crv", "x", "y", "n", "e"];
/// How many operations are kept; beyond that, `key_ops` says nothing that its absence does not.
const MAX_OPERATIONS: usize = 8;

/// The registered keys that are not used at `now`, in seconds since 1970, and why (R47, R53). A certificate that is
/// not valid at the moment is among them, though it may be used later. So is one that `allowed`, the algorithms of the
/// registration, leave nothing to do. Those of an endpoint are not known here.
pub(crate) fn skipped_keys(
    certificate: Option<&str>,
    jwks: Option<&Value>,
    key_use: KeyUse,
    allowed: Option<&[Algorithm]>,
    now: u64,
) -> Vec<SkippedKey> {
    if let Some(found) = certificate.and_then(|text| certificate::import(text).ok()) {
        let problem =
            |key: &VerificationKey| key.problem_at(now).or_else(|| key.check_allowed(allowed).err());
        let unused = found
            .keys
            .into_iter()
            .filter_map(|(place, key)| Some(SkippedKey { key: place, reason: problem(&key)? }));
        return found.skipped.into_iter().chain(unused).collect();
    }
    let mut read = |jwk: &Object| {
        let key = VerificationKey::from_jwk_for(jwk, key_use)?;
        key.check_allowed(allowed)?;
        Ok(key)
    };
    let set = jwks.and_then(Value::as_object).map(|set| JwkSet::from_object_by(set, &mut read));
    set.and_then(Result::ok).map(|set| set.skipped).unwrap_or_default()
}

/// A JWK set as it is stored and shown, which may be full of anything: without keys that can't be used, private ones among
/// them, and without members that nobody reads. It has the same keys. `None`: it has none, and is left as it is.
pub(crate) fn jwks_as_stored(jwks: &Value, key_use: KeyUse) -> Option<Value> {
    let keys = jwks.as_object()?.get("keys")?;
    let keys: Vec<Value> =
        keys.as_array().unwrap_or_default().iter().filter_map(|key| used(key, key_use)).collect();
    let set: Object = [("keys", keys)].into_iter().collect();
    Some(Value::Object(set))
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
