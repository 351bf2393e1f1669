//! The default implementation.

use p521::ecdsa::signature::Verifier as _;

use super::{BadSignature, Signatures, rsa};
use crate::jose::algorithm::Algorithm;
use crate::jose::key::{Material, PublicKey};

/// The default: pure Rust, `no_std`, the same code on every host.
#[derive(Debug, Clone, Copy, Default)]
pub struct Portable;

impl Signatures for Portable {
    fn verify(
        &self,
        algorithm: Algorithm,
        key: &PublicKey,
        signing_input: &[u8],
        signature: &[u8],
    ) -> Result<(), BadSignature> {
        let (input, sig) = (signing_input, signature);
        let good = match (&key.material, algorithm) {
            (Material::Rsa(key), Algorithm::Rs256) => key.verifies_pkcs1v15(&rsa::SHA256, input, sig),
            (Material::Rsa(key), Algorithm::Rs384) => key.verifies_pkcs1v15(&rsa::SHA384, input, sig),
            (Material::Rsa(key), Algorithm::Rs512) => key.verifies_pkcs1v15(&rsa::SHA512, input, sig),
            (Material::Rsa(key), Algorithm::Ps256) => key.verifies_pss(&rsa::SHA256, input, sig),
            (Material::Rsa(key), Algorithm::Ps384) => key.verifies_pss(&rsa::SHA384, input, sig),
            (Material::Rsa(key), Algorithm::Ps512) => key.verifies_pss(&rsa::SHA512, input, sig),
            (Material::P256(key), Algorithm::Es256) => key.verifies(input, sig),
            (Material::P384(key), Algorithm::Es384) => key.verifies(input, sig),
            (Material::P521(key), Algorithm::Es512) => {
                p521::ecdsa::Signature::from_slice(sig).is_ok_and(|sig| key.verify(input, &sig).is_ok())
            }
            (Material::Ed25519(key), Algorithm::EdDsa) => ed25519_dalek::Signature::from_slice(sig)
                .is_ok_and(|sig| key.verify_strict(input, &sig).is_ok()),
            _ => false,
        };
        if good { Ok(()) } else { Err(BadSignature) }
    }
}
