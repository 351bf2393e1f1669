//! Where the keys of a trusted issuer come from.

use alloc::rc::Rc;
use alloc::string::{String, ToString};

use fluent_uri::Uri;
use fluent_uri::component::Scheme;

use crate::field::FieldError;
use crate::jose::key::Form;
use crate::jose::key::certificate;
use crate::jose::key::{JwkSet, JwkSetError, VerificationKey};
use crate::json::{JsonError, Value};

/// The longest certificate or JWKS document that is taken, in bytes (R50).
pub const MAX_KEY_DOCUMENT: usize = 64 * 1024;

/// The keys of a trusted issuer, or where they are fetched.
#[derive(Clone, Debug)]
pub enum KeySource {
    /// Registered certificates or public keys. They have no `kid` of the issuer's, so the `kid` of an
    /// assertion does not choose among them: each of fitting type is tried.
    Certificate(Rc<[VerificationKey]>),
    /// A registered JWK set.
    Inline(Rc<[VerificationKey]>),
    /// A JWKS endpoint.
    Endpoint(String),
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

    /// Reads the member `jwks`.
    pub(crate) fn from_jwks(document: &Value) -> Result<Self, FieldError> {
        if document.to_text().len() > MAX_KEY_DOCUMENT {
            return Err(FieldError::new("jwks", "must not exceed 64 KiB"));
        }
        let object = document.as_object().ok_or_else(|| match document.as_str().map(str::as_bytes) {
            // A file in another form, handed over as a string.
            Some(text) if Form::of(text) == Some(Form::Pem) => JwkSetError::OtherForm(Form::Pem),
            _ => JwkSetError::NotJson(JsonError::NotAnObject),
        });
        let set = object.and_then(JwkSet::from_object).map_err(|problem| FieldError::new("jwks", problem))?;
        if let (true, Some(skipped)) = (set.keys.is_empty(), set.skipped.first()) {
            return Err(FieldError::new(alloc::format!("jwks.{}", skipped.key), skipped.reason));
        }
        if set.keys.is_empty() {
            return Err(FieldError::new("jwks.keys", "must have at least one usable key"));
        }
        Ok(Self::Inline(set.keys.into()))
    }

    /// Reads the member `jwks_uri` (R50): `https`, or `http` to this machine while developing.
    pub(crate) fn from_uri(uri: &str, dev: bool) -> Result<Self, FieldError> {
        let error = |problem: &str| FieldError::new("jwks_uri", problem);
        if uri.len() > 2048 {
            return Err(error("must not exceed 2048 bytes"));
        }
        let parsed = Uri::parse(uri).map_err(|_| error("must be a URL"))?;
        let Some(authority) = parsed.authority().filter(|authority| !authority.host().is_empty()) else {
            return Err(error("must be a URL with a host"));
        };
        if authority.userinfo().is_some() {
            return Err(error("must not contain credentials"));
        }
        if parsed.fragment().is_some() {
            return Err(error("must not have a fragment"));
        }
        if authority.port_to_u16().is_err() {
            return Err(error("must have a port below 65536"));
        }
        let loopback = matches!(authority.host(), "127.0.0.1" | "[::1]" | "localhost");
        let https = parsed.scheme() == Scheme::new_or_panic("https");
        let http = parsed.scheme() == Scheme::new_or_panic("http");
        if !(https || http && dev && loopback) {
            return Err(error(
                "must begin with https:// (http:// only to this machine, with the setting dev)",
            ));
        }
        Ok(Self::Endpoint(uri.to_string()))
    }
}
