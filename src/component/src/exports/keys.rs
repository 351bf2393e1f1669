//! `asserta:exchange/keys`.

use alloc::string::String;

use asserta_core::json::to_text;
use asserta_core::service::KeyList;

use super::organization;
use crate::bindings::Component;
use crate::bindings::wit::keys::Guest;
use crate::bindings::wit::types::RegistryError;
use crate::instance::{run, service};

impl Guest for Component {
    fn jwks(name: String) -> Result<String, RegistryError> {
        let document = run(service()?.signing_keys().jwks(&organization(&name)?))?;
        String::from_utf8(document).map_err(|_| RegistryError::StoreUnavailable)
    }

    fn list(name: String) -> Result<String, RegistryError> {
        Ok(to_text(&KeyList::from(run(service()?.signing_keys().list(&organization(&name)?))?)))
    }

    fn rotate(name: String) -> Result<String, RegistryError> {
        Ok(to_text(&KeyList::from(run(service()?.signing_keys().rotate(&organization(&name)?))?)))
    }
}
