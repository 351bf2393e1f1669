//! Reading the public test vectors.

#![allow(dead_code, reason = "each test takes its part")]

use std::path::Path;

use serde_json::Value;

pub(crate) mod cookbook;
pub(crate) mod judge;
pub(crate) mod suite;
pub(crate) mod verdict;

/// Reads a file of the vectors. They are not part of the repository; without them there is
/// nothing to test, and that is said.
pub(crate) fn read(path: &str) -> Option<Value> {
    // Tests of several crates read them: they lie beside the repository.
    let mut folders = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors();
    let root =
        folders.find(|folder| folder.join("Cargo.lock").exists()).expect("the workspace has a lock file");
    let file = root.join("../shared/vectors").join(path);
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
    judge::token_verifies(token, keys.to_string().as_bytes())
}
