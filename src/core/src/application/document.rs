//! What people write of an application. The members carry the names of RFC 7591.

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;

use serde::de::{SeqAccess, Visitor, value::SeqAccessDeserializer};
use serde::{Deserialize, Deserializer, Serialize};

use crate::field::{FieldError, check_text};
use crate::oauth::{ClientAuthMethod, GrantType, Scope};

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

impl ApplicationMetadata {
    /// Checks every member.
    pub fn check(&self) -> Result<(), FieldError> {
        if let Some(name) = &self.client_name {
            check_text("client_name", name, 256)?;
        }
        if self.grant_types.len() > 16 {
            return Err(FieldError::new("grant_types", "must not have more than 16 elements"));
        }
        for (index, grant_type) in self.grant_types.iter().enumerate() {
            if GrantType::from_name(grant_type).is_none() {
                let field = alloc::format!("grant_types[{index}]");
                return Err(FieldError::new(
                    field,
                    alloc::format!("must be {}", GrantType::JwtBearer.name()),
                ));
            }
        }
        if self.scope.len() > 4096 || Scope::parse(&self.scope).is_err() {
            return Err(FieldError::new(
                "scope",
                "must be scopes separated by single spaces (RFC 6749 section 3.3)",
            ));
        }
        if let Some(names) = &self.trusted_issuers {
            if names.len() > 1000 {
                return Err(FieldError::new("trusted_issuers", "must not have more than 1000 elements"));
            }
            for (index, name) in names.iter().enumerate() {
                check_text(&alloc::format!("trusted_issuers[{index}]"), name, 128)?;
            }
        }
        if !(30..=86_400).contains(&self.access_token_lifetime) {
            return Err(FieldError::new("access_token_lifetime", "must be 30 to 86400 seconds"));
        }
        if let Some(audience) = &self.audience {
            let values = audience.as_slice();
            if values.is_empty() || values.len() > 32 {
                return Err(FieldError::new("audience", "must have 1 to 32 elements"));
            }
            for value in values {
                check_text("audience", value, 1024)?;
            }
        }
        Ok(())
    }

    /// Whether it may use this grant (R24).
    pub fn allows(&self, grant: GrantType) -> bool {
        self.grant_types.iter().any(|grant_type| grant_type == grant.name())
    }

    /// Whether it may present assertions of the trusted issuer with this name (R25).
    pub fn accepts_issuer(&self, name: &str) -> bool {
        self.trusted_issuers.as_ref().is_none_or(|names| names.iter().any(|known| known == name))
    }
}
