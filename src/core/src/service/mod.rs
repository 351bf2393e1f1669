//! The use cases, run over the [`ports`](crate::ports): the only part of core with input and output.

mod activity;
mod authenticate;
mod entries;
mod explain;
mod grants;
mod introspect;
mod issuer_keys;
mod nonce_key;
mod own_token;
mod policy_door;
mod possession;
mod record;
mod registry;
mod revoke;
mod schedule;
mod settings;
mod shell;
mod signing_keys;
mod spent;
mod token;
mod trail;

pub use activity::{
    Activity, ActivityItem, ActivityPage, ActivityQuery, Compared, Comparison, RecordedAudit,
    RecordedDecision, Would,
};
pub use explain::{AssertionQuestion, Explanation, GivenProof, Step};
pub use issuer_keys::{DocumentReport, KeyReport, Supplied};
#[cfg(feature = "schema")]
pub(crate) use registry::WrittenDocument;
pub use registry::{
    Applied, ApplyError, ApplyReport, DescribedOrganization, KeyList, Kind, List, Listing, NewApplication,
    OrganizationDocument, Outcome, Page, Precondition, Put, RegisteredApplication, RegisteredIssuer,
    Registry, RegistryError, Report, Run, SeedApplication, SeedOrganization, Seeding, Tags, TrustDocument,
    UnreadableItem, entity_tag,
};
pub use settings::Settings;
pub use signing_keys::{JWKS_MAX_AGE, SigningKeyInfo, SigningKeys};
pub use spent::Spent;

use alloc::boxed::Box;
use alloc::rc::Rc;

use crate::keys::KeyOwner;
use crate::organization::OrganizationId;
use crate::ports::{Ports, StoreError};
use issuer_keys::IssuerKeys;
use nonce_key::NonceKeys;
use shell::Shell;

/// All use cases over one shell's ports: each has a type, and keeps what it has parsed for itself.
pub struct Service<P: Ports> {
    shell: Rc<Shell<P>>,
    registry: Rc<Registry<P>>,
    issuer_keys: IssuerKeys<P>,
    signing_keys: SigningKeys<P>,
    nonce_keys: NonceKeys<P>,
    spent: Spent<P>,
    activity: Activity<P>,
}

impl<P: Ports> Service<P> {
    /// A service over these ports.
    pub fn new(ports: P, settings: Settings) -> Self {
        let shell = Rc::new(Shell { ports, settings });
        let registry = Rc::new(Registry::new(Rc::clone(&shell)));
        Self {
            issuer_keys: IssuerKeys::new(Rc::clone(&shell), Rc::clone(&registry)),
            signing_keys: SigningKeys::new(Rc::clone(&shell), Rc::clone(&registry)),
            nonce_keys: NonceKeys::new(Rc::clone(&shell), Rc::clone(&registry)),
            spent: Spent::new(Rc::clone(&shell)),
            activity: Activity::new(Rc::clone(&shell), Rc::clone(&registry)),
            shell,
            registry,
        }
    }

    /// The settings.
    pub fn settings(&self) -> &Settings {
        &self.shell.settings
    }

    /// The ports.
    pub fn ports(&self) -> &P {
        &self.shell.ports
    }

    /// What is registered.
    pub fn registry(&self) -> &Registry<P> {
        &self.registry
    }

    /// Our own keys.
    pub fn signing_keys(&self) -> &SigningKeys<P> {
        &self.signing_keys
    }

    /// What was used and works once.
    pub fn spent(&self) -> &Spent<P> {
        &self.spent
    }

    /// The last decisions of each organization.
    pub fn activity(&self) -> &Activity<P> {
        &self.activity
    }

    /// Takes the document of its owner's keys at `uri` from a caller who fetched it, or the news that it can't be had.
    /// Returns how many of its keys are usable.
    pub async fn supply_keys(
        &self,
        organization: &OrganizationId,
        owner: &KeyOwner,
        uri: &str,
        supplied: Supplied,
    ) -> Result<usize, RegistryError> {
        self.issuer_keys.supply(organization, owner, uri, supplied).await
    }

    /// A trusted issuer's keys as far as they are there; nothing is fetched.
    pub async fn report_issuer_keys(
        &self,
        organization: &OrganizationId,
        name: &str,
    ) -> Result<KeyReport, RegistryError> {
        self.issuer_keys.report(organization, name).await
    }

    /// A trusted issuer's keys, fetched now where they are fetched: one fetch of an address at a time, and no pause between
    /// two.
    pub async fn check_issuer_keys(
        &self,
        organization: &OrganizationId,
        name: &str,
    ) -> Result<KeyReport, RegistryError> {
        // Boxed, so that the future of every other request is not as large as this one.
        Box::pin(self.issuer_keys.check(organization, name)).await
    }

    /// Work that should not delay a response: writing the activity log, refreshing stale documents, sweeping the stores.
    /// A shell calls it after it has responded.
    pub async fn after_response(&self) -> Result<(), StoreError> {
        // What can't be written, on a full disk, must not keep the sweep from making room.
        let written = self.activity.write_due().await;
        let refreshed = self.issuer_keys.refresh_due().await;
        if let Some(past) = self.spent.sweep_if_due().await? {
            // Boxed, since it is rare. What is not deleted now is a minute later.
            _ = Box::pin(self.registry.forget_revocations(past)).await;
        }
        written.and(refreshed)
    }
}
