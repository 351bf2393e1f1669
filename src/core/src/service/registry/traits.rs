//! What is true of some issuer of an organization, found without a look at every one: whether one grants without a client
//! (R29), which labels are taken, whether one's assertions are ID-JAGs (R38), and whether one's tokens can be exchanged (R90).
//!
//! For each a signpost leads to one trusted issuer of which it is so, and beside it stands a mark for every one.
//! A signpost counts only where the issuer's record bears it out. It is set before the record that it stands for, and
//! leads elsewhere before that record goes: so there is none to be missed, wherever a store fails in the middle.

use alloc::string::{String, ToString as _};
use alloc::vec::Vec;
use core::cell::Cell;

use super::Registry;
use super::cache::CurrentOrganization;
use super::error::RegistryError;
use crate::oauth::Offered;
use crate::organization::OrganizationId;
use crate::ports::{Ports, Store as _, StoreError};
use crate::service::record::{self, Key};
use crate::trust::TrustedIssuer;

/// What issuers are found by.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Trait<'a> {
    /// It grants without a client.
    Grants,
    /// One of its rules has this label.
    Label(&'a str),
    /// Its assertions are ID-JAGs.
    IdJag,
    /// Its tokens can be exchanged (R90).
    Exchanges,
}

impl Trait<'_> {
    fn is_of(&self, issuer: &TrustedIssuer) -> bool {
        match self {
            Self::Grants => issuer.grants_without_client(),
            Self::Label(label) => issuer.has_label(label),
            Self::IdJag => issuer.grants_for_id_jags(),
            Self::Exchanges => issuer.enabled && issuer.token_exchange.is_some(),
        }
    }

    fn signpost(&self, organization: &OrganizationId) -> String {
        match self {
            Self::Grants => Key::without_client(organization, None),
            Self::Label(label) => Key::without_client(organization, Some(label)),
            Self::IdJag => Key::offered(organization, "id-jag"),
            Self::Exchanges => Key::offered(organization, "token-exchange"),
        }
    }
}

/// All of an issuer, each once.
fn traits(issuer: Option<&TrustedIssuer>) -> Vec<Trait<'_>> {
    let Some(issuer) = issuer else { return Vec::new() };
    let mut traits = Vec::new();
    let offers = [Trait::Grants, Trait::IdJag, Trait::Exchanges];
    traits.extend(offers.into_iter().filter(|one| one.is_of(issuer)));
    for (_, label) in issuer.labels() {
        if !traits.contains(&Trait::Label(label)) {
            traits.push(Trait::Label(label));
        }
    }
    traits
}

/// What an issuer has before a change, and no more after it.
fn lost<'a>(before: Option<&'a TrustedIssuer>, after: Option<&TrustedIssuer>) -> Vec<Trait<'a>> {
    let mut lost = traits(before);
    lost.retain(|one| !after.is_some_and(|after| one.is_of(after)));
    lost
}

impl<P: Ports> Registry<P> {
    /// Whether the organization has a rule without a client that decides.
    pub(in crate::service) async fn grants_without_client(
        &self,
        organization: &CurrentOrganization,
    ) -> Result<bool, StoreError> {
        self.has(organization, Trait::Grants, &organization.without_client).await
    }

    /// Whether the organization has such an issuer. It is kept like the registrations themselves.
    async fn has(
        &self,
        organization: &CurrentOrganization,
        wanted: Trait<'_>,
        kept: &Cell<Option<bool>>,
    ) -> Result<bool, StoreError> {
        if let Some(known) = kept.get() {
            return Ok(known);
        }
        let has = self.issuer_with(&organization.id, wanted, |_| false).await?.is_some();
        kept.set(Some(has));
        Ok(has)
    }

    /// What the organization's registrations allow and its administrator states: what the metadata says (R67).
    pub async fn offered(&self, organization: &OrganizationId) -> Result<Offered, RegistryError> {
        // That the organization exists the caller knows.
        let organization = self.current(organization).await.map_err(|_| StoreError::Unavailable)?;
        Ok(Offered {
            without_client: self.grants_without_client(&organization).await?,
            id_jag: self.has(&organization, Trait::IdJag, &organization.id_jag).await?,
            token_exchange: self.has(&organization, Trait::Exchanges, &organization.token_exchange).await?,
            stated: self.current_stated_metadata(&organization).await?,
        })
    }

    /// Whether a rule without a client has this label: of an issuer that stays as it is.
    pub(in crate::service) async fn is_label(
        &self,
        organization: &OrganizationId,
        label: &str,
        changes: impl Fn(&str) -> bool,
    ) -> Result<bool, StoreError> {
        Ok(self.issuer_with(organization, Trait::Label(label), changes).await?.is_some())
    }

    /// Refuses a `client_id` that is the label of a rule.
    pub(super) async fn check_is_no_label(
        &self,
        organization: &OrganizationId,
        client_id: &str,
    ) -> Result<(), RegistryError> {
        match self.is_label(organization, client_id, |_| false).await? {
            true => Err(RegistryError::ClientIdTaken),
            false => Ok(()),
        }
    }

    /// The number of the first rule whose label is the `client_id` of an application. A record that can't be read is
    /// there, too.
    pub(super) async fn rule_with_taken_label(
        &self,
        organization: &OrganizationId,
        issuer: &TrustedIssuer,
    ) -> Result<Option<usize>, StoreError> {
        let store = self.shell.ports.registry();
        for (index, label) in issuer.labels() {
            if store.get(&Key::application(organization, label)).await?.is_some() {
                return Ok(Some(index));
            }
        }
        Ok(None)
    }

    /// Before the record of an issuer is written or removed, within [`change`](Self::change).
    pub(super) async fn announce(
        &self,
        organization: &OrganizationId,
        name: &str,
        before: Option<&TrustedIssuer>,
        after: Option<&TrustedIssuer>,
    ) -> Result<(), StoreError> {
        let store = self.shell.ports.registry();
        for gained in lost(after, before) {
            let signpost = gained.signpost(organization);
            store.set(&Key::mark_beside(&signpost, name), b"1").await?;
            let leads_right = match self.signpost(organization, gained).await? {
                Some(other) => self.is_so(organization, &other, gained).await?,
                None => false,
            };
            if !leads_right {
                store.set(&signpost, name.as_bytes()).await?;
            }
        }
        for lost in lost(before, after) {
            // A store that can't list its keys must not keep an issuer from being withdrawn.
            if self.signpost(organization, lost).await?.as_deref() == Some(name)
                && let Ok(Some(other)) = self.marked(organization, lost, |other| other == name).await
            {
                store.set(&lost.signpost(organization), other.as_bytes()).await?;
            }
        }
        Ok(())
    }

    /// After the record of an issuer was written or removed, within [`change`](Self::change).
    pub(super) async fn retract(
        &self,
        organization: &OrganizationId,
        name: &str,
        before: Option<&TrustedIssuer>,
        after: Option<&TrustedIssuer>,
    ) -> Result<(), StoreError> {
        let store = self.shell.ports.registry();
        for lost in lost(before, after) {
            let signpost = lost.signpost(organization);
            if self.signpost(organization, lost).await?.as_deref() == Some(name)
                && matches!(self.marked(organization, lost, |other| other == name).await, Ok(None))
            {
                store.delete(&signpost).await?;
            }
            store.delete(&Key::mark_beside(&signpost, name)).await?;
        }
        Ok(())
    }

    /// An issuer of which it is so, but for those that are passed over.
    async fn issuer_with(
        &self,
        organization: &OrganizationId,
        wanted: Trait<'_>,
        passed_over: impl Fn(&str) -> bool,
    ) -> Result<Option<String>, StoreError> {
        let Some(name) = self.signpost(organization, wanted).await? else { return Ok(None) };
        if !passed_over(&name) && self.is_so(organization, &name, wanted).await? {
            return Ok(Some(name));
        }
        // A node of before this build, or one that died, may have left it behind.
        self.marked(organization, wanted, passed_over).await
    }

    /// The same, by the marks.
    async fn marked(
        &self,
        organization: &OrganizationId,
        wanted: Trait<'_>,
        passed_over: impl Fn(&str) -> bool,
    ) -> Result<Option<String>, StoreError> {
        let marks = Key::mark_beside(&wanted.signpost(organization), "");
        for key in self.shell.ports.registry().keys(&marks).await? {
            let name = key.strip_prefix(&marks).unwrap_or_default();
            if !passed_over(name) && self.is_so(organization, name, wanted).await? {
                return Ok(Some(name.to_string()));
            }
        }
        Ok(None)
    }

    async fn signpost(
        &self,
        organization: &OrganizationId,
        wanted: Trait<'_>,
    ) -> Result<Option<String>, StoreError> {
        let key = wanted.signpost(organization);
        let name = self.shell.ports.registry().get(&key).await?;
        let name =
            name.map(|name| String::from_utf8(name).map_err(|_| record::unreadable(&key, "is not a name")));
        self.shell.told(name.transpose())
    }

    /// Whether the issuer's record bears it out. One that can't be read says nothing against it.
    async fn is_so(
        &self,
        organization: &OrganizationId,
        name: &str,
        wanted: Trait<'_>,
    ) -> Result<bool, StoreError> {
        match self.load_issuer(organization, name).await {
            Ok(issuer) => Ok(issuer.is_some_and(|issuer| wanted.is_of(&issuer))),
            Err(StoreError::Unreadable(_)) => Ok(true),
            Err(error) => Err(error),
        }
    }
}
