//! The exported interfaces: each function finds the service, translates, calls one use case of core.

mod applications;
mod configuration;
mod exchange;
mod keys;
mod organizations;
mod trusted_issuers;

use asserta_core::organization::OrganizationId;

use crate::bindings::wit::types::RegistryError;

/// The organization that a registration is about. A name that no organization can have is one that is unknown.
fn organization(name: &str) -> Result<OrganizationId, RegistryError> {
    OrganizationId::parse(name).map_err(|_| RegistryError::OrganizationUnknown)
}
