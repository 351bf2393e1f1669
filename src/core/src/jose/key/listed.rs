//! Keys as they are listed for an administrator: what each is, and what its certificate says.

use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;

use super::certificate::{self, Outline};
use super::jwk::{JwkSet, JwkSetError, KeyUse, VerificationKey};
use super::problem::{KeyPlace, SkippedKey};
use super::public_key::{Components, PublicKey, thumbprint};
use crate::jose::algorithm::Algorithm;
use crate::json::{Object, Value};

/// Keys and what was left out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeyListing {
    /// The keys that can be used, in order.
    pub keys: Vec<ListedKey>,
    /// The others, and why (R47, R53).
    pub skipped: Vec<SkippedKey>,
}

/// A key that can be used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ListedKey {
    /// Where it stands.
    pub key: String,
    /// The `kid` that its issuer gave it.
    pub kid: Option<String>,
    /// Its type.
    pub kty: &'static str,
    /// The curve of one that has a curve.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub crv: Option<&'static str>,
    /// How long the modulus of an RSA key is, in bits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bits: Option<usize>,
    /// The `use` that its issuer gave it.
    #[serde(rename = "use", skip_serializing_if = "Option::is_none")]
    pub intended: Option<String>,
    /// The algorithms that it may be used with.
    pub algorithms: Vec<Algorithm>,
    /// SHA-256 over its required members, base64url (RFC 7638).
    pub thumbprint: String,
    /// The certificate that it came from or came with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub certificate: Option<ListedCertificate>,
    /// Why it is not used at the moment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
}

/// A certificate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ListedCertificate {
    /// Whose it is.
    pub subject: String,
    /// The first second in which it is valid, counted from 1970.
    pub not_before: u64,
    /// The last second, counted from 1970.
    pub not_after: u64,
    /// Whether it is for the key that it came with (RFC 7517 section 4.7).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<&'static str>,
}

impl KeyListing {
    /// The keys of a JWK set document that are for this.
    ///
    /// # Errors
    /// Why the document as a whole is no JWK set.
    pub fn of_set(document: &[u8], key_use: KeyUse) -> Result<Self, JwkSetError> {
        Self::read(key_use, |see| JwkSet::parse_by(document, see))
    }

    /// The same of a JWK set that was already read.
    ///
    /// # Errors
    /// Why the document as a whole is no JWK set.
    pub fn of_object(document: &Object, key_use: KeyUse) -> Result<Self, JwkSetError> {
        Self::read(key_use, |see| JwkSet::from_object_by(document, see))
    }

    fn read(
        key_use: KeyUse,
        parse: impl FnOnce(super::jwk::Reader<'_>) -> Result<JwkSet, JwkSetError>,
    ) -> Result<Self, JwkSetError> {
        let mut seen = Vec::new();
        let set = parse(&mut |jwk| {
            let key = VerificationKey::from_jwk_for(jwk, key_use)?;
            let intended = jwk.get("use").and_then(Value::as_str).map(String::from);
            seen.push((intended, certificate_of_jwk(jwk, &key.material)));
            Ok(key)
        })?;
        let is_skipped = |place: &KeyPlace| set.skipped.iter().any(|skipped| skipped.key == *place);
        let places = (0..).map(KeyPlace::Element).filter(|place| !is_skipped(place));
        let keys = set.keys.iter().zip(seen).zip(places).map(|((key, (intended, certificate)), place)| {
            ListedKey { intended, certificate, ..ListedKey::of(key, &place) }
        });
        Ok(Self { keys: keys.collect(), skipped: set.skipped })
    }

    /// The keys of registered certificates and public keys, and which of them are not used at `now`, in seconds since
    /// 1970 (R47). None where the text has none.
    #[must_use]
    pub fn of_certificates(text: &str, now: u64) -> Self {
        let Ok(found) = certificate::import(text) else { return Self::default() };
        let mut outlines = certificate::outlines(text);
        let keys = found.keys.iter().map(|(place, key)| {
            let outline = outlines.iter_mut().find(|(other, _)| other == place).map(|(_, outline)| outline);
            let certificate =
                outline.map(|outline| ListedCertificate::of(core::mem::take(outline), &key.material));
            // A `kid` that nobody gave it would mislead.
            let problem = key.problem_at(now).map(|problem| problem.to_string());
            ListedKey { kid: None, certificate, problem, ..ListedKey::of(key, place) }
        });
        Self { keys: keys.collect(), skipped: found.skipped }
    }
}

impl ListedKey {
    fn of(key: &VerificationKey, place: &KeyPlace) -> Self {
        let (kty, crv, bits) = match key.material.components() {
            Components::Rsa { n, .. } => ("RSA", None, Some(bits(&n))),
            Components::Ec { curve, .. } => ("EC", Some(curve.name()), None),
            Components::Ed25519 { .. } => ("OKP", Some("Ed25519"), None),
        };
        let algorithms = Algorithm::ALL.into_iter().filter(|algorithm| key.fits(*algorithm)).collect();
        Self {
            key: place.to_string(),
            kid: key.kid.clone(),
            kty,
            crv,
            bits,
            intended: None,
            algorithms,
            thumbprint: thumbprint(&key.material),
            certificate: None,
            problem: None,
        }
    }
}

impl ListedCertificate {
    fn of(outline: Outline, key: &PublicKey) -> Self {
        let Outline { subject, validity, key: certified } = outline;
        let other = certified.is_some_and(|certified| certified != *key);
        Self {
            subject,
            not_before: validity.not_before,
            not_after: validity.not_after,
            problem: other.then_some("it certifies another key"),
        }
    }
}

/// The first certificate of `x5c` (RFC 7517 section 4.7), which decides nothing.
fn certificate_of_jwk(jwk: &Object, key: &PublicKey) -> Option<ListedCertificate> {
    let Some(Value::Array(chain)) = jwk.get("x5c") else { return None };
    let der = STANDARD.decode(chain.first()?.as_str()?).ok()?;
    Some(ListedCertificate::of(certificate::outline(&der)?, key))
}

fn bits(modulus: &[u8]) -> usize {
    modulus.len() * 8 - modulus.first().map_or(0, |byte| byte.leading_zeros() as usize)
}

#[cfg(test)]
mod tests;
