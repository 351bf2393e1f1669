//! `asserta:exchange/configuration`.

use alloc::string::String;

use asserta_core::jose::SigningAlgorithm;
use asserta_core::service::{ApplyReport as Applied, Settings as CoreSettings, TrustDocument};

use crate::bindings::Component;
use crate::bindings::wit::configuration::{ApplyReport, Guest, Settings};
use crate::bindings::wit::types::{InvalidMember, RegistryError};
use crate::instance::{self, run, service};

impl Guest for Component {
    fn configure(settings: Settings) -> Result<(), InvalidMember> {
        let algorithm = settings.access_token_algorithm.map_or(SigningAlgorithm::Es256, Into::into);
        instance::configure(CoreSettings::new(&settings.public_url, algorithm, settings.dev)?);
        Ok(())
    }

    fn apply(document: String) -> Result<ApplyReport, RegistryError> {
        let service = service()?;
        let document = TrustDocument::parse(document.as_bytes(), service.settings().dev())?;
        Ok(run(service.registry().apply(&document))?.into())
    }
}

impl From<Applied> for ApplyReport {
    fn from(applied: Applied) -> Self {
        let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        Self {
            created: count(applied.created),
            replaced: count(applied.replaced),
            unchanged: count(applied.unchanged),
        }
    }
}
