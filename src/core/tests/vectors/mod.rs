//! Reading the public test vectors.

use std::path::PathBuf;

use asserta_core::jose::{CompactJws, JwkSet};
use serde_json::Value;

pub(crate) mod verdict;

use verdict::verifies;

/// Reads a file of the vectors. They are not part of the repository; without them there is
/// nothing to test, and that is said.
pub(crate) fn read(path: &str) -> Option<Value> {
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/vectors").join(path);
    match std::fs::read(&file) {
        Ok(bytes) => Some(serde_json::from_slice(&bytes).expect("vectors are JSON")),
        Err(error) => {
            println!("skipped: the vectors {} are absent ({error})", file.display());
            None
        }
    }
}

/// Whether a token verifies with a key of the set that fits its algorithm and carries its `kid`.
pub(crate) fn token_verifies(token: &str, keys: &Value) -> bool {
    let Ok(jws) = CompactJws::parse(token) else { return false };
    let Ok(set) = JwkSet::parse(keys.to_string().as_bytes()) else { return false };
    set.keys
        .iter()
        .filter(|key| key.fits(jws.header.algorithm))
        .filter(|key| jws.header.kid.is_none() || key.kid == jws.header.kid)
        .any(|key| verifies(jws.header.algorithm, &key.material, jws.signing_input, &jws.signature))
}
