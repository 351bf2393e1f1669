//! Verification with ES384 (RFC 7518 section 3.4), by `p384`.
//!
//! `p384` and the crates below it are generic. Generic code is compiled in the crate that calls it, and at that crate's
//! level of optimisation: inside of `asserta-core`, which the components build for size, a signature took twice as long
//! whatever the level of `p384` was. So the calls stand here, and the root manifest gives this crate a level of its own
//! (docs/decisions/0010).

#![no_std]

use p384::ecdsa::signature::Verifier as _;
use p384::ecdsa::{Signature, VerifyingKey};

/// A point of P-384 that is not the one at infinity.
#[derive(Clone)]
pub struct PublicKey(VerifyingKey);

impl PublicKey {
    /// From the compressed or uncompressed form of SEC 1 section 2.3.3; none if it is no such point.
    #[must_use]
    pub fn from_sec1(point: &[u8]) -> Option<Self> {
        VerifyingKey::from_sec1_bytes(point).ok().map(Self)
    }

    /// The uncompressed form of SEC 1 section 2.3.3.
    #[must_use]
    pub fn to_uncompressed(&self) -> [u8; 97] {
        let point = self.0.to_sec1_point(false);
        point.as_bytes().try_into().expect("an uncompressed point of P-384 has 97 bytes")
    }

    /// Whether `signature`, R and S of 48 bytes each, verifies over `signing_input`.
    #[must_use]
    pub fn verifies(&self, signing_input: &[u8], signature: &[u8]) -> bool {
        Signature::from_slice(signature)
            .is_ok_and(|signature| self.0.verify(signing_input, &signature).is_ok())
    }
}
