//! Signatures by aws-lc, for components that import `asserta:exchange/signatures`.
//!
//! Which key and algorithm are acceptable the component has decided. Keys are parsed once: the private ones cost
//! more to check than a signature to make.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aws_lc_rs::digest::{SHA256, SHA256_OUTPUT_LEN, digest};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED,
    ECDSA_P521_SHA512_FIXED, ED25519, EcdsaKeyPair, Ed25519KeyPair, ParsedPublicKey,
    RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512, RSA_PKCS1_SHA256,
    RSA_PSS_2048_8192_SHA256, RSA_PSS_2048_8192_SHA384, RSA_PSS_2048_8192_SHA512, RsaKeyPair,
    VerificationAlgorithm,
};
use wasmtime::component::HasData;
use zeroize::Zeroize as _;

use super::bindings::asserta::exchange::signatures::{Algorithm, Host, SigningError};

/// How many parsed keys are kept; one more, and all are forgotten.
const MOST_KEYS: usize = 4096;

/// aws-lc, with the keys that it has parsed.
pub struct Signatures {
    public: Kept<ParsedPublicKey>,
    private: Kept<PrivateKey>,
    random: SystemRandom,
}

enum PrivateKey {
    Rsa(RsaKeyPair),
    Ec(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
}

impl Default for Signatures {
    fn default() -> Self {
        Self { public: Kept::default(), private: Kept::default(), random: SystemRandom::new() }
    }
}

impl Signatures {
    /// Whether a signature verifies. `key` is a DER-encoded SubjectPublicKeyInfo.
    #[must_use]
    pub fn verify(&self, algorithm: Algorithm, key: &[u8], signing_input: &[u8], signature: &[u8]) -> bool {
        let parsed =
            self.public.get(algorithm, key, || ParsedPublicKey::new(verification(algorithm), key).ok());
        parsed.is_some_and(|key| key.verify_sig(signing_input, signature).is_ok())
    }

    /// Signs. `key` is a DER-encoded PKCS#8 document.
    ///
    /// # Errors
    /// A key that is none of the algorithm, or an algorithm that our own keys never have.
    pub fn sign(
        &self,
        algorithm: Algorithm,
        key: &[u8],
        signing_input: &[u8],
    ) -> Result<Vec<u8>, SigningError> {
        let parsed = self.private.get(algorithm, key, || PrivateKey::parse(algorithm, key));
        let failed = |_| SigningError::Failed;
        match &*parsed.ok_or(SigningError::UnusableKey)? {
            PrivateKey::Rsa(key) => {
                let mut signature = vec![0; key.public_modulus_len()];
                key.sign(&RSA_PKCS1_SHA256, &self.random, signing_input, &mut signature).map_err(failed)?;
                Ok(signature)
            }
            PrivateKey::Ec(key) => {
                Ok(key.sign(&self.random, signing_input).map_err(failed)?.as_ref().to_vec())
            }
            PrivateKey::Ed25519(key) => Ok(key.sign(signing_input).as_ref().to_vec()),
        }
    }
}

/// What a component calls. All instances that share the keys may call at once.
impl Host for &Signatures {
    fn verify(
        &mut self,
        algorithm: Algorithm,
        key: Vec<u8>,
        signing_input: Vec<u8>,
        signature: Vec<u8>,
    ) -> bool {
        Signatures::verify(self, algorithm, &key, &signing_input, &signature)
    }

    fn sign(
        &mut self,
        algorithm: Algorithm,
        mut key: Vec<u8>,
        signing_input: Vec<u8>,
    ) -> Result<Vec<u8>, SigningError> {
        let signature = Signatures::sign(self, algorithm, &key, &signing_input);
        key.zeroize();
        signature
    }
}

impl HasData for Signatures {
    type Data<'a> = &'a Self;
}

impl PrivateKey {
    fn parse(algorithm: Algorithm, key: &[u8]) -> Option<Self> {
        match algorithm {
            Algorithm::Rs256 => RsaKeyPair::from_pkcs8(key).ok().map(Self::Rsa),
            Algorithm::Es256 => {
                EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, key).ok().map(Self::Ec)
            }
            Algorithm::EdDsa => Ed25519KeyPair::from_pkcs8_maybe_unchecked(key).ok().map(Self::Ed25519),
            _ => None,
        }
    }
}

fn verification(algorithm: Algorithm) -> &'static dyn VerificationAlgorithm {
    match algorithm {
        Algorithm::Rs256 => &RSA_PKCS1_2048_8192_SHA256,
        Algorithm::Rs384 => &RSA_PKCS1_2048_8192_SHA384,
        Algorithm::Rs512 => &RSA_PKCS1_2048_8192_SHA512,
        Algorithm::Ps256 => &RSA_PSS_2048_8192_SHA256,
        Algorithm::Ps384 => &RSA_PSS_2048_8192_SHA384,
        Algorithm::Ps512 => &RSA_PSS_2048_8192_SHA512,
        Algorithm::Es256 => &ECDSA_P256_SHA256_FIXED,
        Algorithm::Es384 => &ECDSA_P384_SHA384_FIXED,
        Algorithm::Es512 => &ECDSA_P521_SHA512_FIXED,
        Algorithm::EdDsa => &ED25519,
    }
}

/// Parsed keys, found again by algorithm and digest.
struct Kept<T>(Mutex<Keys<T>>);

type Keys<T> = HashMap<(Algorithm, [u8; SHA256_OUTPUT_LEN]), Arc<T>>;

impl<T> Default for Kept<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T> Kept<T> {
    fn get(&self, algorithm: Algorithm, key: &[u8], parse: impl FnOnce() -> Option<T>) -> Option<Arc<T>> {
        let digest = digest(&SHA256, key).as_ref().try_into().expect("SHA-256 has one length");
        let name = (algorithm, digest);
        if let Some(known) = self.lock().get(&name) {
            return Some(Arc::clone(known));
        }
        let parsed = Arc::new(parse()?);
        let mut kept = self.lock();
        if kept.len() >= MOST_KEYS {
            kept.clear();
        }
        kept.insert(name, Arc::clone(&parsed));
        Some(parsed)
    }

    fn lock(&self) -> MutexGuard<'_, Keys<T>> {
        // What a panic leaves behind is a whole map: entries are inserted in one step.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
