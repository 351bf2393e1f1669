//! `asserta:exchange/trusted-issuers`.

use alloc::string::String;
use alloc::vec::Vec;

use asserta_core::ports::FetchedDocument;
use asserta_core::trust::TrustedIssuer as Trusted;

use super::organization;
use crate::bindings::Component;
use crate::bindings::wit::trusted_issuers::{Guest, TrustedIssuer, TrustedIssuerList};
use crate::bindings::wit::types::{Page, RegistryError};
use crate::instance::{run, service};

impl Guest for Component {
    fn register(name: String, issuer: TrustedIssuer) -> Result<(), RegistryError> {
        let service = service()?;
        let issuer = Trusted::try_from(issuer)?;
        Ok(run(service.registry().create_trusted_issuer(&organization(&name)?, &issuer))?)
    }

    fn replace(name: String, issuer: TrustedIssuer) -> Result<bool, RegistryError> {
        let service = service()?;
        let issuer = Trusted::try_from(issuer)?;
        Ok(run(service.registry().put_trusted_issuer(&organization(&name)?, &issuer.name, &issuer))?)
    }

    fn get(organization_name: String, name: String) -> Result<TrustedIssuer, RegistryError> {
        run(service()?.registry().trusted_issuer(&organization(&organization_name)?, &name))?.try_into()
    }

    fn list(name: String, page: Page) -> Result<TrustedIssuerList, RegistryError> {
        let listing = run(service()?.registry().trusted_issuers(&organization(&name)?, &page.try_into()?))?;
        let items = listing.items.into_iter().map(TryInto::try_into);
        Ok(TrustedIssuerList { items: items.collect::<Result<Vec<_>, _>>()?, next: listing.next })
    }

    fn remove(organization_name: String, name: String) -> Result<(), RegistryError> {
        Ok(run(service()?.registry().remove_trusted_issuer(&organization(&organization_name)?, &name))?)
    }

    fn supply_keys(
        organization_name: String,
        name: String,
        document: String,
        max_age: Option<u64>,
    ) -> Result<u32, RegistryError> {
        let fetched = FetchedDocument { body: document.into_bytes(), max_age };
        let usable = run(service()?.supply_keys(&organization(&organization_name)?, &name, Some(fetched)))?;
        Ok(u32::try_from(usable).unwrap_or(u32::MAX))
    }

    fn report_keys_unavailable(organization_name: String, name: String) -> Result<(), RegistryError> {
        run(service()?.supply_keys(&organization(&organization_name)?, &name, None))?;
        Ok(())
    }
}
