//! `asserta:exchange/organizations`.

use alloc::string::String;

use asserta_core::organization::{Organization as Registered, OrganizationId};

use super::organization;
use crate::bindings::Component;
use crate::bindings::wit::organizations::{Guest, Organization, OrganizationList, OrganizationUrls};
use crate::bindings::wit::types::{Page, RegistryError};
use crate::instance::{run, service};

impl Guest for Component {
    fn replace(organization: Organization) -> Result<bool, RegistryError> {
        let service = service()?;
        // Here alone a name is not looked up but given, so it says what is wrong with it.
        let id = OrganizationId::parse(&organization.name).map_err(|mut error| {
            error.field = "name".into();
            error
        })?;
        Ok(run(service.registry().put_organization(&id, organization.display_name.as_deref()))?)
    }

    fn get(name: String) -> Result<Organization, RegistryError> {
        Ok(run(service()?.registry().organization(&organization(&name)?))?.into())
    }

    fn list(page: Page) -> Result<OrganizationList, RegistryError> {
        let listing = run(service()?.registry().organizations(&page.try_into()?))?;
        Ok(OrganizationList {
            items: listing.items.into_iter().map(Into::into).collect(),
            next: listing.next,
        })
    }

    fn urls(name: String) -> Result<OrganizationUrls, RegistryError> {
        let urls = service()?.settings().urls(&organization(&name)?);
        Ok(OrganizationUrls {
            issuer: urls.issuer,
            token_endpoint: urls.token_endpoint,
            jwks_uri: urls.jwks_uri,
        })
    }
}

impl From<Registered> for Organization {
    fn from(registered: Registered) -> Self {
        Self { name: registered.name, display_name: registered.display_name }
    }
}
