//! Parsed registrations, kept from one exchange to the next.
//!
//! Truth is in the store: each registration's change brings a counter forward, and an exchange reads
//! that counter first. What was parsed under another count is forgotten, and so is, whatever the counter says,
//! what was read a minute ago: a change whose node died before it counted holds everywhere by then.

use alloc::rc::Rc;
use alloc::vec::Vec;
use core::cell::{Cell, RefCell};

use crate::application::Application;
use crate::oauth::StatedMetadata;
use crate::organization::{OrganizationId, OrganizationUrls};
use crate::service::entries::Entries;
use crate::trust::Issuer;

/// How many organizations are kept.
const MAX_ORGANIZATIONS: usize = 256;

/// How long anything is kept under one count, in seconds. A request that began up to `SLOWEST` seconds before may
/// still add to it; both together make a minute at most.
const KEPT: u64 = 50;
const SLOWEST: u64 = 10;

/// The organization of a request, and its registrations as they are under one count of changes. Who goes on with one
/// that is not the newest any more adds to nothing that a later request sees.
pub(in crate::service) struct CurrentOrganization {
    pub(in crate::service) id: OrganizationId,
    pub(in crate::service) urls: OrganizationUrls,
    pub(super) issuers: RefCell<Entries<Rc<Issuer>>>,
    /// Those that an application names (R28).
    pub(super) issuers_by_name: RefCell<Entries<Rc<Issuer>>>,
    pub(super) applications: RefCell<Entries<Rc<Application>>>,
    /// Before when the tokens of a client or an issuer are revoked, by the key of the record; 0: there is none (R112).
    pub(super) revoked_before: RefCell<Entries<u64>>,
    /// Whether it has a rule without a client, once that is known (R29).
    pub(super) without_client: Cell<Option<bool>>,
    /// Whether an issuer's assertions are ID-JAGs, once that is known (R38).
    pub(super) id_jag: Cell<Option<bool>>,
    /// Whether tokens of one of its issuers can be exchanged, once that is known (R90).
    pub(super) token_exchange: Cell<Option<bool>>,
    /// What is stated in its metadata, once that is known (R67).
    pub(super) stated_metadata: RefCell<Option<Rc<StatedMetadata>>>,
}

/// What is kept of one organization.
struct Kept {
    generation: Vec<u8>,
    /// From when on anything in it was read: seconds since 1970.
    since: u64,
    organization: Rc<CurrentOrganization>,
}

/// All registrations that an instance keeps.
#[derive(Default)]
pub(in crate::service) struct Cache(Entries<Kept>);

impl Cache {
    /// Whether anything of the organization is kept, be it old.
    pub(super) fn has(&self, organization: &OrganizationId) -> bool {
        self.0.get(organization.as_str()).is_some()
    }

    /// The organization under this generation; without entries if those that are kept are of another, or too old. A clock
    /// that was set back makes them old, too.
    pub(super) fn organization(
        &mut self,
        organization: &OrganizationId,
        generation: &[u8],
        now: u64,
        urls: impl FnOnce() -> OrganizationUrls,
    ) -> Rc<CurrentOrganization> {
        let fresh = || Kept {
            generation: generation.to_vec(),
            since: now,
            organization: Rc::new(CurrentOrganization {
                id: organization.clone(),
                urls: urls(),
                issuers: RefCell::default(),
                issuers_by_name: RefCell::default(),
                applications: RefCell::default(),
                revoked_before: RefCell::default(),
                without_client: Cell::default(),
                id_jag: Cell::default(),
                token_exchange: Cell::default(),
                stated_metadata: RefCell::default(),
            }),
        };
        let is_current = |kept: &Kept| {
            let in_time = now < kept.since + KEPT && kept.since < now + SLOWEST;
            kept.generation == generation && in_time
        };
        Rc::clone(&self.0.keep(organization.as_str(), MAX_ORGANIZATIONS, is_current, fresh).organization)
    }
}
