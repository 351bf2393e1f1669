//! The verifier of our own access tokens alone: what a component in front of an API carries with it.

use alloc::vec::Vec;

use super::{BadSignature, Signatures, SigningFailed, rsa};
use crate::jose::algorithm::Algorithm;
use crate::jose::key::{Material, PublicKey, SigningKey};

/// Verifies what our access tokens are signed with (ES256, EdDSA, RS256) by the code of
/// [`Portable`](super::Portable), and signs nothing. What it does not name is not linked in.
#[derive(Debug, Clone, Copy, Default)]
pub struct OfOurTokens;

impl OfOurTokens {
    /// The algorithms of our access tokens.
    pub const ALGORITHMS: &'static [Algorithm] = &[Algorithm::Es256, Algorithm::EdDsa, Algorithm::Rs256];
    /// The same by name: Ed25519 goes by two (RFC 9864).
    pub const ALGORITHM_NAMES: [&'static str; 4] =
        [Algorithm::Es256.name(), Algorithm::EdDsa.name(), "Ed25519", Algorithm::Rs256.name()];
}

impl Signatures for OfOurTokens {
    fn verify(
        &self,
        algorithm: Algorithm,
        key: &PublicKey,
        signing_input: &[u8],
        signature: &[u8],
    ) -> Result<(), BadSignature> {
        let good = match (&key.material, algorithm) {
            (Material::P256(key), Algorithm::Es256) => key.verifies(signing_input, signature),
            (Material::Ed25519(key), Algorithm::EdDsa) => ed25519_dalek::Signature::from_slice(signature)
                .is_ok_and(|signature| key.verify_strict(signing_input, &signature).is_ok()),
            (Material::Rsa(key), Algorithm::Rs256) => {
                key.verifies_pkcs1v15(&rsa::SHA256, signing_input, signature)
            }
            _ => false,
        };
        if good { Ok(()) } else { Err(BadSignature) }
    }

    fn sign(&self, _: &SigningKey, _: &[u8], _: &[u8; 32]) -> Result<Vec<u8>, SigningFailed> {
        Err(SigningFailed)
    }
}
