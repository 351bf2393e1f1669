//! What an exchange reads of the registrations: parsed once, kept, and never older than the counter in the store says.

use alloc::rc::Rc;
use alloc::vec::Vec;

use super::cache::{self, OrganizationCache, Trusted};
use super::record::{Key, StoredApplication};
use crate::application::{Application, check_client_id};
use crate::oauth::{Reason, Refusal};
use crate::organization::{OrganizationId, OrganizationUrls};
use crate::ports::{Clock as _, Ports, Store as _, StoreError};
use crate::service::Service;

/// The organization of a request, and the state of its registrations that the request sees.
#[derive(Clone)]
pub(in crate::service) struct CurrentOrganization {
    pub(in crate::service) id: OrganizationId,
    generation: Vec<u8>,
    /// When the generation was read, or before: seconds since 1970.
    now: u64,
    pub(in crate::service) urls: Rc<OrganizationUrls>,
}

impl<P: Ports> Service<P> {
    /// The organization of a request. Its counter says which registrations are the newest.
    pub(in crate::service) async fn current(
        &self,
        organization: &OrganizationId,
    ) -> Result<CurrentOrganization, Refusal> {
        let now = self.ports.clock().now();
        let counter = self.ports.registry().get(&Key::generation(organization)).await?;
        if counter.is_none() && !organization.is_default() {
            return Err(Reason::OrganizationUnknown.into());
        }
        let generation = counter.unwrap_or_default();
        let mut cache = self.cache.borrow_mut();
        let entry = cache.organization(organization, &generation, now, || self.settings.urls(organization));
        let urls = Rc::clone(&entry.urls);
        Ok(CurrentOrganization { id: organization.clone(), generation, now, urls })
    }

    /// The application with this identifier, and whether it was kept, so that the store was not read.
    pub(in crate::service) async fn current_application(
        &self,
        organization: &CurrentOrganization,
        client_id: &str,
    ) -> Result<(Option<Rc<Application>>, bool), StoreError> {
        let kept = self.cached(organization, |entry| entry.applications.get(client_id).cloned());
        if kept.is_some() {
            return Ok((kept, true));
        }
        if check_client_id(client_id).is_err() {
            return Ok((None, false));
        }
        let key = Key::application(&organization.id, client_id);
        let Some(stored) = self.load::<StoredApplication>(&key).await? else { return Ok((None, false)) };
        let application = Rc::new(self.told(stored.into_application(&key))?);
        let kept = Rc::clone(&application);
        self.cached(organization, |entry| cache::keep(&mut entry.applications, client_id, kept));
        Ok((Some(application), false))
    }

    /// R40: the trusted issuer with exactly this issuer value.
    pub(in crate::service) async fn current_issuer(
        &self,
        organization: &CurrentOrganization,
        issuer: &str,
    ) -> Result<Rc<Trusted>, Refusal> {
        if let Some(known) = self.cached(organization, |entry| entry.issuers.get(issuer).cloned()) {
            return Ok(known);
        }
        let unknown = Reason::IssuerUnknown;
        let name = self.registered_name(&organization.id, issuer).await?.ok_or(unknown)?;
        let record =
            self.load_issuer(&organization.id, &name).await?.filter(|record| record.issuer == issuer);
        let record = record.ok_or(unknown)?;
        let source = self.check_issuer(&record).map_err(|_| unknown)?;
        let trusted = Rc::new(Trusted { issuer: record, source });
        self.cached(organization, |entry| cache::keep(&mut entry.issuers, issuer, Rc::clone(&trusted)));
        Ok(trusted)
    }

    /// Looks into, or adds to, what is kept of this organization.
    pub(in crate::service) fn cached<T>(
        &self,
        organization: &CurrentOrganization,
        look: impl FnOnce(&mut OrganizationCache) -> T,
    ) -> T {
        let CurrentOrganization { id, generation, now, .. } = organization;
        let mut cache = self.cache.borrow_mut();
        look(cache.organization(id, generation, *now, || self.settings.urls(id)))
    }
}
