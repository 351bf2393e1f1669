//! What an instance keeps between requests: the service over its ports, and nothing of any request.
//!
//! Requests of one instance interleave at their awaits, on one thread. An instance serves a hundred
//! requests or a million, and how many there are at once the host decides.

use std::cell::OnceCell;
use std::rc::Rc;

use asserta_core::service::{ApplyReport, RegistryError, Seeding, Service};

use crate::log::Event;
use crate::ports::SpinPorts;
use crate::settings::{EndpointSettings, Seed};

/// An instance that has started.
pub(crate) struct Instance {
    /// The use cases.
    pub(crate) service: Service<SpinPorts>,
    /// SHA-256 of the bearer token of the admin API. `None`: there is no admin API.
    pub(crate) admin_token_sha256: Option<[u8; 32]>,
}

/// Why an instance can't start. The next request tries again.
#[derive(Clone, Copy, Debug)]
pub(crate) enum NotStarted {
    /// A setting can't be used; the log names it.
    BadSetting,
    /// The store does not answer.
    StoreUnavailable,
}

thread_local! {
    static INSTANCE: OnceCell<Rc<Instance>> = const { OnceCell::new() };
}

impl Instance {
    /// The instance, if a request has started it.
    pub(crate) fn started() -> Option<Rc<Self>> {
        INSTANCE.with(|instance| instance.get().cloned())
    }

    /// The instance; the first request starts it. Two first requests at once do the same work twice,
    /// and the one that is done first stays.
    pub(crate) async fn get() -> Result<Rc<Self>, NotStarted> {
        if let Some(started) = Self::started() {
            return Ok(started);
        }
        let fresh = Rc::new(Self::start().await?);
        Ok(INSTANCE.with(|instance| Rc::clone(instance.get_or_init(|| fresh))))
    }

    async fn start() -> Result<Self, NotStarted> {
        let settings = EndpointSettings::load().await.map_err(|error| {
            Event::BadSetting { setting: &error.field, problem: &error.problem }.write();
            NotStarted::BadSetting
        })?;
        let service = Service::new(SpinPorts::default(), settings.core);
        if let Some(seed) = &settings.seed {
            sow(&service, seed).await?;
        }
        Ok(Self { service, admin_token_sha256: settings.admin_token_sha256 })
    }
}

/// Applies the seed document, unless this very document was applied at any time before: instances start all the time,
/// and none of them may undo what an administrator, or a newer document, has changed or removed since.
async fn sow(service: &Service<SpinPorts>, seed: &Seed) -> Result<(), NotStarted> {
    let seeding = service.apply_once(&seed.document, &seed.digest).await.map_err(|error| match error {
        RegistryError::Store(_) | RegistryError::Busy => NotStarted::StoreUnavailable,
        refused => {
            Event::BadSetting { setting: "trust", problem: &refused.to_string() }.write();
            NotStarted::BadSetting
        }
    })?;
    match seeding {
        Seeding::Applied(ApplyReport { created, replaced, unchanged }) => {
            Event::SeedApplied { created, replaced, unchanged }.write();
        }
        Seeding::Known => {}
        Seeding::Superseded => {
            let advice = "it was applied before, and another one after it; `asserta apply` applies it again";
            Event::SeedNotApplied { advice }.write();
        }
    }
    Ok(())
}
