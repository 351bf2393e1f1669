//! Judging tokens and signatures with core, natively and, in the test component of host-tests, inside Wasm.

use asserta_core::jose::key::certificate;
use asserta_core::jose::{CompactJws, JwkSet, PublicKey, VerificationKey};
use asserta_core::json;

use super::verdict::verifies;

/// Whether a token verifies with a key of the set that fits its algorithm and carries its `kid`.
pub(crate) fn token_verifies(token: &str, jwk_set: &[u8]) -> bool {
    let Ok(jws) = CompactJws::parse(token) else { return false };
    let Ok(set) = JwkSet::parse(jwk_set) else { return false };
    set.keys
        .iter()
        .filter(|key| key.fits(jws.header.algorithm))
        .filter(|key| jws.header.kid.is_none() || key.kid == jws.header.kid)
        .any(|key| verifies(jws.header.algorithm, &key.material, jws.signing_input, &jws.signature))
}

/// A key as text: a JWK, PEM, or DER as base64. None: it is refused.
pub(crate) fn key(text: &str) -> Option<PublicKey> {
    if text.starts_with('{') {
        let jwk = json::parse_object(text.as_bytes()).expect("vectors are JSON");
        return VerificationKey::from_jwk(&jwk).ok().map(|key| key.material);
    }
    certificate::import(text).ok().map(|mut found| found.keys.remove(0).1.material)
}
