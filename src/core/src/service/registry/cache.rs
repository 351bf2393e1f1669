//! Parsed registrations, kept from one exchange to the next.
//!
//! Truth is in the store: each registration's change brings a counter forward, and an exchange reads
//! that counter first. What was parsed under another count is forgotten, and so is, whatever the counter says,
//! what was read a minute ago: a change whose node died before it counted holds everywhere by then. JWKS documents
//! are part of it: a newer text, and the end of an issuer, bring the counter forward too.

use alloc::rc::Rc;
use alloc::string::String;
use alloc::vec::Vec;

use super::entries::Entries;
use super::record::Key;
use crate::application::Application;
use crate::jose::key::SigningKey;
use crate::keys::KeySource;
use crate::organization::{OrganizationId, OrganizationUrls};
use crate::service::issuer_keys::KeyDocument;
use crate::trust::TrustedIssuer;

/// How many entries of a kind are kept for one organization; more than that, and all are forgotten.
const MOST_ENTRIES: usize = 4096;
/// How many organizations are kept.
const MOST_ORGANIZATIONS: usize = 256;

/// How long anything is kept under one count, in seconds. A request that began up to `SLOWEST` seconds before may
/// still add to it; both together make a minute at most.
const KEPT: u64 = 50;
const SLOWEST: u64 = 10;

/// A trusted issuer with its keys parsed.
pub(in crate::service) struct Trusted {
    pub(in crate::service) issuer: TrustedIssuer,
    pub(in crate::service) source: KeySource,
}

/// What is kept of one organization.
pub(in crate::service) struct OrganizationCache {
    generation: Vec<u8>,
    /// From when on anything in it was read: seconds since 1970.
    since: u64,
    pub(in crate::service) urls: Rc<OrganizationUrls>,
    pub(in crate::service) issuers: Entries<Rc<Trusted>>,
    pub(in crate::service) applications: Entries<Rc<Application>>,
    /// JWKS documents by the name of their issuer. A newer text brings the counter forward, so that none outlives it.
    pub(in crate::service) documents: Entries<Rc<KeyDocument>>,
    pub(in crate::service) signing_key: Option<SigningKeyUntil>,
}

/// The key that signs, until which second it does.
#[derive(Clone)]
pub(in crate::service) struct SigningKeyUntil {
    pub(in crate::service) key: Rc<SigningKey>,
    pub(in crate::service) until: u64,
}

/// All that an instance keeps.
#[derive(Default)]
pub(in crate::service) struct Cache {
    organizations: Entries<OrganizationCache>,
    /// JWKS documents with the bytes that they were parsed from: good only for a record that was just read and
    /// has the same bytes.
    parsed: Entries<Rc<KeyDocument>>,
    pub(in crate::service) next_turn_sweep: u64,
    pub(in crate::service) refreshes_due: Vec<(OrganizationId, String)>,
    pub(in crate::service) next_sweep: u64,
}

impl Cache {
    /// The organization's entries under this generation; empty if they were of another, or are too old. A clock that
    /// was set back makes them old, too.
    pub(in crate::service) fn organization(
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
            documents: Entries::default(),
            signing_key: None,
        };
        let current = |known: &OrganizationCache| {
            let in_time = now < known.since + KEPT && known.since < now + SLOWEST;
            known.generation == generation && in_time
        };
        self.organizations.keep(organization.as_str(), MOST_ORGANIZATIONS, current, fresh)
    }

    /// The issuer's JWKS document as it was parsed last, if the record that was just read is the same.
    pub(in crate::service) fn parsed(
        &self,
        organization: &OrganizationId,
        name: &str,
        record: &[u8],
    ) -> Option<Rc<KeyDocument>> {
        let known = self.parsed.get(&Key::jwks(organization, name));
        known.filter(|known| known.is_of(record)).cloned()
    }

    /// Keeps a JWKS document that was parsed.
    pub(in crate::service) fn keep_parsed(
        &mut self,
        organization: &OrganizationId,
        name: &str,
        document: Rc<KeyDocument>,
    ) {
        keep(&mut self.parsed, &Key::jwks(organization, name), document);
    }

    /// Forgets a JWKS document that was parsed.
    pub(in crate::service) fn forget_parsed(&mut self, organization: &OrganizationId, name: &str) {
        self.parsed.remove(&Key::jwks(organization, name));
    }
}

/// Keeps an entry, forgetting all others where there are too many.
pub(in crate::service) fn keep<T>(entries: &mut Entries<T>, name: &str, entry: T) {
    entries.keep(name, MOST_ENTRIES, |_| false, || entry);
}
