//! Where the keys of a trusted issuer come from.

use alloc::rc::Rc;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use fluent_uri::Uri;
use fluent_uri::component::Scheme;

use super::TrustedIssuer;
use crate::field::FieldError;
use crate::jose::certificate;
use crate::jose::form::Form;
use crate::jose::json::{JsonError, Value};
use crate::jose::jwk::{JwkSet, JwkSetError, VerificationKey};
use crate::jose::key_problem::SkippedKey;

/// The longest certificate or JWKS document that is taken, in bytes (R50).
pub const MAX_KEY_DOCUMENT: usize = 64 * 1024;

/// The keys of a trusted issuer, or where they are fetched.
#[derive(Clone, Debug)]
pub enum IssuerKeys {
    /// Registered certificates or public keys. They have no `kid` of the issuer's, so the `kid` of an
    /// assertion does not choose among them: each of fitting type is tried.
    Certificate(Rc<[VerificationKey]>),
    /// A registered JWK set.
    Inline(Rc<[VerificationKey]>),
    /// A JWKS endpoint.
    Endpoint(String),
}

impl IssuerKeys {
    /// Reads the member `certificate`.
    pub(super) fn from_certificate(text: &str) -> Result<Self, FieldError> {
        let error = |problem: &dyn core::fmt::Display| FieldError::new("certificate", problem);
        if text.len() > MAX_KEY_DOCUMENT {
            return Err(error(&"must not exceed 64 KiB"));
        }
        let found = certificate::import(text).map_err(|problem| error(&problem))?;
        Ok(Self::Certificate(found.keys.into_iter().map(|(_, key)| key).collect()))
    }

    /// Reads the member `jwks`.
    pub(super) fn from_jwks(document: &Value) -> Result<Self, FieldError> {
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
    pub(super) fn from_uri(uri: &str, dev: bool) -> Result<Self, FieldError> {
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

impl TrustedIssuer {
    /// The registered keys that are not used at `now`, in seconds since 1970, and why (R47, R53). A certificate that is
    /// not valid at the moment is among them, though it may be used later. Those of an endpoint are not known here.
    #[must_use]
    pub fn skipped_keys(&self, now: u64) -> Vec<SkippedKey> {
        if let Some(found) = self.certificate.as_deref().and_then(|text| certificate::import(text).ok()) {
            let invalid = found
                .keys
                .into_iter()
                .filter_map(|(place, key)| Some(SkippedKey { key: place, reason: key.problem_at(now)? }));
            return found.skipped.into_iter().chain(invalid).collect();
        }
        let set = self.jwks.as_ref().and_then(Value::as_object).map(JwkSet::from_object);
        set.and_then(Result::ok).map(|set| set.skipped).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use alloc::format;

    use super::*;
    use crate::jose::json;

    macro_rules! pem {
        ($name:literal) => {
            include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/certificates/", $name, ".pem"))
        };
    }

    fn issuer(member: &str, value: impl Into<Value>) -> TrustedIssuer {
        let mut document = json::parse_object(br#"{"name":"a","issuer":"https://a.example"}"#).expect("JSON");
        document.insert(member, value);
        json::from_value(Value::Object(document)).expect("an issuer")
    }

    fn skipped(issuer: &TrustedIssuer) -> Value {
        issuer.check(false).expect("usable");
        let skipped = serde_json::to_vec(&issuer.skipped_keys(1_800_000_000)).expect("JSON");
        json::parse(&skipped).expect("JSON")
    }

    fn parsed(text: &str) -> Value {
        json::parse(text.as_bytes()).expect("JSON")
    }

    /// R47, R53: a registration says which keys are not used, and why.
    #[test]
    fn r47_skipped_keys_are_told() {
        let chain = format!("{}{}{}", pem!("p256.crt"), pem!("authority.crt"), pem!("expired-with-text"));
        assert_eq!(
            skipped(&issuer("certificate", chain.as_str())),
            parsed(
                r#"[{"key":"block 2 (CERTIFICATE)","reason":"keyUsage is keyCertSign, cRLSign, without digitalSignature or nonRepudiation (RFC 5280 section 4.2.1.3)"},
                    {"key":"block 3 (CERTIFICATE)","reason":"the certificate expired at 2020-12-31T23:59:59Z"}]"#
            )
        );
        let key = r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;
        let jwks = parsed(&format!(r#"{{"keys":[{key},{{"kty":"oct","k":"AA"}}]}}"#));
        assert_eq!(
            skipped(&issuer("jwks", jwks)),
            parsed(r#"[{"key":"keys[1]","reason":"a symmetric key never verifies an assertion"}]"#)
        );
        assert_eq!(skipped(&issuer("certificate", pem!("p256.crt"))), parsed("[]"));
        assert_eq!(skipped(&issuer("jwks_uri", "https://a.example/keys")), parsed("[]"));
    }

    /// R47: nothing usable left, or a document of another kind.
    #[test]
    fn r47_what_can_not_be_registered() {
        let error = |member: &str, value: Value| {
            let error = issuer(member, value).check(false).expect_err("refused");
            format!("{}: {}", error.field, error.problem)
        };
        for (member, value, text) in [
            ("certificate", pem!("authority.crt").into(), "certificate: block 1 (CERTIFICATE): keyUsage is"),
            (
                "certificate",
                r#"{"keys":[]}"#.into(),
                "certificate: this is JSON, not a certificate: use jwks",
            ),
            ("jwks", pem!("p256.crt").into(), "jwks: this is PEM, not JSON: use certificate"),
            ("jwks", parsed(r#"{"keys":[{"kty":"oct"}]}"#), "jwks.keys[0]: a symmetric key"),
            ("jwks", parsed(r#"{"kty":"oct"}"#), "jwks: not a JWK set but one key"),
        ] {
            let found = error(member, value);
            assert!(found.starts_with(text), "{found}");
        }
    }
}
