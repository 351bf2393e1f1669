//! `asserta:exchange/organizations`.

use alloc::string::String;

use asserta_core::json::{from_slice, to_text};
use asserta_core::oauth::StatedMetadata;
use asserta_core::organization::OrganizationId;
use asserta_core::service::{OrganizationDocument, Put};

use super::{members, organization};
use crate::bindings::Component;
use crate::bindings::wit::organizations::{Guest, OrganizationUrls};
use crate::bindings::wit::types::{Page, RegistryError, Replaced};
use crate::instance::{run, service};

impl Guest for Component {
    fn replace(document: String) -> Result<Replaced, RegistryError> {
        let service = service()?;
        let wanted: OrganizationDocument = from_slice(document.as_bytes())?;
        // Here alone a name is not looked up but given, so it says what is wrong with it.
        let id = OrganizationId::parse(&wanted.name).map_err(|mut error| {
            error.field = "name".into();
            error
        })?;
        let created = run(service.registry().put_organization(&id, wanted.display_name.as_deref()))?;
        Ok(Replaced { created, document: to_text(&wanted) })
    }

    fn get(name: String) -> Result<String, RegistryError> {
        Ok(to_text(&run(service()?.registry().organization(&organization(&name)?))?))
    }

    fn list(page: Page) -> Result<String, RegistryError> {
        let listing = run(service()?.registry().organizations(&page.try_into()?))?;
        Ok(to_text(&listing.view(|organization| organization)))
    }

    fn replace_metadata(name: String, document: String) -> Result<Replaced, RegistryError> {
        let service = service()?;
        let stated = StatedMetadata::read(members(&document)?, service.settings().dev())?;
        let put = run(service.registry().put_stated_metadata(&organization(&name)?, &stated))?;
        Ok(Replaced { created: put == Put::Created, document: to_text(&stated) })
    }

    fn get_metadata(name: String) -> Result<String, RegistryError> {
        Ok(to_text(&run(service()?.registry().stated_metadata(&organization(&name)?))?))
    }

    fn remove_metadata(name: String) -> Result<(), RegistryError> {
        Ok(run(service()?.registry().remove_stated_metadata(&organization(&name)?))?)
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
