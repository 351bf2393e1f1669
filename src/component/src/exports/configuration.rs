//! `asserta:exchange/configuration`.

use alloc::string::String;

use asserta_core::field::FieldError;
use asserta_core::jose::key::SigningAlgorithm;
use asserta_core::json::{self, to_text};
use asserta_core::service::{RegistryError as Failed, Report, Run, Settings as CoreSettings, TrustDocument};

use crate::bindings::Component;
use crate::bindings::wit::configuration::{Guest, Settings};
use crate::bindings::wit::types::{FieldError as Invalid, RegistryError};
use crate::instance::{self, service};

impl Guest for Component {
    fn configure(settings: Settings) -> Result<(), Invalid> {
        let algorithm = match settings.access_token_algorithm.as_deref() {
            None => SigningAlgorithm::Es256,
            Some(name) => SigningAlgorithm::from_name(name)
                .ok_or_else(|| FieldError::new("access_token_algorithm", "must be ES256, EdDSA or RS256"))?,
        };
        let core = CoreSettings::new(&settings.public_url, algorithm, settings.dev)?;
        instance::configure(core.with_dpop_nonce(settings.dpop_nonce));
        Ok(())
    }

    fn apply(document: String, dry_run: bool) -> Result<String, RegistryError> {
        let service = service()?;
        let document = TrustDocument::read(json::parse(document.as_bytes())?)?;
        document.check(service.settings().dev())?;
        let run = if dry_run { Run::Dry } else { Run::Real };
        let items = instance::run(service.registry().apply_each(&document, run)).map_err(Failed::from)?;
        Ok(to_text(&Report { dry_run, items }))
    }
}
