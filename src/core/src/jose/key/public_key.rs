//! A public key, checked and parsed once.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;
use core::cell::OnceCell;
use core::fmt;

use super::curve::Curve;
use super::problem::KeyProblem;
use super::{der, roca};
use crate::jose::algorithm::Algorithm;
use crate::jose::signatures::{es256, rsa};
use crate::jose::{base64url, digest};
use crate::json::{Object, Value};

/// The smallest RSA modulus that is accepted, in bits (RFC 7518 section 3.3; R31).
const MIN_RSA_BITS: usize = 2048;
/// The largest RSA modulus that is accepted, in bits: a larger one makes a single verification
/// take long enough to hurt other requests (R31).
const MAX_RSA_BITS: usize = 8192;
/// The smallest RSA exponent that is accepted (FIPS 186-5 section 5.1: above 2^16; R31).
const MIN_RSA_EXPONENT: u64 = 65_537;
/// The largest RSA exponent that is accepted, as in other libraries: a longer one makes each verification take longer,
/// and no key needs it (R31).
const MAX_RSA_EXPONENT: u64 = (1 << 33) - 1;

/// A public key of a type that an [`Algorithm`] uses. It can only be made from values that are
/// right: strong enough, on the curve, of the right length.
#[derive(Clone)]
pub struct PublicKey {
    pub(in crate::jose) material: Material,
    /// Made when it is first asked for: a host that verifies is told the key with each signature.
    spki: OnceCell<Vec<u8>>,
}

/// What [`Portable`](crate::jose::Portable) computes with.
#[derive(Clone)]
pub(in crate::jose) enum Material {
    Rsa(Box<rsa::PublicKey>),
    P256(es256::PublicKey),
    P384(asserta_es384::PublicKey),
    P521(p521::ecdsa::VerifyingKey),
    Ed25519(ed25519_dalek::VerifyingKey),
}

/// The numbers of a public key, for other implementations than
/// [`Portable`](crate::jose::Portable).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Components {
    /// RSA; both are big-endian without leading zeros.
    Rsa {
        /// The modulus.
        n: Vec<u8>,
        /// The exponent.
        e: Vec<u8>,
    },
    /// A point on a NIST curve; both are big-endian and as long as the field.
    Ec {
        /// The curve.
        curve: Curve,
        /// The x coordinate.
        x: Vec<u8>,
        /// The y coordinate.
        y: Vec<u8>,
    },
    /// Ed25519.
    Ed25519 {
        /// The encoded point (RFC 8032 section 5.1.2).
        x: [u8; 32],
    },
}

impl Material {
    /// As a DER-encoded SubjectPublicKeyInfo.
    fn spki(&self) -> Vec<u8> {
        match self {
            Self::Rsa(key) => der::rsa_spki(&key.modulus(), &key.exponent().to_be_bytes()),
            Self::P256(key) => der::ec_spki(Curve::P256, &key.to_uncompressed()),
            Self::P384(key) => der::ec_spki(Curve::P384, &key.to_uncompressed()),
            Self::P521(key) => der::ec_spki(Curve::P521, key.to_sec1_point(false).as_bytes()),
            Self::Ed25519(key) => der::ed25519_spki(key.as_bytes()),
        }
    }
}

impl PublicKey {
    pub(super) const fn of(material: Material) -> Self {
        Self { material, spki: OnceCell::new() }
    }

    /// An RSA key from its modulus and exponent, big-endian.
    ///
    /// # Errors
    /// A modulus below 2048 or above 8192 bits, even, or of guessable primes; an exponent that is
    /// even, below 65537 or above 2^33 (R31).
    pub fn from_rsa(n: &[u8], e: &[u8]) -> Result<Self, KeyProblem> {
        Self::from_checked_rsa(n, e, MAX_RSA_BITS, rsa::PublicKey::new)
    }

    /// As [`from_rsa`](Self::from_rsa), up to 4096 bits.
    ///
    /// # Errors
    /// As there.
    pub(super) fn from_rsa_up_to_4096_bits(n: &[u8], e: &[u8]) -> Result<Self, KeyProblem> {
        Self::from_checked_rsa(n, e, 4096, rsa::PublicKey::up_to_4096_bits)
    }

    fn from_checked_rsa(
        n: &[u8],
        e: &[u8],
        max_bits: usize,
        make: fn(&[u8], u64) -> Option<rsa::PublicKey>,
    ) -> Result<Self, KeyProblem> {
        let (n, e) = (without_leading_zeros(n), without_leading_zeros(e));
        let bits = n.len() * 8 - n.first().map_or(0, |byte| byte.leading_zeros() as usize);
        if bits < MIN_RSA_BITS {
            return Err(KeyProblem::RsaTooSmall);
        }
        if bits > max_bits {
            return Err(KeyProblem::RsaTooLarge);
        }
        if e.len() > 8
            || !(MIN_RSA_EXPONENT..=MAX_RSA_EXPONENT).contains(&be_u64(e))
            || be_u64(e).is_multiple_of(2)
        {
            return Err(KeyProblem::RsaExponent);
        }
        if roca::has_fingerprint(n) {
            return Err(KeyProblem::RsaGuessable);
        }
        let key = make(n, be_u64(e)).ok_or(KeyProblem::RsaEvenModulus)?;
        Ok(Self::of(Material::Rsa(Box::new(key))))
    }

    /// A point of a NIST curve from its coordinates, each as long as the field.
    ///
    /// # Errors
    /// A coordinate of another length; a point that is not on the curve.
    pub fn from_ec(curve: Curve, x: &[u8], y: &[u8]) -> Result<Self, KeyProblem> {
        for (name, coordinate) in [("x", x), ("y", y)] {
            if coordinate.len() != curve.field_bytes() {
                let (found, wanted) = (coordinate.len(), curve.field_bytes());
                return Err(KeyProblem::Length { name, found, wanted });
            }
        }
        let mut point = vec![4];
        point.extend_from_slice(x);
        point.extend_from_slice(y);
        Self::from_sec1(curve, &point)
    }

    /// A point of a NIST curve in the form of SEC 1 section 2.3.3, as X.509 holds it.
    ///
    /// # Errors
    /// [`KeyProblem::NotOnCurve`], also for the point at infinity and a wrong length.
    pub fn from_sec1(curve: Curve, point: &[u8]) -> Result<Self, KeyProblem> {
        match curve {
            Curve::P256 => es256::PublicKey::from_sec1(point).map(Material::P256),
            Curve::P384 => asserta_es384::PublicKey::from_sec1(point).map(Material::P384),
            Curve::P521 => p521::ecdsa::VerifyingKey::from_sec1_bytes(point).ok().map(Material::P521),
        }
        .map(Self::of)
        .ok_or(KeyProblem::NotOnCurve)
    }

    /// An Ed25519 key from its 32 bytes.
    ///
    /// # Errors
    /// Another length; not the one encoding of a point, or a point of small order, for which
    /// signatures mean nothing.
    pub fn from_ed25519(x: &[u8]) -> Result<Self, KeyProblem> {
        let x: &[u8; 32] =
            x.try_into().map_err(|_| KeyProblem::Length { name: "x", found: x.len(), wanted: 32 })?;
        match ed25519_dalek::VerifyingKey::from_bytes(x) {
            Ok(key) if !key.is_weak() && key.to_edwards().compress().as_bytes() == x => {
                Ok(Self::of(Material::Ed25519(key)))
            }
            _ => Err(KeyProblem::NotOnCurve),
        }
    }

    /// The algorithms that fit the type and the curve of the key.
    #[must_use]
    pub const fn algorithms(&self) -> &'static [Algorithm] {
        match &self.material {
            Material::Rsa(_) => &[
                Algorithm::Rs256,
                Algorithm::Rs384,
                Algorithm::Rs512,
                Algorithm::Ps256,
                Algorithm::Ps384,
                Algorithm::Ps512,
            ],
            Material::P256(_) => &[Algorithm::Es256],
            Material::P384(_) => &[Algorithm::Es384],
            Material::P521(_) => &[Algorithm::Es512],
            Material::Ed25519(_) => &[Algorithm::EdDsa],
        }
    }

    /// Whether one verification takes longer than with RSA of 4096 bits and the exponent 65537: a larger modulus, or
    /// a long exponent on top. Few of these may be tried for one assertion.
    #[must_use]
    pub fn is_costly(&self) -> bool {
        // A product takes time as the square of the length, and 65537 takes 18 of them.
        let work = |bits: usize, products: u32| bits.pow(2) * products as usize;
        matches!(&self.material, Material::Rsa(key) if work(key.bits(), key.products()) > work(4096, 18))
    }

    /// The key as a DER-encoded SubjectPublicKeyInfo (RFC 5280 section 4.1.2.7).
    #[must_use]
    pub fn spki(&self) -> &[u8] {
        self.spki.get_or_init(|| self.material.spki())
    }

    /// The numbers of the key.
    #[must_use]
    pub fn components(&self) -> Components {
        match &self.material {
            Material::Rsa(key) => Components::Rsa {
                n: key.modulus(),
                e: without_leading_zeros(&key.exponent().to_be_bytes()).to_vec(),
            },
            Material::P256(key) => ec_components(Curve::P256, &key.to_uncompressed()),
            Material::P384(key) => ec_components(Curve::P384, &key.to_uncompressed()),
            Material::P521(key) => ec_components(Curve::P521, key.to_sec1_point(false).as_bytes()),
            Material::Ed25519(key) => Components::Ed25519 { x: key.to_bytes() },
        }
    }
}

impl PublicKey {
    /// The members of the JWK that make the key, in lexical order (RFC 7638 section 3.2).
    #[must_use]
    pub fn jwk_members(&self) -> Object {
        let encode = |bytes: &[u8]| base64url::encode(bytes);
        match self.components() {
            Components::Rsa { n, e } => {
                [("e", encode(&e)), ("kty", "RSA".into()), ("n", encode(&n))].into_iter().collect()
            }
            Components::Ec { curve, x, y } => {
                [("crv", curve.name().into()), ("kty", "EC".into()), ("x", encode(&x)), ("y", encode(&y))]
                    .into_iter()
                    .collect()
            }
            Components::Ed25519 { x } => {
                [("crv", "Ed25519".into()), ("kty", "OKP".into()), ("x", encode(&x))].into_iter().collect()
            }
        }
    }
}

/// The thumbprint of a key: SHA-256 over its required members, base64url (RFC 7638).
#[must_use]
pub fn thumbprint(key: &PublicKey) -> String {
    digest::sha256_base64url(Value::Object(key.jwk_members()).to_text().as_bytes())
}

impl PartialEq for PublicKey {
    fn eq(&self, other: &Self) -> bool {
        self.components() == other.components()
    }
}

impl Eq for PublicKey {}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.components().fmt(f)
    }
}

fn ec_components(curve: Curve, uncompressed: &[u8]) -> Components {
    let (x, y) = uncompressed[1..].split_at(curve.field_bytes());
    Components::Ec { curve, x: x.to_vec(), y: y.to_vec() }
}

fn without_leading_zeros(bytes: &[u8]) -> &[u8] {
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    &bytes[zeros..]
}

/// At most 8 bytes, big-endian.
pub(super) fn be_u64(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0, |number, byte| number << 8 | u64::from(*byte))
}
