//! The document that people register of an application: its members, with the names of RFC 7591, and their defaults.

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;

use serde::de::{SeqAccess, Visitor, value::SeqAccessDeserializer};
use serde::{Deserialize, Deserializer, Serialize};

use crate::oauth::ClientAuthMethod;

/// A text or a list of texts, as JSON documents of this field often have it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum OneOrMany {
    /// One text.
    One(String),
    /// Several.
    Many(Vec<String>),
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

/// What an application may do: the part that people write.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApplicationMetadata {
    /// What people call it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_name: Option<String>,
    /// The grants it may use; without the JWT bearer grant it gets no token (R24).
    #[serde(default)]
    pub grant_types: Vec<String>,
    /// The scopes it may ask for, separated by spaces.
    #[serde(default)]
    pub scope: String,
    /// How it authenticates.
    #[serde(default)]
    pub token_endpoint_auth_method: ClientAuthMethod,
    /// The names of the trusted issuers whose assertions it may present; absent: all (R25).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trusted_issuers: Option<Vec<String>>,
    /// How long its access tokens are valid, in seconds.
    #[serde(default = "default_lifetime")]
    pub access_token_lifetime: u32,
    /// The resources its tokens are for: `aud` of the token, and what `resource` may name (R62, R63).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audience: Option<OneOrMany>,
    /// Whether it may be used at all.
    #[serde(default = "enabled")]
    pub enabled: bool,
}

const fn default_lifetime() -> u32 {
    3600
}

const fn enabled() -> bool {
    true
}
