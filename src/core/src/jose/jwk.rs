//! JWK and JWK sets, of which only keys that can verify an assertion are kept (RFC 7517; R31, R53).

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use super::algorithm::Algorithm;
use super::json::{self, JsonError, Object, Value};
pub use super::public_key::{Components, Curve, PublicKey};
use super::{base64url, digest};

/// How many keys a set may hold.
pub const MAX_KEYS: usize = 100;

/// A key of an issuer that can verify its assertions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerificationKey {
    /// The `kid` member.
    pub kid: Option<String>,
    /// The `alg` member: the only algorithm the key may be used with.
    pub algorithm: Option<Algorithm>,
    /// When the certificate it came from is valid.
    pub validity: Option<Validity>,
    /// The key itself.
    pub material: PublicKey,
}

/// When a certificate is valid; both ends belong to it (RFC 5280 section 4.1.2.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Validity {
    /// The first second, counted from 1970.
    pub not_before: u64,
    /// The last second, counted from 1970.
    pub not_after: u64,
}

impl Validity {
    /// Whether the certificate is valid at `now`, in seconds since 1970 (R47).
    #[must_use]
    pub const fn contains(self, now: u64) -> bool {
        self.not_before <= now && now <= self.not_after
    }
}

impl VerificationKey {
    /// Whether the key may verify signatures of this algorithm: it fits the type and curve, and
    /// the key's own `alg` where it has one (R31).
    #[must_use]
    pub fn fits(&self, algorithm: Algorithm) -> bool {
        self.material.algorithms().contains(&algorithm) && self.algorithm.is_none_or(|only| only == algorithm)
    }

    /// Whether the key may be used at `now`, in seconds since 1970 (R47).
    #[must_use]
    pub fn valid_at(&self, now: u64) -> bool {
        self.validity.is_none_or(|validity| validity.contains(now))
    }
}

/// The usable keys of a JWK set.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct JwkSet {
    /// The usable keys, in order.
    pub keys: Vec<VerificationKey>,
    /// The others: the index in `keys` of the document, and why (R53).
    pub skipped: Vec<(usize, KeyProblem)>,
}

/// Why a document is not a JWK set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JwkSetError {
    /// Not a strict JSON object.
    NotJson(JsonError),
    /// No array `keys`.
    NoKeys,
    /// More than [`MAX_KEYS`].
    TooManyKeys,
}

/// Why a key is not used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyProblem {
    /// The element of `keys` is not an object.
    NotAnObject,
    /// A member is missing.
    Missing(&'static str),
    /// A member has the wrong type, encoding or length.
    Malformed(&'static str),
    /// `kty` is none that an algorithm here uses.
    UnknownType,
    /// `crv` is none that an algorithm here uses.
    UnknownCurve,
    /// A symmetric key (`oct`).
    Symmetric,
    /// A private key.
    Private,
    /// `use` is not `sig`.
    NotForSignatures,
    /// `key_ops` lacks `verify`.
    NotForVerification,
    /// `alg` does not fit the type and curve, or is unknown.
    AlgorithmMismatch,
    /// An RSA modulus below 2048 bits.
    RsaTooSmall,
    /// An RSA modulus above 8192 bits.
    RsaTooLarge,
    /// An RSA exponent that is even, below 65537 or above 2^33.
    RsaExponent,
    /// An RSA modulus whose primes can be guessed (CVE-2017-15361).
    RsaGuessable,
    /// Not a point of the curve, or one of small order.
    NotOnCurve,
}

impl JwkSet {
    /// Reads a JWK set document. Keys that cannot be used are skipped, not fatal (R53).
    ///
    /// # Errors
    /// Why the document as a whole is no JWK set.
    pub fn parse(document: &[u8]) -> Result<Self, JwkSetError> {
        Self::from_object(&json::parse_object(document).map_err(JwkSetError::NotJson)?)
    }

    /// As [`parse`](Self::parse), of a document that was already read.
    ///
    /// # Errors
    /// Why the document as a whole is no JWK set.
    pub fn from_object(document: &Object) -> Result<Self, JwkSetError> {
        let Some(Value::Array(elements)) = document.get("keys") else {
            return Err(JwkSetError::NoKeys);
        };
        if elements.len() > MAX_KEYS {
            return Err(JwkSetError::TooManyKeys);
        }
        let mut set = Self::default();
        for (index, element) in elements.iter().enumerate() {
            let key = element.as_object().ok_or(KeyProblem::NotAnObject);
            match key.and_then(VerificationKey::from_jwk) {
                Ok(key) => set.keys.push(key),
                Err(problem) => set.skipped.push((index, problem)),
            }
        }
        Ok(set)
    }
}

impl VerificationKey {
    /// Reads a JWK. `x5c`, `x5u` and members that are not known are ignored.
    ///
    /// # Errors
    /// Why the key cannot verify assertions.
    pub fn from_jwk(jwk: &Object) -> Result<Self, KeyProblem> {
        let kty = string(jwk, "kty")?.ok_or(KeyProblem::Missing("kty"))?;
        if kty == "oct" {
            return Err(KeyProblem::Symmetric);
        }
        if ["d", "p", "q", "dp", "dq", "qi", "oth", "k"].iter().any(|name| jwk.get(name).is_some()) {
            return Err(KeyProblem::Private);
        }
        for_verification(jwk)?;
        let material = match kty {
            "RSA" => PublicKey::from_rsa(&bytes(jwk, "n")?, &bytes(jwk, "e")?)?,
            "EC" => {
                let curve = string(jwk, "crv")?.ok_or(KeyProblem::Missing("crv"))?;
                let curve = Curve::from_name(curve).ok_or(KeyProblem::UnknownCurve)?;
                PublicKey::from_ec(curve, &bytes(jwk, "x")?, &bytes(jwk, "y")?)?
            }
            "OKP" => match string(jwk, "crv")?.ok_or(KeyProblem::Missing("crv"))? {
                "Ed25519" => PublicKey::from_ed25519(&bytes(jwk, "x")?)?,
                _ => return Err(KeyProblem::UnknownCurve),
            },
            _ => return Err(KeyProblem::UnknownType),
        };
        let algorithm = match string(jwk, "alg")? {
            None => None,
            Some(name) => Some(
                Algorithm::from_name(name)
                    .filter(|algorithm| material.algorithms().contains(algorithm))
                    .ok_or(KeyProblem::AlgorithmMismatch)?,
            ),
        };
        let kid = string(jwk, "kid")?.map(String::from);
        Ok(Self { kid, algorithm, validity: None, material })
    }
}

/// `use` and `key_ops` (RFC 7517 sections 4.2 and 4.3; R47).
fn for_verification(jwk: &Object) -> Result<(), KeyProblem> {
    if string(jwk, "use")?.is_some_and(|purpose| purpose != "sig") {
        return Err(KeyProblem::NotForSignatures);
    }
    match jwk.get("key_ops") {
        None => Ok(()),
        Some(Value::Array(operations)) => {
            if operations.iter().any(|operation| operation.as_str() == Some("verify")) {
                Ok(())
            } else {
                Err(KeyProblem::NotForVerification)
            }
        }
        Some(_) => Err(KeyProblem::Malformed("key_ops")),
    }
}

fn string<'a>(jwk: &'a Object, name: &'static str) -> Result<Option<&'a str>, KeyProblem> {
    jwk.get(name).map(|value| value.as_str().ok_or(KeyProblem::Malformed(name))).transpose()
}

fn bytes(jwk: &Object, name: &'static str) -> Result<Vec<u8>, KeyProblem> {
    let text = string(jwk, name)?.ok_or(KeyProblem::Missing(name))?;
    base64url::decode(text).map_err(|_| KeyProblem::Malformed(name))
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
    digest::sha256_base64url(format!("{}", Value::Object(key.jwk_members())).as_bytes())
}

impl fmt::Display for JwkSetError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotJson(error) => error.fmt(f),
            Self::NoKeys => f.write_str("not a JWK set: there is no array keys"),
            Self::TooManyKeys => write!(f, "more than {MAX_KEYS} keys"),
        }
    }
}

impl core::error::Error for JwkSetError {}

impl fmt::Display for KeyProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAnObject => f.write_str("not a JSON object"),
            Self::Missing(name) => write!(f, "{name} is missing"),
            Self::Malformed(name) => write!(f, "{name} is malformed"),
            Self::UnknownType => f.write_str("the key type is not supported"),
            Self::UnknownCurve => f.write_str("the curve is not supported"),
            Self::Symmetric => f.write_str("a symmetric key never verifies an assertion"),
            Self::Private => f.write_str("a private key; register the public one"),
            Self::NotForSignatures => f.write_str("use is not sig"),
            Self::NotForVerification => f.write_str("key_ops lacks verify"),
            Self::AlgorithmMismatch => f.write_str("alg does not fit the key type"),
            Self::RsaTooSmall => f.write_str("RSA below 2048 bits"),
            Self::RsaTooLarge => f.write_str("RSA above 8192 bits"),
            Self::RsaExponent => f.write_str("an unsafe RSA exponent"),
            Self::RsaGuessable => f.write_str("an RSA modulus with the ROCA weakness"),
            Self::NotOnCurve => f.write_str("not a valid point of the curve"),
        }
    }
}

impl core::error::Error for KeyProblem {}

#[cfg(test)]
mod tests;
