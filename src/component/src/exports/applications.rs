//! `asserta:exchange/applications`.

use alloc::string::String;

use asserta_core::json::{from_slice, to_text};
use asserta_core::service::{Put, RegisteredApplication, SeedApplication};

use super::{members, organization};
use crate::bindings::Component;
use crate::bindings::wit::applications::Guest;
use crate::bindings::wit::types::{Page, RegistryError, Replaced};
use crate::instance::{run, service};

impl Guest for Component {
    fn register(name: String, document: String) -> Result<String, RegistryError> {
        let service = service()?;
        let metadata = from_slice(document.as_bytes())?;
        let organization = organization(&name)?;
        let new = run(service.registry().create_application(&organization, metadata))?;
        Ok(to_text(&run(service.registry().registered_new_application(&organization, &new))))
    }

    fn replace(name: String, document: String) -> Result<Replaced, RegistryError> {
        let service = service()?;
        let wanted = SeedApplication::try_from(members(&document)?)?;
        let organization = organization(&name)?;
        let (put, application) = run(service.registry().replace_or_put_application(&organization, &wanted))?;
        let document = to_text(&run(service.registry().changed_application(&organization, &application)));
        Ok(Replaced { created: put == Put::Created, document })
    }

    fn renew_secret(name: String, client_id: String) -> Result<String, RegistryError> {
        let service = service()?;
        let organization = organization(&name)?;
        let new = run(service.registry().renew_secret(&organization, &client_id))?;
        Ok(to_text(&run(service.registry().registered_new_application(&organization, &new))))
    }

    fn get(name: String, client_id: String) -> Result<String, RegistryError> {
        let service = service()?;
        let application = run(service.registry().application(&organization(&name)?, &client_id))?;
        Ok(to_text(&service.registry().registered_application(&application)))
    }

    fn list(name: String, page: Page) -> Result<String, RegistryError> {
        let listing = run(service()?.registry().applications(&organization(&name)?, &page.try_into()?))?;
        Ok(to_text(&listing.view(RegisteredApplication::from)))
    }

    fn remove(name: String, client_id: String) -> Result<(), RegistryError> {
        Ok(run(service()?.registry().remove_application(&organization(&name)?, &client_id))?)
    }
}
