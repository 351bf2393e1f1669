//! Verification by asserta-core as a component: the code that judges vectors natively, inside Wasm.

use asserta_core::jose::Algorithm;
use bindings::exports::asserta::vectors::verdicts::Guest;

#[path = "../../../src/core/tests/vectors/judge.rs"]
mod judge;
#[path = "../../../src/core/tests/vectors/verdict.rs"]
mod verdict;

mod bindings {
    #![allow(unsafe_code, missing_docs, unreachable_pub, reason = "generated code")]

    wit_bindgen::generate!({ world: "vectors", path: "wit" });

    use super::Vectors;
    export!(Vectors);
}

struct Vectors;

impl Guest for Vectors {
    fn token_verifies(token: String, jwk_set: String) -> bool {
        judge::token_verifies(&token, jwk_set.as_bytes())
    }

    fn signature_verifies(algorithm: String, key: String, message: Vec<u8>, signature: Vec<u8>) -> bool {
        let algorithm = Algorithm::from_name(&algorithm).expect("the list of files names algorithms of ours");
        judge::key(&key).is_some_and(|key| verdict::verifies(algorithm, &key, &message, &signature))
    }
}
