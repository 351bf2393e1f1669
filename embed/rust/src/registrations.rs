//! Registering trusted issuers, applications and organizations, and our own keys.
//!
//! A registration goes in as anything that serializes to its document: a type of [`documents`](crate::documents), or
//! `serde_json::json!({…})`.
//!
//! # Errors
//! Each function returns [`Error::Invalid`] for a member that can't be accepted, [`Error::Taken`] for a value that must
//! be unique and is not, [`Error::Registry`] for anything else that is wrong with a registration, and
//! [`Error::Trapped`] where the budget is exhausted.

#![allow(clippy::missing_errors_doc, reason = "they are the same for all: see above")]

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::bindings::exports::asserta::exchange::types;
use crate::documents::{
    Application, ApplyReport, Listing, NewApplication, Organization, RegisteredIssuer, Replaced, SigningKey,
    StatedMetadata,
};
use crate::error::Error;
use crate::exchanger::Exchanger;
use crate::store::Store;
use crate::{OrganizationUrls, Page, RegistryError};

impl<S: Store + Clone> Exchanger<S> {
    /// Brings all registrations to what one document says; doing it again changes nothing.
    pub fn apply(&mut self, document: &impl Serialize) -> Result<ApplyReport, Error> {
        self.apply_or_not(document, false)
    }

    /// Finds out what [`apply`](Self::apply) would do, and stores nothing.
    pub fn dry_run(&mut self, document: &impl Serialize) -> Result<ApplyReport, Error> {
        self.apply_or_not(document, true)
    }

    fn apply_or_not(&mut self, document: &impl Serialize, dry_run: bool) -> Result<ApplyReport, Error> {
        let document = serde_json::to_string(document)?;
        read(self.call(|bindings, store| {
            bindings.asserta_exchange_configuration().call_apply(store, &document, dry_run)
        })?)
    }

    /// Registers a new trusted issuer.
    pub fn register_trusted_issuer(
        &mut self,
        organization: &str,
        issuer: &impl Serialize,
    ) -> Result<RegisteredIssuer, Error> {
        let issuer = serde_json::to_string(issuer)?;
        read(self.call(|bindings, store| {
            bindings.asserta_exchange_trusted_issuers().call_register(store, organization, &issuer)
        })?)
    }

    /// Registers it, or replaces the one of the same name.
    pub fn replace_trusted_issuer(
        &mut self,
        organization: &str,
        issuer: &impl Serialize,
    ) -> Result<Replaced<RegisteredIssuer>, Error> {
        let issuer = serde_json::to_string(issuer)?;
        replaced(self.call(|bindings, store| {
            bindings.asserta_exchange_trusted_issuers().call_replace(store, organization, &issuer)
        })?)
    }

    /// The trusted issuer of this name.
    pub fn trusted_issuer(&mut self, organization: &str, name: &str) -> Result<RegisteredIssuer, Error> {
        read(self.call(|bindings, store| {
            bindings.asserta_exchange_trusted_issuers().call_get(store, organization, name)
        })?)
    }

    /// The organization's trusted issuers.
    pub fn trusted_issuers(
        &mut self,
        organization: &str,
        page: &Page,
    ) -> Result<Listing<RegisteredIssuer>, Error> {
        read(self.call(|bindings, store| {
            bindings.asserta_exchange_trusted_issuers().call_list(store, organization, page)
        })?)
    }

    /// Removes a trusted issuer: its assertions are refused from now on.
    pub fn remove_trusted_issuer(&mut self, organization: &str, name: &str) -> Result<(), Error> {
        Ok(self.call(|bindings, store| {
            bindings.asserta_exchange_trusted_issuers().call_remove(store, organization, name)
        })??)
    }

    /// Registers an application. Its secret is shown here only.
    pub fn register_application(
        &mut self,
        organization: &str,
        metadata: &impl Serialize,
    ) -> Result<NewApplication, Error> {
        let metadata = serde_json::to_string(metadata)?;
        read(self.call(|bindings, store| {
            bindings.asserta_exchange_applications().call_register(store, organization, &metadata)
        })?)
    }

    /// Replaces what the application of this `client_id` may do. Its secret stays, unless the document brings another
    /// one as `client_secret` or `client_secret_sha256`; then an application that does not exist is registered.
    pub fn replace_application(
        &mut self,
        organization: &str,
        application: &impl Serialize,
    ) -> Result<Replaced<Application>, Error> {
        let application = serde_json::to_string(application)?;
        replaced(self.call(|bindings, store| {
            bindings.asserta_exchange_applications().call_replace(store, organization, &application)
        })?)
    }

    /// Gives an application a new secret. The old one stops working.
    pub fn renew_secret(&mut self, organization: &str, client_id: &str) -> Result<NewApplication, Error> {
        read(self.call(|bindings, store| {
            bindings.asserta_exchange_applications().call_renew_secret(store, organization, client_id)
        })?)
    }

    /// The application with this identifier.
    pub fn application(&mut self, organization: &str, client_id: &str) -> Result<Application, Error> {
        read(self.call(|bindings, store| {
            bindings.asserta_exchange_applications().call_get(store, organization, client_id)
        })?)
    }

    /// The organization's applications.
    pub fn applications(&mut self, organization: &str, page: &Page) -> Result<Listing<Application>, Error> {
        read(self.call(|bindings, store| {
            bindings.asserta_exchange_applications().call_list(store, organization, page)
        })?)
    }

    /// Removes an application.
    pub fn remove_application(&mut self, organization: &str, client_id: &str) -> Result<(), Error> {
        Ok(self.call(|bindings, store| {
            bindings.asserta_exchange_applications().call_remove(store, organization, client_id)
        })??)
    }

    /// Registers an organization, or replaces the one of the same name.
    pub fn replace_organization(
        &mut self,
        organization: &impl Serialize,
    ) -> Result<Replaced<Organization>, Error> {
        let organization = serde_json::to_string(organization)?;
        replaced(self.call(|bindings, store| {
            bindings.asserta_exchange_organizations().call_replace(store, &organization)
        })?)
    }

    /// The organization of this name.
    pub fn organization(&mut self, name: &str) -> Result<Organization, Error> {
        read(self.call(|bindings, store| bindings.asserta_exchange_organizations().call_get(store, name))?)
    }

    /// The registered organizations.
    pub fn organizations(&mut self, page: &Page) -> Result<Listing<Organization>, Error> {
        read(self.call(|bindings, store| bindings.asserta_exchange_organizations().call_list(store, page))?)
    }

    /// States members of the metadata that is served for an organization, in the place of what was stated before.
    pub fn replace_stated_metadata(
        &mut self,
        organization: &str,
        metadata: &impl Serialize,
    ) -> Result<Replaced<StatedMetadata>, Error> {
        let metadata = serde_json::to_string(metadata)?;
        replaced(self.call(|bindings, store| {
            bindings.asserta_exchange_organizations().call_replace_metadata(store, organization, &metadata)
        })?)
    }

    /// What is stated in the organization's metadata. [`RegistryError::NotFound`]: nothing is.
    pub fn stated_metadata(&mut self, organization: &str) -> Result<StatedMetadata, Error> {
        read(self.call(|bindings, store| {
            bindings.asserta_exchange_organizations().call_get_metadata(store, organization)
        })?)
    }

    /// Takes back what is stated in the organization's metadata.
    pub fn remove_stated_metadata(&mut self, organization: &str) -> Result<(), Error> {
        Ok(self.call(|bindings, store| {
            bindings.asserta_exchange_organizations().call_remove_metadata(store, organization)
        })??)
    }

    /// The URLs that stand for an organization in assertions and tokens.
    pub fn urls(&mut self, name: &str) -> Result<OrganizationUrls, Error> {
        Ok(self.call(|bindings, store| bindings.asserta_exchange_organizations().call_urls(store, name))??)
    }

    /// Our public keys as a JWK set, as JSON text.
    pub fn jwks(&mut self, organization: &str) -> Result<String, Error> {
        Ok(self.call(|bindings, store| bindings.asserta_exchange_keys().call_jwks(store, organization))??)
    }

    /// Our signing keys, oldest first.
    pub fn signing_keys(&mut self, organization: &str) -> Result<Vec<SigningKey>, Error> {
        let keys: Listing<SigningKey> = read(
            self.call(|bindings, store| bindings.asserta_exchange_keys().call_list(store, organization))?,
        )?;
        Ok(keys.items)
    }

    /// Adds a signing key, which signs in ten minutes, and returns all.
    pub fn rotate_keys(&mut self, organization: &str) -> Result<Vec<SigningKey>, Error> {
        let keys: Listing<SigningKey> =
            read(self.call(|bindings, store| {
                bindings.asserta_exchange_keys().call_rotate(store, organization)
            })?)?;
        Ok(keys.items)
    }
}

/// A document of the component.
pub(crate) fn read<T: DeserializeOwned>(returned: Result<String, RegistryError>) -> Result<T, Error> {
    Ok(serde_json::from_str(&returned?)?)
}

fn replaced<T: DeserializeOwned>(
    returned: Result<types::Replaced, RegistryError>,
) -> Result<Replaced<T>, Error> {
    let types::Replaced { created, document } = returned?;
    Ok(Replaced { created, document: serde_json::from_str(&document)? })
}
