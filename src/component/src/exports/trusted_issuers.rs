//! `asserta:exchange/trusted-issuers`.

use alloc::string::String;

use asserta_core::json::{from_slice, to_text};
use asserta_core::trust::TrustedIssuer;

use super::{members, organization};
use crate::bindings::Component;
use crate::bindings::wit::trusted_issuers::Guest;
use crate::bindings::wit::types::{Page, RegistryError, Replaced};
use crate::instance::{run, service};

impl Guest for Component {
    fn register(name: String, document: String) -> Result<String, RegistryError> {
        let service = service()?;
        let issuer: TrustedIssuer = from_slice(document.as_bytes())?;
        let organization = organization(&name)?;
        run(service.registry().create_trusted_issuer(&organization, &issuer))?;
        Ok(to_text(&run(service.registry().registered_issuer(&organization, &issuer))))
    }

    fn replace(name: String, document: String) -> Result<Replaced, RegistryError> {
        let service = service()?;
        let issuer = TrustedIssuer::read(members(&document)?)?;
        let organization = organization(&name)?;
        let created = run(service.registry().put_trusted_issuer(&organization, &issuer.name, &issuer))?;
        let document = to_text(&run(service.registry().registered_issuer(&organization, &issuer)));
        Ok(Replaced { created, document })
    }

    fn get(organization_name: String, name: String) -> Result<String, RegistryError> {
        Ok(to_text(&run(service()?.registry().trusted_issuer(&organization(&organization_name)?, &name))?))
    }

    fn list(name: String, page: Page) -> Result<String, RegistryError> {
        let listing = run(service()?.registry().trusted_issuers(&organization(&name)?, &page.try_into()?))?;
        Ok(to_text(&listing.view(|issuer| issuer)))
    }

    fn remove(organization_name: String, name: String) -> Result<(), RegistryError> {
        Ok(run(service()?.registry().remove_trusted_issuer(&organization(&organization_name)?, &name))?)
    }
}
