//! `asserta:exchange/applications`.

use alloc::string::String;

use super::organization;
use crate::bindings::Component;
use crate::bindings::wit::applications::{
    Application, ApplicationList, ApplicationMetadata, Guest, NewApplication,
};
use crate::bindings::wit::types::{Page, RegistryError};
use crate::instance::{run, service};

impl Guest for Component {
    fn register(name: String, metadata: ApplicationMetadata) -> Result<NewApplication, RegistryError> {
        Ok(run(service()?.registry().create_application(&organization(&name)?, metadata.into()))?.into())
    }

    fn replace(
        name: String,
        client_id: String,
        metadata: ApplicationMetadata,
    ) -> Result<Application, RegistryError> {
        Ok(run(service()?.registry().replace_application(
            &organization(&name)?,
            &client_id,
            metadata.into(),
        ))?
        .into())
    }

    fn renew_secret(name: String, client_id: String) -> Result<NewApplication, RegistryError> {
        Ok(run(service()?.registry().renew_secret(&organization(&name)?, &client_id))?.into())
    }

    fn get(name: String, client_id: String) -> Result<Application, RegistryError> {
        Ok(run(service()?.registry().application(&organization(&name)?, &client_id))?.into())
    }

    fn list(name: String, page: Page) -> Result<ApplicationList, RegistryError> {
        let listing = run(service()?.registry().applications(&organization(&name)?, &page.try_into()?))?;
        Ok(ApplicationList { items: listing.items.into_iter().map(Into::into).collect(), next: listing.next })
    }

    fn remove(name: String, client_id: String) -> Result<(), RegistryError> {
        Ok(run(service()?.registry().remove_application(&organization(&name)?, &client_id))?)
    }
}
