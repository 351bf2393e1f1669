//! Signatures by the host's own cryptography, for those who trust it: every rule stays here, the arithmetic
//! of a signature is done outside of the sandbox, many times as fast.

use alloc::vec::Vec;

use super::{BadSignature, Signatures, SigningFailed};
use crate::jose::algorithm::Algorithm;
use crate::jose::key::{Material, PublicKey, SigningAlgorithm, SigningKey};

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
        let strict = !matches!(key.material, Material::Ed25519(_)) || !commits_to_small_order(signature);
        if fits && strict && self.0.verify(algorithm, key.spki(), signing_input, signature) {
            Ok(())
        } else {
            Err(BadSignature)
        }
    }

    /// The host has randomness of its own.
    fn sign(&self, key: &SigningKey, signing_input: &[u8], _: &[u8; 32]) -> Result<Vec<u8>, SigningFailed> {
        let signature = self.0.sign(key.algorithm(), key.pkcs8(), signing_input);
        signature.filter(|signature| signature.len() == key.signature_bytes()).ok_or(SigningFailed)
    }
}

/// Whether the first half of an Ed25519 signature is a point of small order. Only a key's owner can make such
/// a signature, and libraries differ about it (RFC 8032 section 5.1.7 leaves it open): it is refused.
fn commits_to_small_order(signature: &[u8]) -> bool {
    signature.first_chunk::<32>().is_some_and(|commitment| {
        let mut y = *commitment;
        y[31] &= 0x7f;
        SMALL_ORDER.contains(&y)
    })
}

/// Every encoding of y of the eight points of small order, without the bit for the sign of x: the last two are of 0
/// and 1, once more. Reading the point instead takes a square root.
const SMALL_ORDER: [[u8; 32]; 7] = [
    of_bytes(0x00, 0x00, 0x00),
    of_bytes(0x01, 0x00, 0x00),
    [
        0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98, 0xf0, 0xd5,
        0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05,
    ],
    [
        0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67, 0x0f, 0x2a,
        0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a,
    ],
    of_bytes(0xec, 0xff, 0x7f),
    of_bytes(0xed, 0xff, 0x7f),
    of_bytes(0xee, 0xff, 0x7f),
];

const fn of_bytes(first: u8, between: u8, last: u8) -> [u8; 32] {
    let mut bytes = [between; 32];
    bytes[0] = first;
    bytes[31] = last;
    bytes
}

#[cfg(test)]
mod tests {
    use curve25519_dalek::constants::EIGHT_TORSION;

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
        let mut signature = key.sign(b"e30.e30", &[0; 32]);
        assert_eq!(judge(&signature), Ok(()));
        // The neutral element: y is 1.
        signature[..32].fill(0);
        signature[0] = 1;
        assert_eq!(judge(&signature), Err(BadSignature));
    }

    /// R33: the list has all points of small order, and no other.
    #[test]
    fn r33_the_points_of_small_order() {
        let weak = |bytes: &[u8; 32]| {
            ed25519_dalek::VerifyingKey::from_bytes(bytes).is_ok_and(|point| point.is_weak())
        };
        assert!(EIGHT_TORSION.iter().all(|point| commits_to_small_order(point.compress().as_bytes())));
        for y in SMALL_ORDER {
            assert!(weak(&y), "{y:?}");
        }
        for (byte, bit) in (0..32).flat_map(|byte| (0..8).map(move |bit| (byte, bit))) {
            for y in SMALL_ORDER {
                let mut other = y;
                other[byte] ^= 1 << bit;
                assert!(commits_to_small_order(&other) || !weak(&other), "{other:?}");
            }
        }
    }

    #[test]
    fn a_signature_of_another_length_is_none() {
        let key = SigningKey::generate(SigningAlgorithm::Es256, &[1; 32]);
        assert_eq!(ByHost(Careless).sign(&key, b"e30.e30", &[0; 32]), Err(SigningFailed));
    }
}
