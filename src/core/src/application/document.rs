//! The document that people register of an application: its members, with the names of RFC 7591, and their defaults.

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;

use serde::de::{SeqAccess, Visitor, value::SeqAccessDeserializer};
use serde::{Deserialize, Deserializer, Serialize};

use crate::jose::key::KeyUse;
use crate::jose::{Algorithm, SkippedKey};
use crate::json::Value;
use crate::keys::{jwks_as_stored, skipped_keys};
use crate::oauth::ClientAuthMethod;
#[cfg(feature = "schema")]
use crate::shape;

/// The audience of an application: one resource or several, as JSON documents of this field often have it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "Audience"))]
#[serde(untagged)]
pub enum OneOrMany {
    /// One text.
    One(#[cfg_attr(feature = "schema", schemars(length(min = 1, max = 1024)))] String),
    /// Several.
    Many(
        #[cfg_attr(
            feature = "schema",
            schemars(length(min = 1, max = 32), inner(length(min = 1, max = 1024)))
        )]
        Vec<String>,
    ),
}

impl OneOrMany {
    /// The texts.
    pub fn as_slice(&self) -> &[String] {
        match self {
            Self::One(one) => core::slice::from_ref(one),
            Self::Many(many) => many,
        }
    }
}

/// By hand: serde's derived reader of untagged variants keeps a copy of whatever it meets, says nothing
/// about what was wrong, and is large.
impl<'de> Deserialize<'de> for OneOrMany {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Texts;
        impl<'de> Visitor<'de> for Texts {
            type Value = OneOrMany;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string or an array of strings")
            }

            fn visit_str<E>(self, text: &str) -> Result<OneOrMany, E> {
                Ok(OneOrMany::One(text.to_string()))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, texts: A) -> Result<OneOrMany, A::Error> {
                Vec::deserialize(SeqAccessDeserializer::new(texts)).map(OneOrMany::Many)
            }
        }
        deserializer.deserialize_any(Texts)
    }
}

/// What an application may do, with the names of RFC 7591 section 2 as far as it has them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ApplicationMetadata {
    /// Its name for people, at most 256 bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 256)))]
    pub client_name: Option<String>,
    /// The grants it may use; without the JWT bearer grant it gets no token (R24).
    #[serde(default)]
    #[cfg_attr(feature = "schema", schemars(with = "Vec<crate::oauth::GrantType>", length(max = 16)))]
    pub grant_types: Vec<String>,
    /// The scopes it may ask for, separated by single spaces, at most 4096 bytes.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schemars(length(max = 4096)))]
    pub scope: String,
    /// How it authenticates: with its secret, over HTTP in the header alone or in the body as well, or with a JWT that its key
    /// signs (`private_key_jwt`), and then with no secret (R27). For that it needs exactly one of `jwks_uri`, `jwks`,
    /// `certificate` and `client_assertion_issuer`.
    #[serde(default)]
    pub token_endpoint_auth_method: ClientAuthMethod,
    /// With `private_key_jwt`: the only algorithm of its JWTs. Absent: all asymmetric ones that a key's type allows (R31).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_endpoint_auth_signing_alg: Option<Algorithm>,
    /// With `private_key_jwt`: its JWKS endpoint: `https`, no credentials, no fragment, at most 2048 bytes (R50).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(length(max = 2048)))]
    pub jwks_uri: Option<String>,
    /// With `private_key_jwt`: its keys as a JWK set (RFC 7517 section 5), at most 64 KiB.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<shape::AnyObject>"))]
    pub jwks: Option<Value>,
    /// With `private_key_jwt`: its X.509 certificates or public keys: PEM, several allowed, or one in DER as base64; at most
    /// 64 KiB (R47).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate: Option<String>,
    /// With `private_key_jwt`: the name of the trusted issuer whose JWTs authenticate it, in place of keys of its own (R28).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 128)))]
    pub client_assertion_issuer: Option<String>,
    /// The `sub` that these JWTs must have, needed with `client_assertion_issuer` (R28).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 1024)))]
    pub client_assertion_subject: Option<String>,
    /// The names of the trusted issuers whose assertions it may present (R25). Absent: all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(length(max = 1000), inner(length(min = 1, max = 128))))]
    pub trusted_issuers: Option<Vec<String>>,
    /// How long its access tokens are valid, in seconds.
    #[serde(default = "default_lifetime")]
    #[cfg_attr(feature = "schema", schemars(range(min = MIN_LIFETIME, max = MAX_LIFETIME)))]
    pub access_token_lifetime: u32,
    /// The resources its tokens are for, 1 to 32: `aud` of the token, and what `resource` may name (R62, R63). Absent: our
    /// own issuer identifier.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audience: Option<OneOrMany>,
    /// Whether its tokens are always bound to a key: a request without a DPoP proof is refused (RFC 9449 section 5.2, R102). A
    /// token that was asked for with a proof is bound in any case.
    #[serde(default, skip_serializing_if = "is_false")]
    pub dpop_bound_access_tokens: bool,
    /// Whether it may be used at all.
    #[serde(default = "enabled")]
    pub enabled: bool,
}

/// The least that `access_token_lifetime` may be, in seconds.
pub(crate) const MIN_LIFETIME: u32 = 30;
/// The most that it may be.
pub(crate) const MAX_LIFETIME: u32 = 86_400;

/// What it is where nobody says. Without a client, too (R29).
pub(crate) const DEFAULT_LIFETIME: u32 = 3600;

const fn default_lifetime() -> u32 {
    DEFAULT_LIFETIME
}

const fn is_false(flag: &bool) -> bool {
    !*flag
}

const fn enabled() -> bool {
    true
}

impl ApplicationMetadata {
    /// As it is stored and shown: of a JWK set only what is used. It has the same keys.
    #[must_use]
    pub fn as_stored(self) -> Self {
        let jwks = self.jwks.as_ref().and_then(|set| jwks_as_stored(set, KeyUse::Signatures));
        Self { jwks: jwks.or(self.jwks), ..self }
    }

    /// The only algorithm of its JWTs, where it has one, as a list.
    pub(super) fn algorithms(&self) -> Option<&[Algorithm]> {
        self.token_endpoint_auth_signing_alg.as_ref().map(core::slice::from_ref)
    }

    /// The registered keys that are not used at `now`, in seconds since 1970, and why (R31, R47, R53).
    #[must_use]
    pub fn skipped_keys(&self, now: u64) -> Vec<SkippedKey> {
        let allowed = self.algorithms();
        skipped_keys(self.certificate.as_deref(), self.jwks.as_ref(), KeyUse::Signatures, allowed, now)
    }
}
