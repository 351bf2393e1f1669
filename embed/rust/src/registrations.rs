//! Registering trusted issuers, applications and organizations, and looking after our keys.
//!
//! # Errors
//! Each function answers [`Error::Invalid`] for a member that can't be accepted, [`Error::Registry`] for
//! anything else that is wrong with a registration, and [`Error::Trapped`] where the budget is exhausted.

#![allow(clippy::missing_errors_doc, reason = "they are the same for all: see above")]

use crate::error::Error;
use crate::exchanger::Exchanger;
use crate::records::{
    Application, ApplicationList, ApplicationMetadata, ApplyReport, InvalidMember, NewApplication,
    Organization, OrganizationList, OrganizationUrls, Page, SigningKey, TrustedIssuer, TrustedIssuerList,
};
use crate::store::Store;

/// The largest JWKS document, in bytes (R50).
const MAX_DOCUMENT: usize = 64 * 1024;

impl<S: Store + Clone> Exchanger<S> {
    /// Brings all registrations to what one JSON document says; doing it again changes nothing.
    pub fn apply(&mut self, document: &str) -> Result<ApplyReport, Error> {
        let outcome = self
            .call(|bindings, store| bindings.asserta_exchange_configuration().call_apply(store, document))?;
        Ok(outcome?)
    }

    /// Registers a new trusted issuer.
    pub fn register_trusted_issuer(
        &mut self,
        organization: &str,
        issuer: &TrustedIssuer,
    ) -> Result<(), Error> {
        let outcome = self.call(|bindings, store| {
            bindings.asserta_exchange_trusted_issuers().call_register(store, organization, issuer)
        })?;
        Ok(outcome?)
    }

    /// Registers it, or replaces the one of the same name. True: it is new.
    pub fn replace_trusted_issuer(
        &mut self,
        organization: &str,
        issuer: &TrustedIssuer,
    ) -> Result<bool, Error> {
        let outcome = self.call(|bindings, store| {
            bindings.asserta_exchange_trusted_issuers().call_replace(store, organization, issuer)
        })?;
        Ok(outcome?)
    }

    /// The trusted issuer of this name.
    pub fn trusted_issuer(&mut self, organization: &str, name: &str) -> Result<TrustedIssuer, Error> {
        let outcome = self.call(|bindings, store| {
            bindings.asserta_exchange_trusted_issuers().call_get(store, organization, name)
        })?;
        Ok(outcome?)
    }

    /// The organization's trusted issuers.
    pub fn trusted_issuers(&mut self, organization: &str, page: &Page) -> Result<TrustedIssuerList, Error> {
        let outcome = self.call(|bindings, store| {
            bindings.asserta_exchange_trusted_issuers().call_list(store, organization, page)
        })?;
        Ok(outcome?)
    }

    /// Removes a trusted issuer: its assertions are refused from now on.
    pub fn remove_trusted_issuer(&mut self, organization: &str, name: &str) -> Result<(), Error> {
        let outcome = self.call(|bindings, store| {
            bindings.asserta_exchange_trusted_issuers().call_remove(store, organization, name)
        })?;
        Ok(outcome?)
    }

    /// Hands over the JWKS document of an issuer, and says how many of its keys are usable. `max_age` is that
    /// of its `Cache-Control`, in seconds.
    pub fn supply_keys(
        &mut self,
        organization: &str,
        name: &str,
        document: &str,
        max_age: Option<u64>,
    ) -> Result<u32, Error> {
        if document.len() > MAX_DOCUMENT {
            // Not handed over at all: a huge one would cost the component its memory.
            let problem = "must not exceed 64 KiB".into();
            return Err(Error::Invalid(InvalidMember { member: "document".into(), problem }));
        }
        let outcome = self.call(|bindings, store| {
            bindings.asserta_exchange_trusted_issuers().call_supply_keys(
                store,
                organization,
                name,
                document,
                max_age,
            )
        })?;
        Ok(outcome?)
    }

    /// Says that the JWKS document that was asked for can't be had.
    pub fn report_keys_unavailable(&mut self, organization: &str, name: &str) -> Result<(), Error> {
        let outcome = self.call(|bindings, store| {
            bindings.asserta_exchange_trusted_issuers().call_report_keys_unavailable(
                store,
                organization,
                name,
            )
        })?;
        Ok(outcome?)
    }

    /// Registers an application. Its secret is shown here only.
    pub fn register_application(
        &mut self,
        organization: &str,
        metadata: &ApplicationMetadata,
    ) -> Result<NewApplication, Error> {
        let outcome = self.call(|bindings, store| {
            bindings.asserta_exchange_applications().call_register(store, organization, metadata)
        })?;
        Ok(outcome?)
    }

    /// Replaces what an application may do. Its secret stays.
    pub fn replace_application(
        &mut self,
        organization: &str,
        client_id: &str,
        metadata: &ApplicationMetadata,
    ) -> Result<Application, Error> {
        let outcome = self.call(|bindings, store| {
            bindings.asserta_exchange_applications().call_replace(store, organization, client_id, metadata)
        })?;
        Ok(outcome?)
    }

    /// Gives an application a new secret. The old one stops working.
    pub fn renew_secret(&mut self, organization: &str, client_id: &str) -> Result<NewApplication, Error> {
        let outcome = self.call(|bindings, store| {
            bindings.asserta_exchange_applications().call_renew_secret(store, organization, client_id)
        })?;
        Ok(outcome?)
    }

    /// The application with this identifier.
    pub fn application(&mut self, organization: &str, client_id: &str) -> Result<Application, Error> {
        let outcome = self.call(|bindings, store| {
            bindings.asserta_exchange_applications().call_get(store, organization, client_id)
        })?;
        Ok(outcome?)
    }

    /// The organization's applications.
    pub fn applications(&mut self, organization: &str, page: &Page) -> Result<ApplicationList, Error> {
        let outcome = self.call(|bindings, store| {
            bindings.asserta_exchange_applications().call_list(store, organization, page)
        })?;
        Ok(outcome?)
    }

    /// Removes an application.
    pub fn remove_application(&mut self, organization: &str, client_id: &str) -> Result<(), Error> {
        let outcome = self.call(|bindings, store| {
            bindings.asserta_exchange_applications().call_remove(store, organization, client_id)
        })?;
        Ok(outcome?)
    }

    /// Registers an organization, or replaces its display name. True: it is new.
    pub fn replace_organization(&mut self, organization: &Organization) -> Result<bool, Error> {
        let outcome = self.call(|bindings, store| {
            bindings.asserta_exchange_organizations().call_replace(store, organization)
        })?;
        Ok(outcome?)
    }

    /// The organization of this name.
    pub fn organization(&mut self, name: &str) -> Result<Organization, Error> {
        let outcome =
            self.call(|bindings, store| bindings.asserta_exchange_organizations().call_get(store, name))?;
        Ok(outcome?)
    }

    /// The registered organizations.
    pub fn organizations(&mut self, page: &Page) -> Result<OrganizationList, Error> {
        let outcome =
            self.call(|bindings, store| bindings.asserta_exchange_organizations().call_list(store, page))?;
        Ok(outcome?)
    }

    /// The URLs that stand for an organization in assertions and tokens.
    pub fn urls(&mut self, name: &str) -> Result<OrganizationUrls, Error> {
        let outcome =
            self.call(|bindings, store| bindings.asserta_exchange_organizations().call_urls(store, name))?;
        Ok(outcome?)
    }

    /// Our public keys as a JWK set, as JSON text.
    pub fn jwks(&mut self, organization: &str) -> Result<String, Error> {
        let outcome =
            self.call(|bindings, store| bindings.asserta_exchange_keys().call_jwks(store, organization))?;
        Ok(outcome?)
    }

    /// Our signing keys, oldest first.
    pub fn signing_keys(&mut self, organization: &str) -> Result<Vec<SigningKey>, Error> {
        let outcome =
            self.call(|bindings, store| bindings.asserta_exchange_keys().call_list(store, organization))?;
        Ok(outcome?)
    }

    /// Adds a signing key, which signs in ten minutes, and answers all.
    pub fn rotate_keys(&mut self, organization: &str) -> Result<Vec<SigningKey>, Error> {
        let outcome =
            self.call(|bindings, store| bindings.asserta_exchange_keys().call_rotate(store, organization))?;
        Ok(outcome?)
    }
}
