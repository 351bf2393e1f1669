//! Our own keys: made from a seed, stored, signing access tokens.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::cell::OnceCell;
use core::fmt;

use chacha20::ChaCha20Rng;
use ed25519_dalek::Signer as _;
use rsa::pkcs8::{DecodePrivateKey as _, EncodePrivateKey as _};
use rsa::rand_core::{Rng as _, SeedableRng as _};
use rsa::traits::PublicKeyParts as _;
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use zeroize::Zeroizing;

use super::curve::Curve;
use super::der;
use super::public_key::{Material, PublicKey, be_u64, thumbprint};
use crate::jose::algorithm::Algorithm;
use crate::jose::signatures::{es256, rsa as verify};
use crate::json::{Object, Value};

/// The size of the RSA keys that are made here, in bits.
const RSA_BITS: usize = 2048;

/// An algorithm that our own access tokens may be signed with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum SigningAlgorithm {
    /// ECDSA on P-256: the default, fast to sign and known to every library.
    #[serde(rename = "ES256")]
    Es256,
    /// Ed25519: the fastest.
    #[serde(rename = "EdDSA")]
    EdDsa,
    /// RSA 2048: for resource servers that know nothing else; slow to sign in WebAssembly.
    #[serde(rename = "RS256")]
    Rs256,
}

impl SigningAlgorithm {
    /// Every one of them.
    pub const ALL: [Self; 3] = [Self::Es256, Self::EdDsa, Self::Rs256];

    /// The algorithm of a setting or a stored record.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|algorithm| algorithm.name() == name)
    }

    /// The name in an `alg` member.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.algorithm().name()
    }

    /// The algorithm that verifies what this one signs.
    #[must_use]
    pub const fn algorithm(self) -> Algorithm {
        match self {
            Self::Es256 => Algorithm::Es256,
            Self::EdDsa => Algorithm::EdDsa,
            Self::Rs256 => Algorithm::Rs256,
        }
    }
}

impl fmt::Display for SigningAlgorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A private key of ours, with its identifier.
pub struct SigningKey {
    secret: Secret,
    public: PublicKey,
    kid: String,
    /// Made when it is first asked for: a host that signs is told the key with each token.
    pkcs8: OnceCell<Zeroizing<Vec<u8>>>,
}

enum Secret {
    Es256(es256::PrivateKey),
    EdDsa(Box<ed25519_dalek::SigningKey>),
    Rs256(Box<rsa::PrivateKey>),
}

/// What was stored is no private key of the algorithm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotAStoredKey;

impl fmt::Display for NotAStoredKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not a stored private key of this algorithm")
    }
}

impl core::error::Error for NotAStoredKey {}

impl SigningKey {
    /// Makes a key from a seed of 32 random bytes. The same seed makes the same key.
    ///
    /// RSA takes many times as long as the others: it searches for two primes.
    #[must_use]
    pub fn generate(algorithm: SigningAlgorithm, seed: &[u8; 32]) -> Self {
        match algorithm {
            SigningAlgorithm::Es256 => {
                let mut stream = ChaCha20Rng::from_seed(*seed);
                let mut scalar = Zeroizing::new([0; 32]);
                loop {
                    // Not below the order: one time in 2^32 (FIPS 186-5 appendix A.2.2).
                    stream.fill_bytes(&mut *scalar);
                    if let Some(key) = es256::PrivateKey::from_bytes(&*scalar) {
                        return Self::es256(key);
                    }
                }
            }
            SigningAlgorithm::EdDsa => Self::ed_dsa(seed),
            SigningAlgorithm::Rs256 => {
                let mut rng = ChaCha20Rng::from_seed(*seed);
                let key = rsa::PrivateKey::new(&mut rng, RSA_BITS)
                    .expect("2048 bits are allowed and the generator cannot fail");
                Self::rs256(key)
            }
        }
    }

    /// The private key as it is kept in the store: the scalar (ES256) or the seed (EdDSA) of 32
    /// bytes, PKCS#8 (RS256).
    #[must_use]
    pub fn to_stored(&self) -> Zeroizing<Vec<u8>> {
        match &self.secret {
            Secret::Es256(key) => Zeroizing::new(key.to_bytes().to_vec()),
            Secret::EdDsa(key) => Zeroizing::new(key.as_bytes().to_vec()),
            Secret::Rs256(key) => {
                let document = key.to_pkcs8_der().expect("a key of two primes has an encoding");
                document.to_bytes()
            }
        }
    }

    /// The private key as a DER-encoded PKCS#8 document (RFC 5958), for hosts that sign.
    #[must_use]
    pub fn pkcs8(&self) -> &[u8] {
        self.pkcs8.get_or_init(|| self.to_pkcs8())
    }

    /// Its point comes from the public half, which is there: computing it anew is a multiplication on the curve, for each
    /// signature.
    fn to_pkcs8(&self) -> Zeroizing<Vec<u8>> {
        let secret = self.to_stored();
        match &self.public.material {
            Material::Ed25519(_) => der::ed25519_pkcs8(&secret),
            Material::P256(public) => der::ec_pkcs8(Curve::P256, &secret, &public.to_uncompressed()),
            // An RSA key is stored in this form; the other curves sign nothing of ours.
            Material::Rsa(_) | Material::P384(_) | Material::P521(_) => secret,
        }
    }

    /// Reads what [`to_stored`](Self::to_stored) wrote.
    ///
    /// # Errors
    /// [`NotAStoredKey`] for anything else.
    pub fn from_stored(algorithm: SigningAlgorithm, stored: &[u8]) -> Result<Self, NotAStoredKey> {
        match algorithm {
            SigningAlgorithm::Es256 => {
                es256::PrivateKey::from_bytes(stored).map(Self::es256).ok_or(NotAStoredKey)
            }
            SigningAlgorithm::EdDsa => stored.try_into().map(Self::ed_dsa).map_err(|_| NotAStoredKey),
            SigningAlgorithm::Rs256 => {
                rsa::PrivateKey::from_pkcs8_der(stored).map(Self::rs256).map_err(|_| NotAStoredKey)
            }
        }
    }

    /// Signs. The same input gives the same signature, for every algorithm; `random` hides an RSA key from who measures
    /// time, and must be 32 fresh random bytes.
    #[must_use]
    pub fn sign(&self, signing_input: &[u8], random: &[u8; 32]) -> Vec<u8> {
        match &self.secret {
            Secret::Es256(key) => key.sign(signing_input).to_vec(),
            Secret::EdDsa(key) => key.sign(signing_input).to_bytes().to_vec(),
            Secret::Rs256(key) => sign_rs256(key, signing_input, random),
        }
    }

    /// The algorithm of the key.
    #[must_use]
    pub const fn algorithm(&self) -> SigningAlgorithm {
        match self.secret {
            Secret::Es256(_) => SigningAlgorithm::Es256,
            Secret::EdDsa(_) => SigningAlgorithm::EdDsa,
            Secret::Rs256(_) => SigningAlgorithm::Rs256,
        }
    }

    /// How long its signatures are.
    #[must_use]
    pub const fn signature_bytes(&self) -> usize {
        match self.secret {
            Secret::Es256(_) | Secret::EdDsa(_) => 64,
            Secret::Rs256(_) => RSA_BITS / 8,
        }
    }

    /// The key's identifier: the thumbprint of its public half (RFC 7638).
    #[must_use]
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// The public half.
    #[must_use]
    pub const fn public_key(&self) -> &PublicKey {
        &self.public
    }

    /// The public half as a JWK, as our JWKS publishes it (R64).
    #[must_use]
    pub fn public_jwk(&self) -> Value {
        let mut jwk: Object = self.public.jwk_members();
        jwk.insert("kid", self.kid());
        jwk.insert("use", "sig");
        jwk.insert("alg", self.algorithm().name());
        Value::Object(jwk)
    }

    fn new(secret: Secret, material: Material) -> Self {
        let public = PublicKey::of(material);
        let kid = thumbprint(&public);
        Self { secret, public, kid, pkcs8: OnceCell::new() }
    }

    fn es256(key: es256::PrivateKey) -> Self {
        let public = key.public_key();
        Self::new(Secret::Es256(key), Material::P256(public))
    }

    fn ed_dsa(seed: &[u8; 32]) -> Self {
        let key = ed25519_dalek::SigningKey::from_bytes(seed);
        let public = key.verifying_key();
        Self::new(Secret::EdDsa(Box::new(key)), Material::Ed25519(public))
    }

    fn rs256(key: rsa::PrivateKey) -> Self {
        let modulus = key.n().to_be_bytes_trimmed_vartime();
        let exponent = key.e().to_be_bytes_trimmed_vartime();
        let public =
            verify::PublicKey::new(&modulus, be_u64(&exponent)).expect("both are odd in any RSA key");
        Self::new(Secret::Rs256(Box::new(key)), Material::Rsa(Box::new(public)))
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey").field("kid", &self.kid).finish_non_exhaustive()
    }
}

/// Signs with blinding, against timing attacks on the private operation (RUSTSEC-2023-0071): the factors come from a
/// stream of random numbers that an attacker can't foresee. The signature is the same whatever they are.
fn sign_rs256(key: &rsa::PrivateKey, signing_input: &[u8], random: &[u8; 32]) -> Vec<u8> {
    let mut rng = ChaCha20Rng::from_seed(*random);
    key.pkcs1v15_sign_with_rng::<Sha256, _>(&mut rng, signing_input)
        .expect("2048 bits hold a SHA-256 digest and the generator cannot fail")
}

#[cfg(test)]
mod tests;
