//! Registering trusted issuers: names and issuer values are unique in an organization.

use alloc::string::String;

use serde::Deserialize;

use super::Registry;
use super::error::RegistryError;
use super::lock::Lock;
use super::organizations::{Listing, Page};
use super::precondition::{Precondition, representation};
use super::put::{Known, Put};
use crate::field::FieldError;
use crate::keys::KeySource;
use crate::organization::OrganizationId;
use crate::ports::{Clock as _, Ports, Store as _, StoreError};
use crate::service::record::{self, KEY_WINDOW, Key};
use crate::trust::{Issuer, TrustedIssuer};

/// The longest name of a trusted issuer, in bytes.
const MAX_NAME: usize = 128;

impl<P: Ports> Registry<P> {
    /// Checks every member and reads the keys. We are no third party to ourselves: whoever got a token of ours would
    /// have an assertion (R34).
    pub(super) fn read_issuer(&self, document: TrustedIssuer) -> Result<Issuer, FieldError> {
        self.check_is_foreign(&document)?;
        Issuer::parse(document, self.shell.settings.dev())
    }

    /// Refuses what [`read_issuer`](Self::read_issuer) would refuse, and what is never registered anew.
    pub(super) fn check_issuer(
        &self,
        organization: &OrganizationId,
        document: &TrustedIssuer,
    ) -> Result<(), FieldError> {
        Issuer::check(document, self.shell.settings.dev())?;
        self.check_alias(organization, document)?;
        self.check_is_foreign(document)
    }

    /// R42: what is for another organization would work here by an alias that names that one.
    fn check_alias(&self, organization: &OrganizationId, document: &TrustedIssuer) -> Result<(), FieldError> {
        let alias = document.alias.as_deref();
        match alias.and_then(|alias| self.shell.settings.organization_with_audience(alias)) {
            Some(other) if other != *organization => {
                let problem = "names another organization of this installation: what is for that one is not for this one";
                Err(FieldError::new("alias", problem))
            }
            _ => Ok(()),
        }
    }

    fn check_is_foreign(&self, document: &TrustedIssuer) -> Result<(), FieldError> {
        if self.shell.settings.organization_with_issuer(&document.issuer).is_some() {
            let problem = "is an issuer identifier of this installation: its own tokens are no assertions";
            return Err(FieldError::new("issuer", problem));
        }
        Ok(())
    }

    /// Registers a new trusted issuer.
    pub async fn create_trusted_issuer(
        &self,
        organization: &OrganizationId,
        issuer: &TrustedIssuer,
    ) -> Result<(), RegistryError> {
        self.check_issuer(organization, issuer)?;
        self.require(organization).await?;
        self.change(organization, async |lock| self.create_locked(lock, organization, issuer).await).await
    }

    async fn create_locked(
        &self,
        lock: &Lock,
        organization: &OrganizationId,
        issuer: &TrustedIssuer,
    ) -> Result<(), RegistryError> {
        if self.shell.ports.registry().get(&Key::trusted_issuer(organization, &issuer.name)).await?.is_some()
        {
            return Err(RegistryError::NameTaken);
        }
        self.check_issuer_value_is_free(organization, issuer).await?;
        self.check_labels_are_free(organization, issuer).await?;
        // A removal that failed halfway may have left its keys.
        self.forget_keys(organization, &issuer.name).await?;
        self.replace_record(lock, organization, &issuer.name, None, Some(&issuer.as_stored())).await
    }

    /// The record of an issuer, and with it what it says of rules without a client (R29).
    async fn replace_record(
        &self,
        lock: &Lock,
        organization: &OrganizationId,
        name: &str,
        before: Option<&TrustedIssuer>,
        after: Option<&TrustedIssuer>,
    ) -> Result<(), RegistryError> {
        self.announce(organization, name, before, after).await?;
        self.still_holds(lock)?;
        match after {
            Some(issuer) => self.write_issuer(lock, organization, issuer).await?,
            None => self.shell.ports.registry().delete(&Key::trusted_issuer(organization, name)).await?,
        }
        // Else it is left behind, as by a node that died.
        if self.still_holds(lock).is_ok() {
            self.retract(organization, name, before, after).await?;
        }
        Ok(())
    }

    async fn check_labels_are_free(
        &self,
        organization: &OrganizationId,
        issuer: &TrustedIssuer,
    ) -> Result<(), RegistryError> {
        match self.rule_with_taken_label(organization, issuer).await? {
            Some(rule) => Err(RegistryError::LabelTaken(rule)),
            None => Ok(()),
        }
    }

    /// Creates or replaces the trusted issuer of this name. True: it is new.
    pub async fn put_trusted_issuer(
        &self,
        organization: &OrganizationId,
        name: &str,
        issuer: &TrustedIssuer,
    ) -> Result<bool, RegistryError> {
        if issuer.name != name {
            return Err(FieldError::new("name", "must be the name in the path").into());
        }
        self.put_trusted_issuer_if(organization, issuer, &Precondition::default()).await
    }

    /// The same with the issuer's own name, if what is there allows it.
    pub async fn put_trusted_issuer_if(
        &self,
        organization: &OrganizationId,
        issuer: &TrustedIssuer,
        precondition: &Precondition,
    ) -> Result<bool, RegistryError> {
        self.check_issuer(organization, issuer)?;
        self.require(organization).await?;
        let put = self.change(organization, async |lock| {
            let before = Known::of(self.load_issuer(organization, &issuer.name).await)?;
            precondition.check(&before, representation)?;
            self.put_locked(lock, organization, issuer, &before).await
        });
        Ok(put.await? == Put::Created)
    }

    /// Within [`change`](Self::change).
    pub(super) async fn put_locked(
        &self,
        lock: &Lock,
        organization: &OrganizationId,
        issuer: &TrustedIssuer,
        before: &Known<TrustedIssuer>,
    ) -> Result<Put, RegistryError> {
        self.check_issuer_value_is_free(organization, issuer).await?;
        let issuer = &issuer.as_stored();
        let put = before.put(issuer);
        if put == Put::Unchanged {
            return Ok(put);
        }
        self.check_labels_are_free(organization, issuer).await?;
        // What goes, goes first: a store that fails in between must leave the record that tells what is left to do.
        let before = before.readable();
        if before.is_none_or(|before| have_other_way_to_keys(before, issuer)) {
            self.forget_keys(organization, &issuer.name).await?;
        }
        if let Some(before) = before.filter(|before| before.issuer != issuer.issuer) {
            self.forget_issuer_value(lock, organization, before).await?;
        }
        self.replace_record(lock, organization, &issuer.name, before, Some(issuer)).await?;
        Ok(put)
    }

    /// Deletes the signpost to this issuer, unless it leads to another one by now.
    async fn forget_issuer_value(
        &self,
        lock: &Lock,
        organization: &OrganizationId,
        issuer: &TrustedIssuer,
    ) -> Result<(), RegistryError> {
        let key = Key::issuer_value(organization, &issuer.issuer);
        let store = self.shell.ports.registry();
        if store.get(&key).await?.is_some_and(|name| name == issuer.name.as_bytes()) {
            self.still_holds(lock)?;
            store.delete(&key).await?;
        }
        Ok(())
    }

    async fn check_issuer_value_is_free(
        &self,
        organization: &OrganizationId,
        issuer: &TrustedIssuer,
    ) -> Result<(), RegistryError> {
        match self.other_with_issuer_value(organization, issuer).await? {
            Some(other) => Err(RegistryError::IssuerTaken(other.into())),
            None => Ok(()),
        }
    }

    /// The name of another trusted issuer that has this one's issuer value. A signpost counts only if the record it
    /// leads to has that value.
    pub(in crate::service) async fn other_with_issuer_value(
        &self,
        organization: &OrganizationId,
        issuer: &TrustedIssuer,
    ) -> Result<Option<String>, StoreError> {
        let name = self.registered_name(organization, &issuer.issuer).await?;
        let Some(name) = name.filter(|name| *name != issuer.name) else { return Ok(None) };
        let other = self.load_issuer(organization, &name).await?;
        Ok(other.filter(|other| other.issuer == issuer.issuer).map(|_| name))
    }

    /// The name that an issuer value is registered under, if the signpost is right.
    pub(in crate::service) async fn registered_name(
        &self,
        organization: &OrganizationId,
        issuer: &str,
    ) -> Result<Option<String>, StoreError> {
        let key = Key::issuer_value(organization, issuer);
        let signpost = self.shell.ports.registry().get(&key).await?;
        let name = |bytes| String::from_utf8(bytes).map_err(|_| record::unreadable(&key, "is not a name"));
        self.shell.told(signpost.map(name).transpose())
    }

    /// The signpost first: without its record it leads nowhere.
    async fn write_issuer(
        &self,
        lock: &Lock,
        organization: &OrganizationId,
        issuer: &TrustedIssuer,
    ) -> Result<(), RegistryError> {
        let store = self.shell.ports.registry();
        store.set(&Key::issuer_value(organization, &issuer.issuer), issuer.name.as_bytes()).await?;
        self.still_holds(lock)?;
        Ok(record::save(store, &Key::trusted_issuer(organization, &issuer.name), issuer).await?)
    }

    pub(in crate::service) async fn load_issuer(
        &self,
        organization: &OrganizationId,
        name: &str,
    ) -> Result<Option<TrustedIssuer>, StoreError> {
        if name.len() > MAX_NAME {
            return Ok(None);
        }
        self.shell.load(&Key::trusted_issuer(organization, name)).await
    }

    /// The trusted issuer of this name.
    pub async fn trusted_issuer(
        &self,
        organization: &OrganizationId,
        name: &str,
    ) -> Result<TrustedIssuer, RegistryError> {
        self.require(organization).await?;
        self.load_issuer(organization, name).await?.ok_or(RegistryError::NotFound)
    }

    /// The organization's trusted issuers.
    pub async fn trusted_issuers(
        &self,
        organization: &OrganizationId,
        page: &Page,
    ) -> Result<Listing<TrustedIssuer>, RegistryError> {
        self.require(organization).await?;
        let read = |key: &str, record: &[u8]| {
            record::read(key, record).map(|issuer: TrustedIssuer| issuer.as_stored())
        };
        Ok(self.list(&Key::trusted_issuers(organization), page, read).await?)
    }

    /// Removes a trusted issuer: its assertions are refused from now on.
    pub async fn remove_trusted_issuer(
        &self,
        organization: &OrganizationId,
        name: &str,
    ) -> Result<(), RegistryError> {
        self.remove_trusted_issuer_if(organization, name, &Precondition::default()).await
    }

    /// The same, if what is there allows it.
    pub async fn remove_trusted_issuer_if(
        &self,
        organization: &OrganizationId,
        name: &str,
        precondition: &Precondition,
    ) -> Result<(), RegistryError> {
        self.require(organization).await?;
        self.change(organization, async |lock| {
            self.remove_locked(lock, organization, name, precondition).await
        })
        .await
    }

    async fn remove_locked(
        &self,
        lock: &Lock,
        organization: &OrganizationId,
        name: &str,
        precondition: &Precondition,
    ) -> Result<(), RegistryError> {
        let known = Known::of(self.load_issuer(organization, name).await)?;
        // Of nothing it is told that it is not there.
        if !matches!(known, Known::Nothing) {
            precondition.check(&known, representation)?;
        }
        if name.len() <= MAX_NAME {
            self.forget_keys(organization, name).await?;
        }
        match &known {
            Known::Nothing => return Err(RegistryError::NotFound),
            Known::Readable(issuer) => self.forget_issuer_value(lock, organization, issuer).await?,
            // Its signpost leads to nothing then, and counts for nothing.
            Known::Unreadable => {}
        }
        self.replace_record(lock, organization, name, known.readable(), None).await
    }

    /// Forgets the keys of an issuer that is new, is removed or gets them in another way, and the turns of this window: who
    /// registers it again has one at once.
    async fn forget_keys(&self, organization: &OrganizationId, name: &str) -> Result<(), StoreError> {
        let store = self.shell.ports.registry();
        let metadata = Key::issuer_metadata(organization, name);
        // Under which addresses turns were taken the registration says, which is still there, and its metadata.
        if let Ok(Some(before)) = self.load_issuer(organization, name).await {
            if let Some(uri) = &before.jwks_uri {
                self.forget_fetch(organization, name, uri).await?;
            }
            if let Some(discovery) = &before.discovery {
                let dev = self.shell.settings.dev();
                if let Ok(KeySource::Discovery(address)) =
                    KeySource::from_discovery(discovery, &before.issuer, dev)
                {
                    self.forget_fetch(organization, name, &address.uri).await?;
                }
                if let Ok(Some(KeptMetadata { document: Some(uri) })) = self.shell.load(&metadata).await {
                    self.forget_fetch(organization, name, &uri).await?;
                }
            }
        }
        // A fetch that is under way drops what it brings.
        store.increment(&Key::jwks_forgotten(organization, name)).await?;
        self.changed(organization).await?;
        store.delete(&metadata).await?;
        store.delete(&Key::jwks(organization, name)).await?;
        self.changed(organization).await
    }

    async fn forget_fetch(
        &self,
        organization: &OrganizationId,
        name: &str,
        uri: &str,
    ) -> Result<(), StoreError> {
        let store = self.shell.ports.registry();
        let window = self.shell.ports.clock().now() / KEY_WINDOW;
        let turn = Key::jwks_turn(organization, name, uri, window);
        store.delete(&turn).await?;
        store.delete(&Key::jwks_turn_over(&turn)).await
    }
}

/// Of the record of an issuer's metadata: where the keys are.
#[derive(Deserialize)]
struct KeptMetadata {
    document: Option<String>,
}

/// Whether what was fetched for the one may not count for the other (R47, R52, R54, R55).
fn have_other_way_to_keys(before: &TrustedIssuer, after: &TrustedIssuer) -> bool {
    before.jwks_uri != after.jwks_uri
        || before.discovery != after.discovery
        || before.jwks_ca != after.jwks_ca
        || before.allow_private != after.allow_private
        || before.trust_domain != after.trust_domain
        || after.discovery.is_some() && before.issuer != after.issuer
}
