//! Where the keys of a trusted issuer or of an application come from.

use alloc::rc::Rc;
use alloc::string::String;
use alloc::vec::Vec;

use super::address::check_uri;
use super::metadata::MetadataAddress;
use crate::field::FieldError;
use crate::jose::Algorithm;
use crate::jose::key::Form;
use crate::jose::key::certificate;
use crate::jose::key::{JwkSet, JwkSetError, KeyUse, VerificationKey};
use crate::json::{JsonError, Value};

/// The longest certificate or JWKS document that is taken, in bytes (R50).
pub const MAX_KEY_DOCUMENT: usize = 64 * 1024;

/// The keys of a trusted issuer or of an application, or where they are fetched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeySource {
    /// Registered certificates or public keys. They have no `kid` of the issuer's, so the `kid` of an
    /// assertion does not choose among them: each of fitting type is tried.
    Certificate(Rc<[VerificationKey]>),
    /// A registered JWK set.
    Inline(Rc<[VerificationKey]>),
    /// A JWKS endpoint.
    Endpoint(String),
    /// Metadata that says where the JWKS endpoint is (R54).
    Discovery(MetadataAddress),
}

/// Which document an issuer's keys need.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DocumentKind {
    /// A JWK set (RFC 7517 section 5).
    Jwks,
    /// Metadata, which says where the JWK set is (RFC 8414 section 2, OpenID Connect Discovery 1.0 section 3).
    Metadata,
}

impl DocumentKind {
    /// The name in the WIT interface.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Jwks => "jwks",
            Self::Metadata => "metadata",
        }
    }
}

impl KeySource {
    /// Whether its keys have a `kid` of the issuer, so that the `kid` of a JWT chooses among them (R48).
    pub(crate) const fn has_kid(&self) -> bool {
        !matches!(self, Self::Certificate(_))
    }

    /// Reads the member `certificate`.
    pub(crate) fn from_certificate(text: &str) -> Result<Self, FieldError> {
        let error = |problem: &dyn core::fmt::Display| FieldError::new("certificate", problem);
        if text.len() > MAX_KEY_DOCUMENT {
            return Err(error(&"must not exceed 64 KiB"));
        }
        let found = certificate::import(text).map_err(|problem| error(&problem))?;
        Ok(Self::Certificate(found.keys.into_iter().map(|(_, key)| key).collect()))
    }

    /// Reads the member `jwks`, of which the keys for this count.
    pub(crate) fn from_jwks(document: &Value, key_use: KeyUse) -> Result<Self, FieldError> {
        if document.to_text().len() > MAX_KEY_DOCUMENT {
            return Err(FieldError::new("jwks", "must not exceed 64 KiB"));
        }
        let object = document.as_object().ok_or_else(|| match document.as_str().map(str::as_bytes) {
            // A file in another form, handed over as a string.
            Some(text) if Form::of(text) == Some(Form::Pem) => JwkSetError::OtherForm(Form::Pem),
            _ => JwkSetError::NotJson(JsonError::NotAnObject),
        });
        let set = object.and_then(|object| JwkSet::from_object(object, key_use));
        let set = set.map_err(|problem| FieldError::new("jwks", problem))?;
        if let (true, Some(skipped)) = (set.keys.is_empty(), set.skipped.first()) {
            return Err(FieldError::new(alloc::format!("jwks.{}", skipped.key), skipped.reason));
        }
        if set.keys.is_empty() {
            return Err(FieldError::new("jwks.keys", "must have at least one usable key"));
        }
        Ok(Self::Inline(set.keys.into()))
    }

    /// Reads the member `jwks_uri`.
    pub(crate) fn from_uri(uri: &str, dev: bool) -> Result<Self, FieldError> {
        check_uri("jwks_uri", uri, dev)?;
        Ok(Self::Endpoint(uri.into()))
    }

    /// Reads the member `discovery`, of this issuer (R54).
    pub(crate) fn from_discovery(value: &Value, issuer: &str, dev: bool) -> Result<Self, FieldError> {
        MetadataAddress::read(value, issuer, dev).map(Self::Discovery)
    }

    /// R47: refuses keys that stand in a registration whose algorithms allow none of them. Nothing would ever be verified.
    pub(crate) fn check_algorithms(
        &self,
        member: &str,
        allowed: Option<&[Algorithm]>,
    ) -> Result<(), FieldError> {
        let (Self::Certificate(keys) | Self::Inline(keys)) = self else { return Ok(()) };
        if keys.iter().any(|key| key.check_allowed(allowed).is_ok()) {
            return Ok(());
        }
        let of_keys = Algorithm::ALL.iter().filter(|algorithm| keys.iter().any(|key| key.fits(**algorithm)));
        let names: Vec<&str> = of_keys.map(|algorithm| algorithm.name()).collect();
        let problem = alloc::format!(
            "must allow an algorithm of the registered keys, or nothing is ever verified (R47): {}",
            names.join(", ")
        );
        Err(FieldError::new(member, problem))
    }

    /// Whether they are fetched.
    pub(crate) const fn is_fetched(&self) -> bool {
        matches!(self, Self::Endpoint(_) | Self::Discovery(_))
    }
}

/// Reads the member `jwks_ca` as far as can be said here: whether one is fit to be an authority, who connects finds.
pub(crate) fn check_authorities(text: &str) -> Result<(), FieldError> {
    let error = |problem: &dyn core::fmt::Display| FieldError::new("jwks_ca", problem);
    if text.len() > MAX_KEY_DOCUMENT {
        return Err(error(&"must not exceed 64 KiB"));
    }
    match certificate::check_authorities(text) {
        Ok(0) => Err(error(&"must hold certificates in PEM")),
        Ok(_) => Ok(()),
        Err(problem) => Err(error(&problem)),
    }
}
