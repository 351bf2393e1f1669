//! Test keys, made when they are first asked for and then the same for the whole run.
//!
//! A key is named by its kind, and where one of a kind is not enough by a label behind a slash: `es256`,
//! `es256/other`. Its `kid` is its name. Good keys come from aws-lc-rs; weak ones, which aws-lc-rs refuses
//! to make, from the `openssl` command or by hand.

mod certificate;
mod jwk;
mod sign;
mod weak;

pub use sign::hmac_sha256;

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use anyhow::{Context as _, Result, bail};
use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::rsa::{self, KeySize};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P256K1_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING,
    ECDSA_P521_SHA512_FIXED_SIGNING, EcdsaKeyPair, EcdsaSigningAlgorithm, Ed25519KeyPair, KeyPair as _,
};

/// A key of a third party: what it signs with, and what it publishes.
pub struct TestKey {
    name: String,
    material: Material,
}

enum Material {
    Rsa(rsa::KeyPair),
    Ec { pair: EcdsaKeyPair, curve: Curve },
    Ed25519(Ed25519KeyPair),
    WeakRsa(weak::WeakRsa),
    Oct(Vec<u8>),
}

/// A curve with the names that JOSE has for it.
#[derive(Clone, Copy)]
struct Curve {
    crv: &'static str,
    alg: &'static str,
    field_bytes: usize,
    signing: &'static EcdsaSigningAlgorithm,
}

const P256: Curve =
    Curve { crv: "P-256", alg: "ES256", field_bytes: 32, signing: &ECDSA_P256_SHA256_FIXED_SIGNING };
const P384: Curve =
    Curve { crv: "P-384", alg: "ES384", field_bytes: 48, signing: &ECDSA_P384_SHA384_FIXED_SIGNING };
const P521: Curve =
    Curve { crv: "P-521", alg: "ES512", field_bytes: 66, signing: &ECDSA_P521_SHA512_FIXED_SIGNING };
const P256K: Curve =
    Curve { crv: "secp256k1", alg: "ES256K", field_bytes: 32, signing: &ECDSA_P256K1_SHA256_FIXED_SIGNING };

/// The key of this name.
///
/// # Errors
/// There is no kind of key by that name, or it can't be made here.
pub fn key(name: &str) -> Result<Arc<TestKey>> {
    static KEYS: LazyLock<Mutex<HashMap<String, Arc<TestKey>>>> = LazyLock::new(Mutex::default);
    let mut keys = KEYS.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = keys.get(name) {
        return Ok(known.clone());
    }
    let made = TestKey::generate(name).with_context(|| format!("test key {name:?}"))?;
    let made = Arc::new(made);
    keys.insert(name.to_owned(), made.clone());
    Ok(made)
}

impl TestKey {
    fn generate(name: &str) -> Result<Self> {
        let kind = name.split_once('/').map_or(name, |(kind, _)| kind);
        let rsa = |size| rsa::KeyPair::generate(size).map(Material::Rsa);
        let ec =
            |curve: Curve| EcdsaKeyPair::generate(curve.signing).map(|pair| Material::Ec { pair, curve });
        let material = match kind {
            "rsa" => rsa(KeySize::Rsa2048)?,
            "rsa-4096" => rsa(KeySize::Rsa4096)?,
            "es256" => ec(P256)?,
            "es384" => ec(P384)?,
            "es512" => ec(P521)?,
            "es256k" => ec(P256K)?,
            "ed25519" => Material::Ed25519(Ed25519KeyPair::generate()?),
            "oct" => Material::Oct(b"a secret that both sides know, of more than 32 bytes".to_vec()),
            other => match weak::WeakRsa::generate(other)? {
                Some(weak) => Material::WeakRsa(weak),
                None => bail!("no such kind of key"),
            },
        };
        Ok(Self { name: name.to_owned(), material })
    }

    /// Its name, which is also its `kid`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The algorithm that the key signs with where nothing else is asked for.
    pub fn algorithm(&self) -> &'static str {
        match &self.material {
            Material::Rsa(_) | Material::WeakRsa(_) => "RS256",
            Material::Ec { curve, .. } => curve.alg,
            Material::Ed25519(_) => "EdDSA",
            Material::Oct(_) => "HS256",
        }
    }

    /// The public key in DER (SubjectPublicKeyInfo).
    ///
    /// # Errors
    /// A symmetric key has no public part.
    pub fn public_der(&self) -> Result<Vec<u8>> {
        let der: PublicKeyX509Der<'_> = match &self.material {
            Material::Rsa(pair) => pair.public_key().as_der()?,
            Material::Ec { pair, .. } => pair.public_key().as_der()?,
            Material::Ed25519(pair) => pair.public_key().as_der()?,
            Material::WeakRsa(weak) => return weak.public_der(),
            Material::Oct(_) => bail!("{} has no public part", self.name),
        };
        Ok(der.as_ref().to_vec())
    }

    /// The private key in PKCS#8.
    ///
    /// # Errors
    /// Weak and symmetric keys are not available in that form.
    pub fn private_der(&self) -> Result<Vec<u8>> {
        Ok(match &self.material {
            Material::Rsa(pair) => AsDer::<Pkcs8V1Der<'_>>::as_der(pair)?.as_ref().to_vec(),
            Material::Ec { pair, .. } => pair.to_pkcs8v1()?.as_ref().to_vec(),
            Material::Ed25519(pair) => pair.to_pkcs8v1()?.as_ref().to_vec(),
            Material::WeakRsa(_) | Material::Oct(_) => bail!("{} is not available as PKCS#8", self.name),
        })
    }

    /// The public key in PEM, as a person would paste it.
    ///
    /// # Errors
    /// As [`public_der`](Self::public_der).
    pub fn public_pem(&self) -> Result<String> {
        Ok(pem("PUBLIC KEY", &self.public_der()?))
    }

    /// The private key in PEM, which a person might paste by mistake.
    ///
    /// # Errors
    /// As [`private_der`](Self::private_der).
    pub fn private_pem(&self) -> Result<String> {
        Ok(pem("PRIVATE KEY", &self.private_der()?))
    }
}

fn pem(label: &str, der: &[u8]) -> String {
    use base64::Engine as _;
    let body = base64::engine::general_purpose::STANDARD.encode(der);
    let mut text = format!("-----BEGIN {label}-----\n");
    for line in body.as_bytes().chunks(64) {
        text.push_str(&String::from_utf8_lossy(line));
        text.push('\n');
    }
    text.push_str(&format!("-----END {label}-----\n"));
    text
}
