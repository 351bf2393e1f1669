//! A JWK set that is accepted loses no key without a reason, and its usable keys make the same set again (R53).
#![no_main]

use std::collections::BTreeMap;

use asserta_core::jose::key::MAX_KEYS;
use asserta_core::jose::key::{JwkSet, KeyPlace, VerificationKey};
use asserta_core::json::{Object, Value};
use serde_json::value::RawValue;

asserta_fuzz::target!(|input| {
    let Ok(set) = JwkSet::parse(input) else { return };

    // A byte order mark is ignored.
    let text = input.strip_prefix(b"\xef\xbb\xbf").unwrap_or(input);
    let theirs: BTreeMap<String, &RawValue> = serde_json::from_slice(text).expect("R30: JSON to others too");
    let elements: Vec<&RawValue> = serde_json::from_str(theirs["keys"].get()).expect("R53: keys is an array");
    // What others can't read (a lone surrogate, a number beyond any float) spoils the one key in which it stands.
    let elements: Vec<Option<serde_json::Value>> =
        elements.iter().map(|element| serde_json::from_str(element.get()).ok()).collect();
    let read = elements.len().min(MAX_KEYS);
    let skipped: Vec<usize> = set.skipped.iter().filter_map(|skipped| element(&skipped.key)).collect();
    assert_eq!(set.keys.len() + skipped.len(), read, "R53: each key that is read is used or skipped");
    let further = set.skipped.iter().any(|skipped| skipped.key == KeyPlace::ElementsFrom(MAX_KEYS));
    assert_eq!(further, elements.len() > MAX_KEYS, "R53: further keys are named");
    assert!(skipped.iter().all(|index| *index < read));

    let used = elements.iter().take(MAX_KEYS).enumerate().filter(|(index, _)| !skipped.contains(index));
    for ((_, element), key) in used.zip(&set.keys) {
        let element = element.as_ref().expect("R53: a key that others can't read");
        assert_eq!(element.get("kid").and_then(|kid| kid.as_str()), key.kid.as_deref());
        assert!(
            element.get("d").is_none_or(|d| d.is_null()) && element["kty"] != "oct",
            "R53: private or symmetric"
        );
        assert!(element.get("use").is_none_or(|purpose| purpose == "sig"), "R47");
        assert!(key.material.algorithms().iter().any(|algorithm| key.fits(*algorithm)), "R31: fits nothing");
    }

    let keys: Vec<Value> = set.keys.iter().map(|key| Value::Object(jwk(key))).collect();
    let document: Object = [("keys", Value::Array(keys))].into_iter().collect();
    let again = JwkSet::parse(Value::Object(document).to_text().as_bytes()).expect("a set");
    assert_eq!(again, JwkSet { keys: set.keys, skipped: Vec::new() }, "another set from its keys");
});

fn element(place: &KeyPlace) -> Option<usize> {
    match place {
        KeyPlace::Element(index) => Some(*index),
        _ => None,
    }
}

fn jwk(key: &VerificationKey) -> Object {
    let mut jwk = key.material.jwk_members();
    if let Some(kid) = &key.kid {
        jwk.insert("kid", kid.as_str());
    }
    if let Some(algorithm) = key.algorithm {
        jwk.insert("alg", algorithm.name());
    }
    jwk
}
