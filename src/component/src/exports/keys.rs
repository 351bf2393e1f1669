//! `asserta:exchange/keys`.

use alloc::string::String;
use alloc::vec::Vec;

use asserta_core::jose::SigningAlgorithm;
use asserta_core::service::SigningKeyInfo;

use super::organization;
use crate::bindings::Component;
use crate::bindings::wit::keys::{Guest, SigningKey};
use crate::bindings::wit::types::RegistryError;
use crate::instance::{run, service};

impl Guest for Component {
    fn jwks(name: String) -> Result<String, RegistryError> {
        let document = run(service()?.signing_keys().jwks(&organization(&name)?))?;
        String::from_utf8(document).map_err(|_| RegistryError::StoreUnavailable)
    }

    fn list(name: String) -> Result<Vec<SigningKey>, RegistryError> {
        signing_keys(&run(service()?.signing_keys().list(&organization(&name)?))?)
    }

    fn rotate(name: String) -> Result<Vec<SigningKey>, RegistryError> {
        signing_keys(&run(service()?.signing_keys().rotate(&organization(&name)?))?)
    }
}

/// A key of an algorithm that nobody knows is a record that can't be read.
fn signing_keys(keys: &[SigningKeyInfo]) -> Result<Vec<SigningKey>, RegistryError> {
    let signing_key = |key: &SigningKeyInfo| {
        Ok(SigningKey {
            kid: key.kid.clone(),
            algorithm: SigningAlgorithm::from_name(key.alg).ok_or(RegistryError::StoreUnavailable)?.into(),
            signs_from: key.signs_from,
            signs_until: key.signs_until,
        })
    };
    keys.iter().map(signing_key).collect()
}
