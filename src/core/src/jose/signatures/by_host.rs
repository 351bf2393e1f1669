//! Signatures by the host's own cryptography, for those who trust it: every rule stays here, the arithmetic
//! of a signature is done outside of the sandbox, many times as fast.

use alloc::vec::Vec;

use super::{BadSignature, Signatures, SigningFailed};
use crate::jose::algorithm::Algorithm;
use crate::jose::public_key::{Material, PublicKey};
use crate::jose::sign::{SigningAlgorithm, SigningKey};

/// What the host does. Keys are in the forms that every library of cryptography reads.
pub trait HostSignatures {
    /// Whether `signature`, in the form of RFC 7518 section 3, verifies over `signing_input`.
    ///
    /// `key` is a DER-encoded SubjectPublicKeyInfo (RFC 5280 section 4.1) of a type that fits `algorithm`.
    /// A host that can't tell answers `false`.
    fn verify(&self, algorithm: Algorithm, key: &[u8], signing_input: &[u8], signature: &[u8]) -> bool;

    /// Signs with one of our keys, a DER-encoded PKCS#8 document (RFC 5958).
    fn sign(&self, algorithm: SigningAlgorithm, key: &[u8], signing_input: &[u8]) -> Option<Vec<u8>>;
}

/// Signatures by such a host. The verdicts are those of [`Portable`](super::Portable).
#[derive(Debug, Clone, Copy, Default)]
pub struct ByHost<H>(pub H);

impl<H: HostSignatures> Signatures for ByHost<H> {
    fn verify(
        &self,
        algorithm: Algorithm,
        key: &PublicKey,
        signing_input: &[u8],
        signature: &[u8],
    ) -> Result<(), BadSignature> {
        let fits = key.algorithms().contains(&algorithm);
        let strict = !matches!(key.0, Material::Ed25519(_)) || !commits_to_small_order(signature);
        if fits && strict && self.0.verify(algorithm, &key.to_spki(), signing_input, signature) {
            Ok(())
        } else {
            Err(BadSignature)
        }
    }

    fn sign(&self, key: &SigningKey, signing_input: &[u8]) -> Result<Vec<u8>, SigningFailed> {
        let signature = self.0.sign(key.algorithm(), &key.to_pkcs8(), signing_input);
        signature.filter(|signature| signature.len() == key.signature_bytes()).ok_or(SigningFailed)
    }
}

/// Whether the first half of an Ed25519 signature is a point of small order. Only a key's owner can make such
/// a signature, and libraries differ about it (RFC 8032 section 5.1.7 leaves it open): it is refused.
fn commits_to_small_order(signature: &[u8]) -> bool {
    let commitment = signature.first_chunk().map(ed25519_dalek::VerifyingKey::from_bytes);
    commitment.is_some_and(|point| point.is_ok_and(|point| point.is_weak()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A host that agrees to everything.
    struct Careless;

    impl HostSignatures for Careless {
        fn verify(&self, _: Algorithm, _: &[u8], _: &[u8], _: &[u8]) -> bool {
            true
        }

        fn sign(&self, _: SigningAlgorithm, _: &[u8], _: &[u8]) -> Option<Vec<u8>> {
            Some([0; 63].into())
        }
    }

    /// R33: a host is never asked about an algorithm that does not fit the key.
    #[test]
    fn r33_the_algorithm_fits_the_key() {
        let key = SigningKey::generate(SigningAlgorithm::Es256, &[1; 32]);
        let judge = |algorithm| ByHost(Careless).verify(algorithm, key.public_key(), b"e30.e30", &[1; 64]);
        assert_eq!(judge(Algorithm::Es256), Ok(()));
        for other in Algorithm::ALL.into_iter().filter(|other| *other != Algorithm::Es256) {
            assert_eq!(judge(other), Err(BadSignature), "{other}");
        }
    }

    /// R33: what libraries differ about is refused before the host is asked.
    #[test]
    fn r33_commitments_of_small_order() {
        let key = SigningKey::generate(SigningAlgorithm::EdDsa, &[1; 32]);
        let judge = |signature: &[u8]| {
            ByHost(Careless).verify(Algorithm::EdDsa, key.public_key(), b"e30.e30", signature)
        };
        let mut signature = key.sign(b"e30.e30");
        assert_eq!(judge(&signature), Ok(()));
        // The neutral element: y is 1.
        signature[..32].fill(0);
        signature[0] = 1;
        assert_eq!(judge(&signature), Err(BadSignature));
    }

    #[test]
    fn a_signature_of_another_length_is_none() {
        let key = SigningKey::generate(SigningAlgorithm::Es256, &[1; 32]);
        assert_eq!(ByHost(Careless).sign(&key, b"e30.e30"), Err(SigningFailed));
    }
}
