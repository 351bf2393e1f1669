//! What an administrator states in an organization's metadata (R67). There is one record of it for each organization.

use alloc::rc::Rc;

use super::Registry;
use super::apply::Run;
use super::cache::CurrentOrganization;
use super::document::SeedOrganization;
use super::error::RegistryError;
use super::precondition::{Precondition, representation};
use super::put::{Known, Put};
use crate::oauth::StatedMetadata;
use crate::organization::OrganizationId;
use crate::ports::{Ports, Store as _, StoreError};
use crate::service::record::{self, Key};

impl<P: Ports> Registry<P> {
    /// What is stated in the organization's metadata.
    ///
    /// # Errors
    /// Nothing is, or the organization does not exist.
    pub async fn stated_metadata(
        &self,
        organization: &OrganizationId,
    ) -> Result<StatedMetadata, RegistryError> {
        self.require(organization).await?;
        self.load_stated_metadata(organization).await?.ok_or(RegistryError::NotFound)
    }

    /// States it, in the place of what was stated before.
    pub async fn put_stated_metadata(
        &self,
        organization: &OrganizationId,
        stated: &StatedMetadata,
    ) -> Result<Put, RegistryError> {
        self.change_stated_metadata(organization, Some(stated), &Precondition::default()).await
    }

    /// Takes it back.
    ///
    /// # Errors
    /// Nothing is stated, or the organization does not exist.
    pub async fn remove_stated_metadata(&self, organization: &OrganizationId) -> Result<(), RegistryError> {
        self.change_stated_metadata(organization, None, &Precondition::default()).await.map(drop)
    }

    /// States it, or takes it back, if what is there allows it. Compiled once for both.
    pub async fn change_stated_metadata(
        &self,
        organization: &OrganizationId,
        wanted: Option<&StatedMetadata>,
        precondition: &Precondition,
    ) -> Result<Put, RegistryError> {
        self.require(organization).await?;
        self.change(organization, async |lock| {
            let (store, key) = (self.shell.ports.registry(), Key::stated_metadata(organization));
            let known = self.known_stated_metadata(organization).await?;
            let put = match wanted {
                Some(wanted) => known.put(wanted),
                None if matches!(known, Known::Nothing) => return Err(RegistryError::NotFound),
                None => Put::Replaced,
            };
            precondition.check(&known, representation)?;
            self.still_holds(lock)?;
            match wanted {
                Some(_) if put == Put::Unchanged => {}
                Some(wanted) => record::save_members(store, &key, wanted.members().clone()).await?,
                None => store.delete(&key).await?,
            }
            Ok(put)
        })
        .await
    }

    /// Brings it to what a document says, or finds out what that would do.
    pub(super) async fn apply_stated_metadata(
        &self,
        organization: &OrganizationId,
        seed: &SeedOrganization,
        run: Run,
    ) -> Result<Put, RegistryError> {
        match (seed.stated_metadata(self.shell.settings.dev())?, run) {
            (None, _) => Ok(Put::Unchanged),
            (Some(stated), Run::Real) => self.put_stated_metadata(organization, &stated).await,
            (Some(stated), Run::Dry) => Ok(self.known_stated_metadata(organization).await?.put(&stated)),
        }
    }

    async fn known_stated_metadata(
        &self,
        organization: &OrganizationId,
    ) -> Result<Known<StatedMetadata>, StoreError> {
        Known::of(self.load_stated_metadata(organization).await)
    }

    async fn load_stated_metadata(
        &self,
        organization: &OrganizationId,
    ) -> Result<Option<StatedMetadata>, StoreError> {
        let key = Key::stated_metadata(organization);
        let Some(record) = self.shell.ports.registry().get(&key).await? else { return Ok(None) };
        let dev = self.shell.settings.dev();
        let read = record::members(&key, &record).and_then(|members| {
            StatedMetadata::read(members, dev)
                .map_err(|_| record::unreadable(&key, "has a member that can not be accepted"))
        });
        self.shell.told(read).map(Some)
    }

    /// What the metadata shows: kept like the registrations themselves, and read in a request for the metadata alone.
    pub(super) async fn current_stated_metadata(
        &self,
        organization: &CurrentOrganization,
    ) -> Result<Rc<StatedMetadata>, StoreError> {
        let kept = organization.stated_metadata.borrow().clone();
        if let Some(kept) = kept {
            return Ok(kept);
        }
        let stated = Rc::new(self.load_stated_metadata(&organization.id).await?.unwrap_or_default());
        organization.stated_metadata.replace(Some(Rc::clone(&stated)));
        Ok(stated)
    }
}
