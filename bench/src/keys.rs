//! Key pairs of issuers, made and used natively by aws-lc.

use anyhow::{Result, anyhow};
use aws_lc_rs::encoding::{AsBigEndian, EcPrivateKeyBin};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    self, EcdsaKeyPair, EcdsaSigningAlgorithm, Ed25519KeyPair, KeyPair as _, ParsedPublicKey, RsaEncoding,
    RsaKeyPair, VerificationAlgorithm,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

/// A signature algorithm that assertions come in with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// RSASSA-PKCS1-v1_5, 2048 bits.
    Rs256,
    /// RSASSA-PSS, 2048 bits.
    Ps256,
    /// ECDSA on P-256.
    Es256,
    /// ECDSA on P-384.
    Es384,
    /// ECDSA on P-521.
    Es512,
    /// Ed25519.
    EdDsa,
}

impl Algorithm {
    /// In the order of the table.
    pub const ALL: [Self; 6] = [Self::Rs256, Self::Ps256, Self::Es256, Self::Es384, Self::Es512, Self::EdDsa];

    /// The name in an `alg` member.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            Self::Ps256 => "PS256",
            Self::Es256 => "ES256",
            Self::Es384 => "ES384",
            Self::Es512 => "ES512",
            Self::EdDsa => "EdDSA",
        }
    }

    /// Whether the endpoint can sign access tokens with it.
    pub const fn signs_tokens(self) -> bool {
        matches!(self, Self::Rs256 | Self::Es256 | Self::EdDsa)
    }

    fn verification(self) -> &'static dyn VerificationAlgorithm {
        match self {
            Self::Rs256 => &signature::RSA_PKCS1_2048_8192_SHA256,
            Self::Ps256 => &signature::RSA_PSS_2048_8192_SHA256,
            Self::Es256 => &signature::ECDSA_P256_SHA256_FIXED,
            Self::Es384 => &signature::ECDSA_P384_SHA384_FIXED,
            Self::Es512 => &signature::ECDSA_P521_SHA512_FIXED,
            Self::EdDsa => &signature::ED25519,
        }
    }
}

/// The key pair of an issuer.
pub struct IssuerKey {
    algorithm: Algorithm,
    pair: Pair,
    random: SystemRandom,
}

enum Pair {
    Rsa(RsaKeyPair, &'static dyn RsaEncoding),
    Ec(EcdsaKeyPair, &'static str),
    Ed25519(Ed25519KeyPair),
}

impl IssuerKey {
    /// Makes a key pair.
    pub fn generate(algorithm: Algorithm) -> Result<Self> {
        let rsa =
            |encoding| Ok::<_, anyhow::Error>(Pair::Rsa(RsaKeyPair::generate(KeySize::Rsa2048)?, encoding));
        let ec = |algorithm: &'static EcdsaSigningAlgorithm, curve| {
            Ok::<_, anyhow::Error>(Pair::Ec(EcdsaKeyPair::generate(algorithm)?, curve))
        };
        let pair = match algorithm {
            Algorithm::Rs256 => rsa(&signature::RSA_PKCS1_SHA256)?,
            Algorithm::Ps256 => rsa(&signature::RSA_PSS_SHA256)?,
            Algorithm::Es256 => ec(&signature::ECDSA_P256_SHA256_FIXED_SIGNING, "P-256")?,
            Algorithm::Es384 => ec(&signature::ECDSA_P384_SHA384_FIXED_SIGNING, "P-384")?,
            Algorithm::Es512 => ec(&signature::ECDSA_P521_SHA512_FIXED_SIGNING, "P-521")?,
            Algorithm::EdDsa => Pair::Ed25519(Ed25519KeyPair::generate()?),
        };
        Ok(Self { algorithm, pair, random: SystemRandom::new() })
    }

    /// The algorithm that the key pair is for.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The identifier of the key in its JWK set.
    pub fn kid(&self) -> String {
        format!("bench-{}", self.algorithm.name().to_lowercase())
    }

    /// Signs, in the form of RFC 7518 section 3.
    pub fn sign(&self, text: &[u8]) -> Result<Vec<u8>> {
        Ok(match &self.pair {
            Pair::Rsa(pair, encoding) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(*encoding, &self.random, text, &mut signature)?;
                signature
            }
            Pair::Ec(pair, _) => pair.sign(&self.random, text)?.as_ref().to_vec(),
            Pair::Ed25519(pair) => pair.sign(text).as_ref().to_vec(),
        })
    }

    /// The public key, parsed once, as a careful native program keeps it.
    pub fn native_verifier(&self) -> Result<ParsedPublicKey> {
        ParsedPublicKey::new(self.algorithm.verification(), self.public_key())
            .map_err(|error| anyhow!("{error}"))
    }

    /// The public key as a JWK with `kid` and `alg`.
    pub fn jwk(&self) -> Value {
        let encode = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        let mut jwk = match &self.pair {
            Pair::Rsa(pair, _) => {
                let key = pair.public_key();
                json!({
                    "kty": "RSA",
                    "n": encode(key.modulus().big_endian_without_leading_zero()),
                    "e": encode(key.exponent().big_endian_without_leading_zero()),
                })
            }
            Pair::Ec(pair, curve) => {
                // SEC 1 section 2.3.3: a byte that says "uncompressed", then both coordinates.
                let point = &pair.public_key().as_ref()[1..];
                let (x, y) = point.split_at(point.len() / 2);
                json!({ "kty": "EC", "crv": curve, "x": encode(x), "y": encode(y) })
            }
            Pair::Ed25519(pair) => {
                json!({ "kty": "OKP", "crv": "Ed25519", "x": encode(pair.public_key().as_ref()) })
            }
        };
        jwk["kid"] = self.kid().into();
        jwk["alg"] = self.algorithm.name().into();
        jwk["use"] = "sig".into();
        jwk
    }

    /// The private key in the form in which the endpoint stores its own (scalar, seed, PKCS#8), where it
    /// signs with the algorithm at all.
    pub fn stored_private_key(&self) -> Result<Option<Vec<u8>>> {
        use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
        if !self.algorithm.signs_tokens() {
            return Ok(None);
        }
        Ok(Some(match &self.pair {
            Pair::Rsa(pair, _) => AsDer::<Pkcs8V1Der<'_>>::as_der(pair)?.as_ref().to_vec(),
            Pair::Ec(pair, _) => {
                AsBigEndian::<EcPrivateKeyBin<'_>>::as_be_bytes(&pair.private_key())?.as_ref().to_vec()
            }
            Pair::Ed25519(pair) => {
                let seed = pair.seed()?;
                AsBigEndian::<aws_lc_rs::encoding::Curve25519SeedBin<'_>>::as_be_bytes(&seed)?
                    .as_ref()
                    .to_vec()
            }
        }))
    }

    fn public_key(&self) -> &[u8] {
        match &self.pair {
            Pair::Rsa(pair, _) => pair.public_key().as_ref(),
            Pair::Ec(pair, _) => pair.public_key().as_ref(),
            Pair::Ed25519(pair) => pair.public_key().as_ref(),
        }
    }
}
