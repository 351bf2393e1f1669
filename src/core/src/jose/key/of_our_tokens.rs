//! The JWK set that we publish, read by who takes our access tokens: keys of the types that we sign with, and no other.

use alloc::string::String;
use alloc::vec::Vec;

use super::curve::Curve;
use super::jwk::{KeyUse, VerificationKey, bytes, for_verification, is_private, string};
use super::problem::{KeyProblem, MAX_KEYS};
use super::public_key::{Material, PublicKey};
use crate::jose::algorithm::Algorithm;
use crate::jose::signatures::es256;
use crate::json::{self, Object, Value};

impl VerificationKey {
    /// The keys of a set of ours that can verify our access tokens, in order. Others are left out (R53); a set that is no
    /// strict JSON has none.
    #[must_use]
    pub fn of_our_set(document: &[u8]) -> Vec<Self> {
        let Ok(set) = json::parse_object(document) else { return Vec::new() };
        let elements = set.get("keys").and_then(Value::as_array).unwrap_or_default();
        let read = |element: &Value| element.as_object().and_then(|jwk| Self::of_our_types(jwk).ok());
        elements.iter().take(MAX_KEYS).filter_map(read).collect()
    }

    /// As [`from_jwk`](Self::from_jwk), for what our access tokens are signed with.
    ///
    /// # Errors
    /// Why the key can't verify them.
    pub fn of_our_types(jwk: &Object) -> Result<Self, KeyProblem> {
        read(jwk)
    }
}

fn read(jwk: &Object) -> Result<VerificationKey, KeyProblem> {
    let member = |name| string(jwk, name)?.ok_or(KeyProblem::Missing(name));
    if is_private(jwk) {
        return Err(KeyProblem::Private);
    }
    for_verification(jwk, KeyUse::Signatures)?;
    let (algorithm, material) = match member("kty")? {
        "EC" if member("crv")? == Curve::P256.name() => (Algorithm::Es256, p256(jwk)?),
        "OKP" if member("crv")? == "Ed25519" => {
            (Algorithm::EdDsa, PublicKey::from_ed25519(&bytes(jwk, "x")?)?)
        }
        "RSA" => {
            let key = PublicKey::from_rsa_up_to_4096_bits(&bytes(jwk, "n")?, &bytes(jwk, "e")?)?;
            (Algorithm::Rs256, key)
        }
        _ => return Err(KeyProblem::UnknownType),
    };
    // One that says nothing may be used with the one algorithm that our tokens have for its type.
    match string(jwk, "alg")? {
        Some(name) if Algorithm::from_name(name) != Some(algorithm) => Err(KeyProblem::AlgorithmMismatch),
        _ => {
            let kid = string(jwk, "kid")?.map(String::from);
            Ok(VerificationKey { kid, algorithm: Some(algorithm), validity: None, material })
        }
    }
}

/// By its curve and not by a name of one: the arithmetic of the others stays out.
fn p256(jwk: &Object) -> Result<PublicKey, KeyProblem> {
    let mut point = Vec::from([4]);
    for name in ["x", "y"] {
        let coordinate = bytes(jwk, name)?;
        if coordinate.len() != 32 {
            return Err(KeyProblem::Length { name, found: coordinate.len(), wanted: 32 });
        }
        point.extend_from_slice(&coordinate);
    }
    es256::PublicKey::from_sec1(&point)
        .map(|key| PublicKey::of(Material::P256(key)))
        .ok_or(KeyProblem::NotOnCurve)
}
