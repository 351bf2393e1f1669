//! What an administrator revokes at once: all tokens that an application got, or that came of a trusted issuer's
//! assertions or name an actor of it, before a time (R112). There is one record for each of those; it says no less than any
//! before it, and goes when the last token that it can concern has expired.

use alloc::string::String;

use super::Registry;
use super::cache::CurrentOrganization;
use super::error::RegistryError;
use super::lock::Lock;
use super::organizations::{Listing, Page};
use crate::application::{MAX_LIFETIME, check_client_id};
use crate::field::FieldError;
use crate::organization::OrganizationId;
use crate::ports::{Clock as _, Event, Ports, Store as _, StoreError};
use crate::service::record::{self, Key};
use crate::tokens::{IssuedToken, Revocation, RevocationRequest};

/// How far ahead of ours the clock may be that a time was read from, in seconds.
const CLOCK_SKEW: u64 = 60;

impl<P: Ports> Registry<P> {
    /// Revokes all tokens that an issuer or an application got before a time. It can't be taken back: a later one with an
    /// earlier time changes nothing.
    ///
    /// # Errors
    /// A member can't be accepted; the organization or the trusted issuer does not exist.
    pub(in crate::service) async fn revoke_all(
        &self,
        organization: &OrganizationId,
        request: &RevocationRequest,
    ) -> Result<Revocation, RegistryError> {
        self.require(organization).await?;
        let now = self.shell.ports.clock().now();
        // Of this second, too. A token that is issued in what is left of it is lost, which harms less than one that stays.
        let issued_before = request.issued_before.unwrap_or(now + 1);
        if issued_before > now + CLOCK_SKEW {
            let problem = "must not lie in the future: it would revoke tokens that are not issued yet";
            return Err(FieldError::new("issued_before", problem).into());
        }
        let key = self.revocation_key(organization, request).await?;
        let revocation = Revocation {
            trusted_issuer: request.trusted_issuer.clone(),
            client_id: request.client_id.clone(),
            issued_before,
            expires_at: issued_before + u64::from(MAX_LIFETIME),
        };
        let revocation = self
            .change(organization, async |lock| self.write_revocation(lock, &key, revocation).await)
            .await?;
        self.shell.ports.events().emit(&Event::AllRevoked { organization, revocation: &revocation });
        Ok(revocation)
    }

    async fn revocation_key(
        &self,
        organization: &OrganizationId,
        request: &RevocationRequest,
    ) -> Result<String, RegistryError> {
        match (&request.trusted_issuer, &request.client_id) {
            (Some(name), None) => match self.trusted_issuer(organization, name).await {
                Ok(issuer) => Ok(Key::revocation_of_issuer(organization, &issuer.issuer)),
                Err(RegistryError::NotFound) => {
                    let problem = "is not registered: register it, disabled, to revoke what it was good for";
                    Err(FieldError::new("trusted_issuer", problem).into())
                }
                Err(error) => Err(error),
            },
            (None, Some(client_id)) => {
                check_client_id(client_id)?;
                Ok(Key::revocation_of_client(organization, client_id))
            }
            _ => {
                Err(FieldError::new("trusted_issuer", "or client_id is needed, and not both of them").into())
            }
        }
    }

    /// Within [`change`](Self::change).
    async fn write_revocation(
        &self,
        lock: &Lock,
        key: &str,
        wanted: Revocation,
    ) -> Result<Revocation, RegistryError> {
        let known: Option<Revocation> = match self.shell.load(key).await {
            // It is written anew.
            Err(StoreError::Unreadable(_)) => None,
            known => known?,
        };
        match known {
            Some(known) if known.issued_before >= wanted.issued_before => Ok(known),
            _ => {
                self.still_holds(lock)?;
                record::save(self.shell.ports.registry(), key, &wanted).await?;
                Ok(wanted)
            }
        }
    }

    /// The revocations of an organization that still concern a token.
    pub async fn revocations(
        &self,
        organization: &OrganizationId,
        page: &Page,
    ) -> Result<Listing<Revocation>, RegistryError> {
        self.require(organization).await?;
        let prefix = Key::revocations(organization);
        let mut listing = self.list(&prefix, page, record::read::<Revocation>).await?;
        let now = self.shell.ports.clock().now();
        listing.items.retain(|revocation| now < revocation.expires_at);
        Ok(listing)
    }

    /// R112: whether the token was issued before all of its client, of its issuer or of its actor's issuer were revoked.
    pub(in crate::service) async fn has_revoked(
        &self,
        organization: &CurrentOrganization,
        token: &IssuedToken,
    ) -> Result<bool, StoreError> {
        let id = &organization.id;
        let of_issuer = |issuer| Key::revocation_of_issuer(id, issuer);
        let keys = [
            Some(Key::revocation_of_client(id, token.client_id())),
            Some(of_issuer(token.assertion_issuer())),
            token.actor_issuer().map(of_issuer),
        ];
        for key in keys.into_iter().flatten() {
            if token.issued_at() < self.revoked_before(organization, &key).await? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// What the record under this key says; 0: there is none. It is kept until registrations of the organization change,
    /// as it is in that case alone.
    async fn revoked_before(&self, organization: &CurrentOrganization, key: &str) -> Result<u64, StoreError> {
        if let Some(kept) = organization.revoked_before.borrow().get(key) {
            return Ok(*kept);
        }
        let revocation: Option<Revocation> = self.shell.load(key).await?;
        let before = revocation.map_or(0, |revocation| revocation.issued_before);
        organization.revoked_before.borrow_mut().put(key, before);
        Ok(before)
    }

    /// Deletes the revocations whose tokens had all expired at `past`, which lies behind every clock: that of one node may be
    /// wrong, and must not bring a token back.
    pub(in crate::service) async fn forget_revocations(&self, past: u64) -> Result<(), RegistryError> {
        for key in self.shell.ports.registry().keys(Key::REVOCATIONS).await? {
            let name = key[Key::REVOCATIONS.len()..].split('/').next().unwrap_or_default();
            if self.has_passed(&key, past).await?
                && let Ok(organization) = OrganizationId::parse(name)
            {
                self.change(&organization, async |lock| {
                    // It may have been made anew meanwhile.
                    if self.has_passed(&key, past).await? {
                        self.still_holds(lock)?;
                        self.shell.ports.registry().delete(&key).await?;
                    }
                    Ok(())
                })
                .await?;
            }
        }
        Ok(())
    }

    async fn has_passed(&self, key: &str, past: u64) -> Result<bool, StoreError> {
        match self.shell.load::<Revocation>(key).await {
            Ok(revocation) => Ok(revocation.is_some_and(|revocation| revocation.expires_at <= past)),
            // It stands in the list, and refuses what it concerns until it is made anew.
            Err(StoreError::Unreadable(_)) => Ok(false),
            Err(error) => Err(error),
        }
    }
}
