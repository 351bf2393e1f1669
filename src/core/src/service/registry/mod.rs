//! What is registered: organizations, trusted issuers and applications, and how they are stored.

mod applications;
mod applied;
mod apply;
mod cache;
mod current;
mod document;
mod error;
mod issuers;
mod lock;
mod organizations;
mod precondition;
mod put;
mod references;
mod revocations;
mod stated_metadata;
mod traits;
mod views;

pub use applications::NewApplication;
pub use applied::{Applied, ApplyError, ApplyReport, Kind, Outcome, Seeding};
pub use apply::Run;
pub(super) use cache::CurrentOrganization;
#[cfg(feature = "schema")]
pub(crate) use document::WrittenDocument;
pub use document::{SeedApplication, SeedOrganization, TrustDocument};
pub use error::RegistryError;
pub(super) use lock::Lock;
pub use organizations::{Listing, Page, UnreadableItem};
pub use precondition::{Precondition, Tags, entity_tag};
pub use put::Put;
pub use views::{
    DescribedOrganization, KeyList, List, OrganizationDocument, RegisteredApplication, RegisteredIssuer,
    Report,
};

use alloc::rc::Rc;
use core::cell::RefCell;

use super::shell::Shell;
use crate::ports::Ports;
use cache::Cache;

/// The registrations of an installation.
///
/// It keeps those in memory that exchanges have parsed. They never outlive a change: a counter in the store, read
/// at each exchange, says whether they are still the newest.
pub struct Registry<P: Ports> {
    shell: Rc<Shell<P>>,
    cache: RefCell<Cache>,
}

impl<P: Ports> Registry<P> {
    pub(super) fn new(shell: Rc<Shell<P>>) -> Self {
        Self { shell, cache: RefCell::default() }
    }
}
