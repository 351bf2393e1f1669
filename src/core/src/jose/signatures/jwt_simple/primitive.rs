//! What jwt-simple computes once it has read a token, with its own key types.

use jwt_simple::algorithms::{Edwards25519PublicKey, P256PublicKey, P384PublicKey, RSAPublicKeyLike};
use p384::ecdsa::signature::Verifier as _;
use superboring::pkey::PKey;
use superboring::sign::Verifier;

pub(super) fn rsa<K: RSAPublicKeyLike>(key: &K, input: &[u8], signature: &[u8]) -> bool {
    let verify = || {
        let public_key = PKey::from_rsa(key.public_key().as_ref().clone())?;
        let mut verifier = Verifier::new(K::hash(), &public_key)?;
        verifier.set_rsa_padding(key.padding_scheme())?;
        verifier.update(input)?;
        verifier.verify(signature)
    };
    verify().unwrap_or(false)
}

pub(super) fn es256(key: &P256PublicKey, input: &[u8], signature: &[u8]) -> bool {
    p256::ecdsa::Signature::from_slice(signature)
        .is_ok_and(|signature| key.as_ref().verify(input, &signature).is_ok())
}

pub(super) fn es384(key: &P384PublicKey, input: &[u8], signature: &[u8]) -> bool {
    p384::ecdsa::Signature::from_slice(signature)
        .is_ok_and(|signature| key.as_ref().verify(input, &signature).is_ok())
}

pub(super) fn ed_dsa(key: &Edwards25519PublicKey, input: &[u8], signature: &[u8]) -> bool {
    ed25519_compact::Signature::from_slice(signature)
        .is_ok_and(|signature| key.as_ref().verify(input, &signature).is_ok())
}
