//! The grant types that there are.

/// A grant. It is closed: whoever matches on it is told by the compiler when another one comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GrantType {
    /// The JWT bearer grant (RFC 7523 section 2.1).
    JwtBearer,
    /// Token exchange (RFC 8693).
    TokenExchange,
}

impl GrantType {
    /// Every grant.
    pub const ALL: &'static [Self] = &[Self::JwtBearer, Self::TokenExchange];

    /// The value of `grant_type`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::JwtBearer => "urn:ietf:params:oauth:grant-type:jwt-bearer",
            Self::TokenExchange => "urn:ietf:params:oauth:grant-type:token-exchange",
        }
    }

    /// The grant of this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|grant_type| grant_type.name() == name)
    }
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for GrantType {
    fn schema_name() -> alloc::borrow::Cow<'static, str> {
        "GrantType".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "description": "A grant (RFC 7523 section 2.1, RFC 8693 section 2.1).",
            "type": "string",
            "enum": Self::ALL.iter().map(|grant| grant.name()).collect::<alloc::vec::Vec<_>>()
        })
    }
}
