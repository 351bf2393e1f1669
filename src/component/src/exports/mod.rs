//! The exported interfaces: each function finds the service, reads what it is given, calls one use case of core.

mod applications;
mod configuration;
mod exchange;
mod keys;
mod organizations;
mod tokens;
mod trusted_issuers;

use asserta_core::json::{Object, from_slice};
use asserta_core::organization::OrganizationId;

use crate::bindings::wit::types::RegistryError;

/// The organization that a registration is about. A name that no organization can have is one that is unknown.
fn organization(name: &str) -> Result<OrganizationId, RegistryError> {
    OrganizationId::parse(name).map_err(|_| RegistryError::OrganizationUnknown)
}

/// The members of a document.
fn members(document: &str) -> Result<Object, RegistryError> {
    Ok(from_slice(document.as_bytes())?)
}
