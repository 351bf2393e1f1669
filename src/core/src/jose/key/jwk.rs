//! JWK and JWK sets, of which only keys that can verify an assertion are kept (RFC 7517; R31, R53).

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::curve::Curve;
use super::form::Form;
use super::problem::{KeyPlace, KeyProblem, MAX_KEYS, SkippedKey};
use super::public_key::PublicKey;
use crate::jose::algorithm::Algorithm;
use crate::jose::base64url;
use crate::json::{self, JsonError, Object, Value};

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
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
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

    /// Refuses a key that a registration with these algorithms never uses. `None`: it has none of its own.
    pub(crate) fn check_allowed(&self, allowed: Option<&[Algorithm]>) -> Result<(), KeyProblem> {
        let is_allowed = |allowed: &[Algorithm]| allowed.iter().any(|algorithm| self.fits(*algorithm));
        if allowed.is_none_or(is_allowed) { Ok(()) } else { Err(KeyProblem::NotAllowed) }
    }

    /// Whether the key may be used at `now`, in seconds since 1970 (R47).
    #[must_use]
    pub fn valid_at(&self, now: u64) -> bool {
        self.problem_at(now).is_none()
    }

    /// Why the key may not be used at `now`, in seconds since 1970 (R47).
    #[must_use]
    pub fn problem_at(&self, now: u64) -> Option<KeyProblem> {
        let validity = self.validity?;
        if now < validity.not_before {
            Some(KeyProblem::NotYetValid(validity.not_before))
        } else if validity.not_after < now {
            Some(KeyProblem::Expired(validity.not_after))
        } else {
            None
        }
    }
}

/// What the keys of a set may be for, where they say so by their `use` (RFC 7517 section 4.2; R47).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum KeyUse {
    /// Signatures: `sig`.
    #[default]
    Signatures,
    /// Signatures, and of a SPIFFE bundle JWT-SVIDs: `sig` and `jwt-svid` (JWT-SVID section 6).
    JwtSvids,
}

/// The usable keys of a JWK set.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct JwkSet {
    /// The usable keys, in order.
    pub keys: Vec<VerificationKey>,
    /// The others, and why (R53).
    pub skipped: Vec<SkippedKey>,
}

/// Why a document is not a JWK set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JwkSetError {
    /// Not a strict JSON object.
    NotJson(JsonError),
    /// PEM, HTML or UTF-16.
    OtherForm(Form),
    /// No array `keys`.
    NoKeys,
    /// No array `keys`, but the members of one key.
    SingleKey,
    /// No array `keys`, but the address of a set: metadata of an authorization server.
    Metadata,
}

/// How one JWK becomes a key: [`VerificationKey::from_jwk`], or what reads fewer types.
pub type KeyReader = fn(&Object) -> Result<VerificationKey, KeyProblem>;

/// How an element of a set becomes a key.
pub(super) type Reader<'a> = &'a mut dyn FnMut(&Object) -> Result<VerificationKey, KeyProblem>;

impl JwkSet {
    /// Reads a JWK set document. Keys that cannot be used are skipped, not fatal (R53), also those that are not
    /// strict JSON; of the document around them, only `keys` counts then. A byte order mark is ignored (RFC 8259
    /// section 8.1).
    ///
    /// # Errors
    /// Why the document as a whole is no JWK set.
    pub fn parse(document: &[u8]) -> Result<Self, JwkSetError> {
        Self::parse_for(document, KeyUse::Signatures)
    }

    /// As [`parse`](Self::parse), with keys for this.
    ///
    /// # Errors
    /// Why the document as a whole is no JWK set.
    pub fn parse_for(document: &[u8], key_use: KeyUse) -> Result<Self, JwkSetError> {
        Self::parse_by(document, &mut |jwk: &Object| VerificationKey::from_jwk_for(jwk, key_use))
    }

    /// As [`parse`](Self::parse), with each element that is an object read by `read`.
    pub(super) fn parse_by(document: &[u8], read: Reader<'_>) -> Result<Self, JwkSetError> {
        let document = document.strip_prefix(b"\xef\xbb\xbf").unwrap_or(document);
        match json::parse_object(document) {
            Ok(object) => Self::from_object_by(&object, read),
            Err(error) => match keys_one_by_one(document, read) {
                Some(keys) => Ok(Self::of(keys.into_iter())),
                None => Err(match Form::of(document) {
                    Some(form) if form != Form::Json => JwkSetError::OtherForm(form),
                    _ => JwkSetError::NotJson(error),
                }),
            },
        }
    }

    /// As [`parse_for`](Self::parse_for), of a document that was already read.
    ///
    /// # Errors
    /// Why the document as a whole is no JWK set.
    pub fn from_object(document: &Object, key_use: KeyUse) -> Result<Self, JwkSetError> {
        Self::from_object_by(document, &mut |jwk: &Object| VerificationKey::from_jwk_for(jwk, key_use))
    }

    /// As [`from_object`](Self::from_object), with each element that is an object read by `read`.
    pub(crate) fn from_object_by(document: &Object, read: Reader<'_>) -> Result<Self, JwkSetError> {
        match document.get("keys") {
            Some(Value::Array(elements)) => {
                Ok(Self::of(elements.iter().map(|key| read(key.as_object().ok_or(KeyProblem::NotAnObject)?))))
            }
            _ if document.get("kty").is_some() => Err(JwkSetError::SingleKey),
            _ if document.get("jwks_uri").is_some() => Err(JwkSetError::Metadata),
            _ => Err(JwkSetError::NoKeys),
        }
    }

    fn of(keys: impl ExactSizeIterator<Item = Result<VerificationKey, KeyProblem>>) -> Self {
        let (mut set, count) = (Self::default(), keys.len());
        for (index, key) in keys.enumerate().take(MAX_KEYS) {
            match key {
                Ok(key) => set.keys.push(key),
                Err(reason) => set.skipped.push(SkippedKey { key: KeyPlace::Element(index), reason }),
            }
        }
        if count > MAX_KEYS {
            set.skipped
                .push(SkippedKey { key: KeyPlace::ElementsFrom(MAX_KEYS), reason: KeyProblem::TooMany });
        }
        set
    }
}

/// The keys of a document that is not strict JSON as a whole, each read strictly by itself. None where that can't be.
fn keys_one_by_one(
    document: &[u8],
    read_key: Reader<'_>,
) -> Option<Vec<Result<VerificationKey, KeyProblem>>> {
    #[derive(Deserialize)]
    struct Document<'a> {
        #[serde(borrow)]
        keys: Vec<&'a RawValue>,
    }
    // As text, as all else is read: of bytes, serde_json's tokenizer would be compiled once more.
    let text = core::str::from_utf8(document).ok()?;
    // serde takes an array for a structure, too.
    if !text.trim_start().starts_with('{') {
        return None;
    }
    let document: Document<'_> = serde_json::from_str(text).ok()?;
    let read = |key: &RawValue| match json::parse_object(key.get().as_bytes()) {
        Ok(jwk) => read_key(&jwk),
        Err(JsonError::DuplicateMember) => Err(KeyProblem::MemberTwice),
        Err(JsonError::NotAnObject) => Err(KeyProblem::NotAnObject),
        Err(_) => Err(KeyProblem::NotStrictJson),
    };
    Some(document.keys.into_iter().map(read).collect())
}

impl VerificationKey {
    /// Reads a JWK. `x5c`, `x5u` and members that are not known are ignored.
    ///
    /// # Errors
    /// Why the key cannot verify assertions.
    pub fn from_jwk(jwk: &Object) -> Result<Self, KeyProblem> {
        Self::from_jwk_for(jwk, KeyUse::Signatures)
    }

    /// As [`from_jwk`](Self::from_jwk), of a key for this.
    ///
    /// # Errors
    /// Why the key cannot verify assertions.
    pub fn from_jwk_for(jwk: &Object, key_use: KeyUse) -> Result<Self, KeyProblem> {
        let kty = string(jwk, "kty")?.ok_or(KeyProblem::Missing("kty"))?;
        if kty == "oct" {
            return Err(KeyProblem::Symmetric);
        }
        if is_private(jwk) {
            return Err(KeyProblem::Private);
        }
        for_verification(jwk, key_use)?;
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

/// What makes a key private is `d` (RFC 7518 section 6.3.2.1; R47). Of the others, which .NET writes without a value,
/// one that has a value betrays the key as well.
pub(super) fn is_private(jwk: &Object) -> bool {
    let has_value = |value: &Value| match value {
        Value::Null => false,
        Value::String(text) => !text.is_empty(),
        Value::Array(elements) => !elements.is_empty(),
        _ => true,
    };
    jwk.get("d").is_some_and(|value| *value != Value::Null)
        || ["p", "q", "dp", "dq", "qi", "oth"].iter().any(|name| jwk.get(name).is_some_and(has_value))
}

/// `use` and `key_ops` (RFC 7517 sections 4.2 and 4.3; R47).
pub(super) fn for_verification(jwk: &Object, key_use: KeyUse) -> Result<(), KeyProblem> {
    match string(jwk, "use")? {
        None | Some("sig") => {}
        Some("jwt-svid") if key_use == KeyUse::JwtSvids => {}
        Some("jwt-svid") => return Err(KeyProblem::ForJwtSvids),
        Some("x509-svid") => return Err(KeyProblem::ForX509Svids),
        Some(_) => return Err(KeyProblem::NotForSignatures),
    }
    match jwk.get("key_ops") {
        None => Ok(()),
        // .NET writes an empty array where nothing is set.
        Some(Value::Array(operations)) if operations.is_empty() => Ok(()),
        Some(Value::Array(operations)) => {
            if operations.iter().any(|operation| operation.as_str() == Some("verify")) {
                Ok(())
            } else {
                Err(KeyProblem::NotForVerification)
            }
        }
        Some(_) => Err(KeyProblem::NotAnArray("key_ops")),
    }
}

pub(super) fn string<'a>(jwk: &'a Object, name: &'static str) -> Result<Option<&'a str>, KeyProblem> {
    jwk.get(name).map(|value| value.as_str().ok_or(KeyProblem::NotText(name))).transpose()
}

pub(super) fn bytes(jwk: &Object, name: &'static str) -> Result<Vec<u8>, KeyProblem> {
    let text = string(jwk, name)?.ok_or(KeyProblem::Missing(name))?;
    base64url::decode(text).map_err(|_| match text.ends_with('=') {
        true => KeyProblem::Padded(name),
        false => KeyProblem::NotBase64Url(name),
    })
}

impl fmt::Display for JwkSetError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotJson(error) => error.fmt(f),
            Self::OtherForm(Form::Pem) => f.write_str("this is PEM, not JSON: use certificate"),
            Self::OtherForm(form) => write!(f, "this is {form}, not JSON"),
            Self::NoKeys => f.write_str("not a JWK set: there is no array keys"),
            Self::SingleKey => f.write_str("not a JWK set but one key: put it into an array keys"),
            Self::Metadata => {
                f.write_str("not a JWK set but metadata: its jwks_uri is the address of the set")
            }
        }
    }
}

impl core::error::Error for JwkSetError {}

#[cfg(test)]
mod tests;
