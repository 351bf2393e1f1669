//! The settings of an installation.

use alloc::string::String;

use crate::field::FieldError;
use crate::jose::SigningAlgorithm;
use crate::organization::{OrganizationId, OrganizationUrls};

/// The settings of an installation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    public_url: String,
    access_token_algorithm: SigningAlgorithm,
    dev: bool,
    activity: bool,
    dpop_nonce: bool,
}

impl Settings {
    /// Checks the settings. `public_url` is where callers reach the installation; a trailing slash is dropped.
    pub fn new(
        public_url: &str,
        access_token_algorithm: SigningAlgorithm,
        dev: bool,
    ) -> Result<Self, FieldError> {
        let error = |problem: &str| FieldError::new("public_url", problem);
        let url = public_url.trim_end_matches('/');
        let parsed = fluent_uri::Uri::parse(url).map_err(|_| error("must be a URL"))?;
        let web = matches!(parsed.scheme().as_str(), "https" | "http");
        let host = parsed.authority().is_some_and(|authority| !authority.host().is_empty());
        if !web || !host {
            return Err(error("must begin with https:// or http:// and name a host"));
        }
        if parsed.has_query() || parsed.has_fragment() || url.contains('"') {
            return Err(error("must not have a query or a fragment (RFC 8414 section 2)"));
        }
        Ok(Self { public_url: url.into(), access_token_algorithm, dev, activity: false, dpop_nonce: false })
    }

    /// The same, with decisions recorded in the activity log or not. Without this they are not: it takes a shell that
    /// calls [`after_response`](super::Service::after_response).
    #[must_use]
    pub fn with_activity(self, activity: bool) -> Self {
        Self { activity, ..self }
    }

    /// Whether decisions are recorded in the activity log.
    pub fn activity(&self) -> bool {
        self.activity
    }

    /// The same, with or without nonces in DPoP proofs (R101).
    #[must_use]
    pub fn with_dpop_nonce(self, dpop_nonce: bool) -> Self {
        Self { dpop_nonce, ..self }
    }

    /// Whether a DPoP proof needs a nonce of ours (R101).
    pub fn dpop_nonce(&self) -> bool {
        self.dpop_nonce
    }

    /// The algorithm of our access tokens.
    pub fn access_token_algorithm(&self) -> SigningAlgorithm {
        self.access_token_algorithm
    }

    /// Whether JWKS endpoints may be `http://` on this machine (R50).
    pub fn dev(&self) -> bool {
        self.dev
    }

    /// The organization, existing or not, whose issuer identifier this is.
    pub(super) fn organization_with_issuer(&self, issuer: &str) -> Option<OrganizationId> {
        match issuer.strip_prefix(&self.public_url)? {
            "" => Some(OrganizationId::default_organization()),
            path => path.strip_prefix("/t/").and_then(|name| OrganizationId::parse(name).ok()),
        }
    }

    /// The organization, existing or not, that an assertion with this `aud` is for (R42).
    pub(super) fn organization_with_audience(&self, audience: &str) -> Option<OrganizationId> {
        self.organization_with_issuer(audience.strip_suffix("/oauth2/token").unwrap_or(audience))
    }

    /// The URLs of one organization.
    pub fn urls(&self, organization: &OrganizationId) -> OrganizationUrls {
        OrganizationUrls::new(&self.public_url, organization)
    }
}
