//! What an exchange reads of the registrations: parsed once, kept, and never older than the counter in the store says.

use alloc::rc::Rc;

use super::Registry;
use super::cache::CurrentOrganization;
use crate::application::{Application, check_client_id};
use crate::oauth::{Reason, Refusal};
use crate::organization::OrganizationId;
use crate::ports::{Clock as _, Ports, Store as _, StoreError};
use crate::service::record::{Key, StoredApplication};
use crate::trust::Issuer;

impl<P: Ports> Registry<P> {
    /// Whether this instance knows that the organization exists, without asking the store.
    pub(in crate::service) fn has_met(&self, organization: &OrganizationId) -> bool {
        organization.is_default() || self.cache.borrow().has(organization)
    }

    /// The organization of a request. Its counter says which registrations are the newest.
    pub(in crate::service) async fn current(
        &self,
        organization: &OrganizationId,
    ) -> Result<Rc<CurrentOrganization>, Refusal> {
        let now = self.shell.ports.clock().now();
        let counter = self.shell.ports.registry().get(&Key::generation(organization)).await?;
        if counter.is_none() && !organization.is_default() {
            return Err(Reason::OrganizationUnknown.into());
        }
        let generation = counter.unwrap_or_default();
        let urls = || self.shell.settings.urls(organization);
        Ok(self.cache.borrow_mut().organization(organization, &generation, now, urls))
    }

    /// The application with this identifier, and whether it was kept, so that the store was not read.
    pub(in crate::service) async fn current_application(
        &self,
        organization: &CurrentOrganization,
        client_id: &str,
    ) -> Result<(Option<Rc<Application>>, bool), StoreError> {
        let kept = organization.applications.borrow().get(client_id).cloned();
        if kept.is_some() {
            return Ok((kept, true));
        }
        if check_client_id(client_id).is_err() {
            return Ok((None, false));
        }
        let key = Key::application(&organization.id, client_id);
        let Some(stored) = self.shell.load::<StoredApplication>(&key).await? else {
            return Ok((None, false));
        };
        let dev = self.shell.settings.dev();
        let application = Rc::new(self.shell.told(stored.into_application(&key, dev))?);
        organization.applications.borrow_mut().put(client_id, Rc::clone(&application));
        Ok((Some(application), false))
    }

    /// R40: the trusted issuer with exactly this issuer value.
    pub(in crate::service) async fn current_issuer(
        &self,
        organization: &CurrentOrganization,
        issuer: &str,
    ) -> Result<Rc<Issuer>, Refusal> {
        let kept = organization.issuers.borrow().get(issuer).cloned();
        if let Some(kept) = kept {
            return Ok(kept);
        }
        let unknown = Reason::IssuerUnknown;
        let name = self.registered_name(&organization.id, issuer).await?.ok_or(unknown)?;
        let record =
            self.load_issuer(&organization.id, &name).await?.filter(|record| record.issuer == issuer);
        let read = self.read_issuer(record.ok_or(unknown)?).map_err(|_| unknown)?;
        let read = Rc::new(read);
        organization.issuers.borrow_mut().put(issuer, Rc::clone(&read));
        Ok(read)
    }

    /// R28: the trusted issuer of this name, as an application has it. It is one that [`current_issuer`](Self::current_issuer)
    /// finds by its issuer value, too.
    pub(in crate::service) async fn current_issuer_named(
        &self,
        organization: &CurrentOrganization,
        name: &str,
    ) -> Result<Rc<Issuer>, Refusal> {
        let kept = organization.issuers_by_name.borrow().get(name).cloned();
        if let Some(kept) = kept {
            return Ok(kept);
        }
        let unknown = Reason::IssuerUnknown;
        let record = self.load_issuer(&organization.id, name).await?.ok_or(unknown)?;
        let read = self.current_issuer(organization, &record.issuer).await?;
        if read.document().name != name {
            return Err(unknown.into());
        }
        organization.issuers_by_name.borrow_mut().put(name, Rc::clone(&read));
        Ok(read)
    }
}
