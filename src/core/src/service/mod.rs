//! The use cases, run over the [`ports`](crate::ports): the only part of core with input and output.

mod explain;
mod grants;
mod issuer_keys;
mod registry;
mod signing_keys;
mod spent;
mod token;
mod trail;

pub use explain::{Explanation, Step};
pub use issuer_keys::KeysProblem;
pub use registry::{
    Applied, ApplyError, ApplyReport, Kind, Listing, NewApplication, Outcome, Page, Put, RegistryError, Run,
    SeedApplication, SeedOrganization, Seeding, TrustDocument, UnreadableItem,
};
pub use signing_keys::{JWKS_MAX_AGE, SigningKeyInfo};

use alloc::string::String;
use core::cell::RefCell;

use crate::field::FieldError;
use crate::jose::key::SigningAlgorithm;
use crate::organization::{OrganizationId, OrganizationUrls};
use crate::ports::Ports;
use registry::cache::Cache;

/// The settings of an installation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    public_url: String,
    access_token_algorithm: SigningAlgorithm,
    dev: bool,
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
        Ok(Self { public_url: url.into(), access_token_algorithm, dev })
    }

    /// The algorithm of our access tokens.
    pub fn access_token_algorithm(&self) -> SigningAlgorithm {
        self.access_token_algorithm
    }

    /// Whether JWKS endpoints may be `http://` on this machine (R50).
    pub fn dev(&self) -> bool {
        self.dev
    }

    /// Whether this is the issuer identifier of one of our organizations, existing or not.
    fn is_own_issuer(&self, issuer: &str) -> bool {
        match issuer.strip_prefix(&self.public_url) {
            Some("") => true,
            Some(path) => path.strip_prefix("/t/").is_some_and(|name| OrganizationId::parse(name).is_ok()),
            None => false,
        }
    }

    /// The URLs of one organization.
    pub fn urls(&self, organization: &OrganizationId) -> OrganizationUrls {
        OrganizationUrls::new(&self.public_url, organization)
    }
}

/// All use cases over one shell's ports.
///
/// It keeps parsed registrations in memory. They never outlive a change: a counter in the store, read
/// at each exchange, says whether they are still the newest.
pub struct Service<P: Ports> {
    ports: P,
    settings: Settings,
    cache: RefCell<Cache>,
}

impl<P: Ports> Service<P> {
    /// A service over these ports.
    pub fn new(ports: P, settings: Settings) -> Self {
        Self { ports, settings, cache: RefCell::default() }
    }

    /// The settings.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The ports.
    pub fn ports(&self) -> &P {
        &self.ports
    }
}
