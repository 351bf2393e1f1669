//! Parsed registrations, kept from one exchange to the next.
//!
//! Truth is in the store: each registration's change brings a counter forward, and an exchange reads
//! that counter first. What was parsed under another count is forgotten, and so is, whatever the counter says,
//! what was read a minute ago: a change whose node died before it counted holds everywhere by then. JWKS documents have their own
//! lifetime (R51) and are kept until it ends.

use alloc::rc::Rc;
use alloc::string::String;
use alloc::vec::Vec;

use super::entries::Entries;
use super::issuer_keys::KeyDocument;
use super::record::Key;
use crate::application::Application;
use crate::jose::sign::SigningKey;
use crate::organization::{OrganizationId, OrganizationUrls};
use crate::trust::{IssuerKeys, TrustedIssuer};

/// How many entries of a kind are kept for one organization; more than that, and all are forgotten.
const MOST_ENTRIES: usize = 4096;
/// How many organizations are kept.
const MOST_ORGANIZATIONS: usize = 256;

/// How long anything is kept under one count, in seconds. A request that began up to `SLOWEST` seconds before may
/// still add to it; both together make a minute at most.
const KEPT: u64 = 50;
const SLOWEST: u64 = 10;

/// A trusted issuer with its keys parsed.
pub(super) struct Trusted {
    pub(super) issuer: TrustedIssuer,
    pub(super) source: IssuerKeys,
}

/// What is kept of one organization.
pub(super) struct OrganizationCache {
    generation: Vec<u8>,
    /// From when on anything in it was read: seconds since 1970.
    since: u64,
    pub(super) urls: Rc<OrganizationUrls>,
    pub(super) issuers: Entries<Rc<Trusted>>,
    pub(super) applications: Entries<Rc<Application>>,
    pub(super) signing_key: Option<SigningKeyUntil>,
}

/// The key that signs, until which second it does.
#[derive(Clone)]
pub(super) struct SigningKeyUntil {
    pub(super) key: Rc<SigningKey>,
    pub(super) until: u64,
}

/// All that an instance keeps.
#[derive(Default)]
pub(super) struct Cache {
    organizations: Entries<OrganizationCache>,
    documents: Entries<Rc<KeyDocument>>,
    pub(super) refreshes_due: Vec<(OrganizationId, String)>,
    pub(super) next_sweep: u64,
}

impl Cache {
    /// The organization's entries under this generation; empty if they were of another, or are too old. A clock that
    /// was set back makes them old, too.
    pub(super) fn organization(
        &mut self,
        organization: &OrganizationId,
        generation: &[u8],
        now: u64,
        urls: impl FnOnce() -> OrganizationUrls,
    ) -> &mut OrganizationCache {
        let fresh = || OrganizationCache {
            generation: generation.to_vec(),
            since: now,
            urls: Rc::new(urls()),
            issuers: Entries::default(),
            applications: Entries::default(),
            signing_key: None,
        };
        let current = |known: &OrganizationCache| {
            let in_time = now < known.since + KEPT && known.since < now + SLOWEST;
            known.generation == generation && in_time
        };
        self.organizations.keep(organization.as_str(), MOST_ORGANIZATIONS, current, fresh)
    }

    /// The JWKS document of an issuer.
    pub(super) fn document(&self, organization: &OrganizationId, name: &str) -> Option<Rc<KeyDocument>> {
        self.documents.get(&Key::jwks(organization, name)).cloned()
    }

    /// Keeps a JWKS document.
    pub(super) fn keep_document(
        &mut self,
        organization: &OrganizationId,
        name: &str,
        document: Rc<KeyDocument>,
    ) {
        keep(&mut self.documents, &Key::jwks(organization, name), document);
    }

    /// Forgets a JWKS document.
    pub(super) fn forget_document(&mut self, organization: &OrganizationId, name: &str) {
        self.documents.remove(&Key::jwks(organization, name));
    }
}

/// Keeps an entry, forgetting all others where there are too many.
pub(super) fn keep<T>(entries: &mut Entries<T>, name: &str, entry: T) {
    entries.keep(name, MOST_ENTRIES, |_| false, || entry);
}
