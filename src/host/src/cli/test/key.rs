//! Keys that last as long as the test: they stand in for those of the issuers, whose private halves nobody here has.

use aws_lc_rs::encoding::{AsDer as _, PublicKeyX509Der};
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, ECDSA_P521_SHA512_FIXED_SIGNING,
    EcdsaKeyPair, EcdsaSigningAlgorithm, Ed25519KeyPair, KeyPair as _, RSA_PKCS1_SHA256, RSA_PKCS1_SHA384,
    RSA_PKCS1_SHA512, RSA_PSS_SHA256, RSA_PSS_SHA384, RSA_PSS_SHA512, RsaEncoding, RsaKeyPair,
};
use jwt_simple::reexports::ct_codecs::{Base64, Base64UrlSafeNoPadding, Encoder as _};

use crate::cli::failure::Failure;

/// What a key can sign with, the cheapest first (RFC 7518 section 3.1, RFC 8037 section 3.1).
pub(super) const ALGORITHMS: [&str; 10] =
    ["ES256", "EdDSA", "ES384", "ES512", "PS256", "PS384", "PS512", "RS256", "RS384", "RS512"];

/// A key pair for one algorithm.
pub(super) struct Key {
    pair: Pair,
    public_pem: String,
}

enum Pair {
    Ec(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
    Rsa(RsaKeyPair, &'static dyn RsaEncoding),
}

impl Key {
    /// A new key for one of [`ALGORITHMS`].
    pub(super) fn generate(algorithm: &str) -> Result<Self, Failure> {
        made(algorithm).map_err(|Unspecified| Failure::invalid(algorithm, "no key can be made for it"))
    }

    /// The public half in PEM: what an issuer is registered with.
    pub(super) fn public_pem(&self) -> &str {
        &self.public_pem
    }

    /// A compact JWS (RFC 7515 section 7.1) of these bytes, which are signed as they are: a test may want what no library
    /// would sign.
    pub(super) fn sign(&self, header: &[u8], payload: &[u8]) -> Result<String, Failure> {
        let signing_input = format!("{}.{}", base64url(header)?, base64url(payload)?);
        let signature = self.signature(signing_input.as_bytes());
        let signature =
            signature.map_err(|Unspecified| Failure::invalid("the assertion", "can't be signed"))?;
        Ok(format!("{signing_input}.{}", base64url(&signature)?))
    }

    fn signature(&self, message: &[u8]) -> Result<Vec<u8>, Unspecified> {
        let random = SystemRandom::new();
        Ok(match &self.pair {
            Pair::Ec(key) => key.sign(&random, message)?.as_ref().to_vec(),
            Pair::Ed25519(key) => key.sign(message).as_ref().to_vec(),
            Pair::Rsa(key, encoding) => {
                let mut signature = vec![0; key.public_modulus_len()];
                key.sign(*encoding, &random, message, &mut signature)?;
                signature
            }
        })
    }
}

fn made(algorithm: &str) -> Result<Key, Unspecified> {
    let ec = |algorithm: &'static EcdsaSigningAlgorithm| -> Result<_, Unspecified> {
        let pair = EcdsaKeyPair::generate(algorithm)?;
        let public: PublicKeyX509Der<'_> = pair.public_key().as_der()?;
        let pem = pem(public.as_ref())?;
        Ok((Pair::Ec(pair), pem))
    };
    let rsa = |encoding: &'static dyn RsaEncoding| -> Result<_, Unspecified> {
        let pair = RsaKeyPair::generate(KeySize::Rsa2048)?;
        let public: PublicKeyX509Der<'_> = pair.public_key().as_der()?;
        let pem = pem(public.as_ref())?;
        Ok((Pair::Rsa(pair, encoding), pem))
    };
    let (pair, public_pem) = match algorithm {
        "ES256" => ec(&ECDSA_P256_SHA256_FIXED_SIGNING)?,
        "ES384" => ec(&ECDSA_P384_SHA384_FIXED_SIGNING)?,
        "ES512" => ec(&ECDSA_P521_SHA512_FIXED_SIGNING)?,
        "EdDSA" => {
            let pair = Ed25519KeyPair::generate()?;
            let public: PublicKeyX509Der<'_> = pair.public_key().as_der()?;
            let pem = pem(public.as_ref())?;
            (Pair::Ed25519(pair), pem)
        }
        "PS256" => rsa(&RSA_PSS_SHA256)?,
        "PS384" => rsa(&RSA_PSS_SHA384)?,
        "PS512" => rsa(&RSA_PSS_SHA512)?,
        "RS256" => rsa(&RSA_PKCS1_SHA256)?,
        "RS384" => rsa(&RSA_PKCS1_SHA384)?,
        "RS512" => rsa(&RSA_PKCS1_SHA512)?,
        _ => return Err(Unspecified),
    };
    Ok(Key { pair, public_pem })
}

/// A SubjectPublicKeyInfo in PEM (RFC 7468 section 13).
fn pem(der: &[u8]) -> Result<String, Unspecified> {
    let text = Base64::encode_to_string(der).map_err(|_| Unspecified)?;
    let mut pem = "-----BEGIN PUBLIC KEY-----\n".to_owned();
    for (index, character) in text.chars().enumerate() {
        if index > 0 && index % 64 == 0 {
            pem.push('\n');
        }
        pem.push(character);
    }
    pem.push_str("\n-----END PUBLIC KEY-----\n");
    Ok(pem)
}

fn base64url(bytes: &[u8]) -> Result<String, Failure> {
    Base64UrlSafeNoPadding::encode_to_string(bytes).map_err(|error| Failure::invalid("the assertion", error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_algorithm_has_a_key_that_signs() {
        for algorithm in ALGORITHMS {
            let key = Key::generate(algorithm).unwrap();
            assert!(key.public_pem().starts_with("-----BEGIN PUBLIC KEY-----\nM"), "{algorithm}");
            let signed = key.sign(b"{}", b"{\"a\":1}").unwrap();
            assert!(signed.starts_with("e30.eyJhIjoxfQ."), "{algorithm}: {signed}");
        }
        assert!(Key::generate("HS256").is_err());
    }
}
