//! Signatures in the forms of RFC 7518, and the group orders that hostile ones are made from.

use anyhow::{Result, bail};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P384_SHA384_ASN1_SIGNING, ECDSA_P521_SHA512_ASN1_SIGNING,
    EcdsaKeyPair, RSA_PKCS1_SHA256, RSA_PKCS1_SHA384, RSA_PKCS1_SHA512, RSA_PSS_SHA256, RSA_PSS_SHA384,
    RSA_PSS_SHA512, RsaEncoding,
};
use aws_lc_rs::{hmac, rsa};

use super::{Material, TestKey};

impl TestKey {
    /// Signs with the algorithm of this JOSE name.
    ///
    /// # Errors
    /// The key can't be used with that algorithm.
    pub fn sign(&self, algorithm: &str, message: &[u8]) -> Result<Vec<u8>> {
        match (&self.material, algorithm) {
            (Material::Rsa(pair), name) => match rsa_encoding(name) {
                Some(encoding) => sign_rsa(pair, encoding, message),
                None => bail!("an RSA key does not sign {name}"),
            },
            (Material::WeakRsa(weak), "RS256") => weak.sign_rs256(message),
            (Material::Ec { pair, curve }, name) if name == curve.alg => {
                Ok(pair.sign(&SystemRandom::new(), message)?.as_ref().to_vec())
            }
            (Material::Ed25519(pair), "EdDSA" | "Ed25519") => Ok(pair.sign(message).as_ref().to_vec()),
            (Material::Oct(secret), "HS256") => Ok(hmac_sha256(secret, message)),
            (_, name) => bail!("the key {} does not sign {name}", self.name()),
        }
    }

    /// Signs with the key's own algorithm, the signature as ASN.1 in DER: what OpenSSL makes and JOSE forbids.
    ///
    /// # Errors
    /// The key is not one for ECDSA.
    pub fn sign_der(&self, message: &[u8]) -> Result<Vec<u8>> {
        let algorithm = match self.algorithm() {
            "ES256" => &ECDSA_P256_SHA256_ASN1_SIGNING,
            "ES384" => &ECDSA_P384_SHA384_ASN1_SIGNING,
            "ES512" => &ECDSA_P521_SHA512_ASN1_SIGNING,
            other => bail!("{other} has no form in DER"),
        };
        let pair = EcdsaKeyPair::from_pkcs8(algorithm, &self.private_der()?)?;
        Ok(pair.sign(&SystemRandom::new(), message)?.as_ref().to_vec())
    }

    /// The order of the group that the key's curve has, big-endian, as long as `r` and `s`.
    ///
    /// # Errors
    /// The key is not one for ECDSA.
    pub fn group_order(&self) -> Result<Vec<u8>> {
        let hex = match self.algorithm() {
            "ES256" => "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551".to_owned(),
            "ES384" => {
                let low = "c7634d81f4372ddf581a0db248b0a77aecec196accc52973";
                format!("{}{low}", "f".repeat(48))
            }
            "ES512" => {
                let low = "fa51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409";
                format!("01{}{low}", "f".repeat(64))
            }
            other => bail!("{other} has no group order"),
        };
        unhex(&hex)
    }
}

/// HMAC with SHA-256, whatever the key is: for algorithm confusion.
pub fn hmac_sha256(secret: &[u8], message: &[u8]) -> Vec<u8> {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), message).as_ref().to_vec()
}

fn rsa_encoding(algorithm: &str) -> Option<&'static dyn RsaEncoding> {
    Some(match algorithm {
        "RS256" => &RSA_PKCS1_SHA256,
        "RS384" => &RSA_PKCS1_SHA384,
        "RS512" => &RSA_PKCS1_SHA512,
        "PS256" => &RSA_PSS_SHA256,
        "PS384" => &RSA_PSS_SHA384,
        "PS512" => &RSA_PSS_SHA512,
        _ => return None,
    })
}

fn sign_rsa(pair: &rsa::KeyPair, encoding: &'static dyn RsaEncoding, message: &[u8]) -> Result<Vec<u8>> {
    let mut signature = vec![0; pair.public_modulus_len()];
    pair.sign(encoding, &SystemRandom::new(), message, &mut signature)?;
    Ok(signature)
}

pub(crate) fn unhex(hex: &str) -> Result<Vec<u8>> {
    let digits = hex.as_bytes().chunks(2).map(|pair| Ok(u8::from_str_radix(std::str::from_utf8(pair)?, 16)?));
    digits.collect()
}
