//! An organization: it has its own issuers, applications and keys, and its own URLs.

use alloc::format;
use alloc::string::{String, ToString};
use core::fmt;

use serde::{Deserialize, Serialize};

use crate::field::FieldError;

/// The name of an organization: 1 to 63 lower-case letters, digits and hyphens, a letter or digit first.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OrganizationId(String);

impl OrganizationId {
    /// Parses a name.
    pub fn parse(name: &str) -> Result<Self, FieldError> {
        let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if name.is_empty() || name.len() > 63 || !name.bytes().all(allowed) || name.starts_with('-') {
            return Err(FieldError::new(
                "organization",
                "must be 1 to 63 lower-case letters, digits and hyphens, not beginning with a hyphen",
            ));
        }
        Ok(Self(name.to_string()))
    }

    /// The organization that is served at the root; it always exists.
    pub fn default_organization() -> Self {
        Self("default".to_string())
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether this is the organization at the root.
    pub fn is_default(&self) -> bool {
        self.0 == "default"
    }
}

impl fmt::Display for OrganizationId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// An organization as it is registered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Organization {
    /// Its name, part of its URLs.
    pub name: String,
    /// What people call it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
}

/// The URLs of one organization.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrganizationUrls {
    /// Its issuer identifier: `iss` of our tokens, and an acceptable `aud` of assertions.
    pub issuer: String,
    /// Its token endpoint: an acceptable `aud` of assertions, too (RFC 7523 section 3).
    pub token_endpoint: String,
    /// Where its public keys are.
    pub jwks_uri: String,
}

impl OrganizationUrls {
    /// Derives the URLs from the public URL of the installation, which has no trailing slash.
    pub fn new(public_url: &str, organization: &OrganizationId) -> Self {
        let issuer = if organization.is_default() {
            public_url.to_string()
        } else {
            format!("{public_url}/t/{organization}")
        };
        Self {
            token_endpoint: format!("{issuer}/oauth2/token"),
            jwks_uri: format!("{issuer}/oauth2/jwks"),
            issuer,
        }
    }

    /// Where tokens are looked up (RFC 7662).
    #[must_use]
    pub fn introspection_endpoint(&self) -> String {
        format!("{}/oauth2/introspect", self.issuer)
    }

    /// Where tokens are taken back (RFC 7009).
    #[must_use]
    pub fn revocation_endpoint(&self) -> String {
        format!("{}/oauth2/revoke", self.issuer)
    }
}
