//! P-256 by p256.

use p256::ecdsa::signature::{Signer as _, Verifier as _};
use p256::ecdsa::{Signature, SigningKey, VerifyingKey};
use zeroize::Zeroizing;

/// A point of the curve that is not the one at infinity.
#[derive(Clone)]
pub(in crate::jose) struct PublicKey(VerifyingKey);

impl PublicKey {
    /// From the compressed or uncompressed form of SEC 1 section 2.3.3.
    pub(in crate::jose) fn from_sec1(point: &[u8]) -> Option<Self> {
        VerifyingKey::from_sec1_bytes(point).ok().map(Self)
    }

    pub(in crate::jose) fn to_uncompressed(&self) -> [u8; 65] {
        let point = self.0.to_sec1_point(false);
        point.as_bytes().try_into().expect("an uncompressed point of P-256 has 65 bytes")
    }

    pub(in crate::jose) fn verifies(&self, signing_input: &[u8], signature: &[u8]) -> bool {
        Signature::from_slice(signature)
            .is_ok_and(|signature| self.0.verify(signing_input, &signature).is_ok())
    }
}

/// A scalar; p256 wipes it.
pub(in crate::jose) struct PrivateKey(SigningKey);

impl PrivateKey {
    /// From 32 bytes, big-endian; none if they are zero or not below the order.
    pub(in crate::jose) fn from_bytes(scalar: &[u8]) -> Option<Self> {
        // `SigningKey::from_slice` takes shorter slices too, and pads them.
        if scalar.len() != 32 {
            return None;
        }
        SigningKey::from_slice(scalar).ok().map(Self)
    }

    pub(in crate::jose) fn to_bytes(&self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(self.0.to_bytes().into())
    }

    pub(in crate::jose) fn public_key(&self) -> PublicKey {
        PublicKey(*self.0.verifying_key())
    }

    pub(in crate::jose) fn sign(&self, signing_input: &[u8]) -> [u8; 64] {
        // The signer of p256 is RFC 6979 with SHA-256.
        let signature: Signature = self.0.sign(signing_input);
        signature.to_bytes().into()
    }
}
