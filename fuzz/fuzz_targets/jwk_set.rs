//! A JWK set that is accepted loses no key without a reason, and its usable keys make the same set again (R53).
#![no_main]

use asserta_core::jose::json::{Object, Value};
use asserta_core::jose::jwk::MAX_KEYS;
use asserta_core::jose::{JwkSet, VerificationKey};

asserta_fuzz::target!(|input| {
    let Ok(set) = JwkSet::parse(input) else { return };

    let theirs: serde_json::Value = serde_json::from_slice(input).expect("R30: JSON to others too");
    let elements = theirs["keys"].as_array().expect("R53: keys is an array");
    assert_eq!(set.keys.len() + set.skipped.len(), elements.len(), "R53: each key is used or skipped");
    assert!(elements.len() <= MAX_KEYS);

    let mut skipped = set.skipped.iter().map(|(index, _)| *index);
    let used =
        elements.iter().enumerate().filter(|(index, _)| !set.skipped.iter().any(|(other, _)| other == index));
    for ((_, element), key) in used.zip(&set.keys) {
        assert_eq!(element.get("kid").and_then(|kid| kid.as_str()), key.kid.as_deref());
        assert!(element.get("d").is_none() && element["kty"] != "oct", "R53: private or symmetric");
        assert!(element.get("use").is_none_or(|purpose| purpose == "sig"), "R47");
        assert!(key.material.algorithms().iter().any(|algorithm| key.fits(*algorithm)), "R31: fits nothing");
    }
    assert!(skipped.all(|index| index < elements.len()));

    let keys: Vec<Value> = set.keys.iter().map(|key| Value::Object(jwk(key))).collect();
    let document: Object = [("keys", Value::Array(keys))].into_iter().collect();
    let again = JwkSet::parse(Value::Object(document).to_text().as_bytes()).expect("a set");
    assert_eq!(again, JwkSet { keys: set.keys, skipped: Vec::new() }, "another set from its keys");
});

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
