//! The signatures of asserta-core inside Wasm, many times over.
//!
//! The endpoint's own code, profile, target and features: what is timed here is what an exchange pays.

use std::hint::black_box;

use asserta_core::jose::{Algorithm, Portable, Signatures, SigningAlgorithm, SigningKey, VerificationKey};
use asserta_core::json;

use bindings::exports::asserta::bench::signatures::{Guest, GuestSigner, GuestVerifier};

mod bindings {
    #![allow(unsafe_code, missing_docs, unreachable_pub, reason = "generated code")]

    wit_bindgen::generate!({ world: "bench", path: "wit" });

    use super::Bench;
    export!(Bench);
}

struct Bench;

impl Guest for Bench {
    type Verifier = Verifier;
    type Signer = Signer;
}

struct Verifier {
    key: VerificationKey,
    algorithm: Algorithm,
}

impl GuestVerifier for Verifier {
    fn new(jwk: String) -> Self {
        let jwk = json::parse_object(jwk.as_bytes()).expect("the bench writes JSON");
        let key = VerificationKey::from_jwk(&jwk).expect("the bench makes usable keys");
        let algorithm = key.algorithm.expect("the bench names the algorithm of each key");
        Self { key, algorithm }
    }

    fn verify(&self, signing_input: Vec<u8>, signature: Vec<u8>, times: u32) -> bool {
        (0..times).all(|_| {
            let (input, signature) = (black_box(&signing_input), black_box(&signature));
            Portable.verify(self.algorithm, &self.key.material, input, signature).is_ok()
        })
    }
}

struct Signer(SigningKey);

impl GuestSigner for Signer {
    fn new(algorithm: String, stored: Vec<u8>) -> Self {
        let algorithm =
            SigningAlgorithm::from_name(&algorithm).expect("the bench asks for algorithms that sign");
        Self(SigningKey::from_stored(algorithm, &stored).expect("the bench stores keys as the endpoint does"))
    }

    fn sign(&self, signing_input: Vec<u8>, times: u32) -> Vec<u8> {
        let mut signature = Vec::new();
        for _ in 0..times {
            signature = self.0.sign(black_box(&signing_input), &[7; 32]);
        }
        signature
    }
}
