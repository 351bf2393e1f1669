//! Signatures by the host, over asserta:exchange/signatures.

use alloc::vec::Vec;

use asserta_core::jose::signatures::HostSignatures;
use asserta_core::jose::{Algorithm, SigningAlgorithm};

use crate::bindings::asserta::exchange::signatures as host;

/// The host's implementation.
#[derive(Clone, Copy, Debug, Default)]
pub struct Imported;

impl HostSignatures for Imported {
    fn verify(&self, algorithm: Algorithm, key: &[u8], signing_input: &[u8], signature: &[u8]) -> bool {
        host::verify(named(algorithm), key, signing_input, signature)
    }

    fn sign(&self, algorithm: SigningAlgorithm, key: &[u8], signing_input: &[u8]) -> Option<Vec<u8>> {
        host::sign(named(algorithm.algorithm()), key, signing_input).ok()
    }
}

fn named(algorithm: Algorithm) -> host::Algorithm {
    match algorithm {
        Algorithm::Rs256 => host::Algorithm::Rs256,
        Algorithm::Rs384 => host::Algorithm::Rs384,
        Algorithm::Rs512 => host::Algorithm::Rs512,
        Algorithm::Ps256 => host::Algorithm::Ps256,
        Algorithm::Ps384 => host::Algorithm::Ps384,
        Algorithm::Ps512 => host::Algorithm::Ps512,
        Algorithm::Es256 => host::Algorithm::Es256,
        Algorithm::Es384 => host::Algorithm::Es384,
        Algorithm::Es512 => host::Algorithm::Es512,
        Algorithm::EdDsa => host::Algorithm::EdDsa,
    }
}
