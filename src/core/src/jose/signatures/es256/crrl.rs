//! P-256 by crrl.

use crrl::p256;
use zeroize::Zeroizing;

use crate::jose::digest::sha256;

/// A point of the curve that is not the one at infinity.
#[derive(Clone)]
pub(in crate::jose) struct PublicKey(p256::PublicKey);

impl PublicKey {
    /// From the compressed or uncompressed form of SEC 1 section 2.3.3.
    pub(in crate::jose) fn from_sec1(point: &[u8]) -> Option<Self> {
        p256::PublicKey::decode(point).map(Self)
    }

    pub(in crate::jose) fn to_uncompressed(&self) -> [u8; 65] {
        self.0.encode_uncompressed()
    }

    pub(in crate::jose) fn verifies(&self, signing_input: &[u8], signature: &[u8]) -> bool {
        // crrl takes shorter and longer halves too; RFC 7518 section 3.4 does not.
        signature.len() == 64 && self.0.verify_hash(signature, &sha256(signing_input))
    }
}

/// A scalar, kept as bytes: crrl's own type cannot be wiped.
pub(in crate::jose) struct PrivateKey(Zeroizing<[u8; 32]>);

impl PrivateKey {
    /// From 32 bytes, big-endian; none if they are zero or not below the order.
    pub(in crate::jose) fn from_bytes(scalar: &[u8]) -> Option<Self> {
        p256::PrivateKey::decode(scalar).map(|key| Self(Zeroizing::new(key.encode())))
    }

    pub(in crate::jose) fn to_bytes(&self) -> Zeroizing<[u8; 32]> {
        self.0.clone()
    }

    pub(in crate::jose) fn public_key(&self) -> PublicKey {
        PublicKey(self.key().to_public_key())
    }

    pub(in crate::jose) fn sign(&self, signing_input: &[u8]) -> [u8; 64] {
        // Without extra randomness this is RFC 6979.
        self.key().sign_hash(&sha256(signing_input), &[])
    }

    fn key(&self) -> p256::PrivateKey {
        p256::PrivateKey::decode(&self.0[..]).expect("the scalar was checked when it was read")
    }
}
