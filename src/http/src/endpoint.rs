//! What is kept between requests: the service over its ports, and nothing of any request.
//!
//! Requests of one endpoint interleave at their awaits, on one thread. How many there are at once the host decides.

use alloc::rc::Rc;
use alloc::string::ToString as _;
use core::cell::OnceCell;

use asserta_core::field::FieldError;
use asserta_core::oauth::Reason;
use asserta_core::ports::{Event, Ports};
use asserta_core::service::{ApplyReport, RegistryError, Seeding, Service};

use crate::settings::{EndpointSettings, Seed, SettingTexts};

/// An endpoint over the ports and settings of a host.
pub struct Endpoint<P: Ports, T: SettingTexts> {
    ports: Rc<P>,
    texts: T,
    started: OnceCell<Started<P>>,
}

/// What a request finds once the endpoint has started.
pub(crate) struct Started<P: Ports> {
    /// The use cases.
    pub(crate) service: Service<Rc<P>>,
    /// SHA-256 of the bearer token of the admin API. `None`: there is no admin API.
    pub(crate) admin_token_sha256: Option<[u8; 32]>,
}

/// Why the endpoint can't start. The next request tries again.
#[derive(Clone, Copy, Debug)]
pub(crate) enum NotStarted {
    /// A setting can't be used; an event names it.
    BadSetting,
    /// The store does not answer.
    StoreUnavailable,
}

impl NotStarted {
    /// What a client is told.
    pub(crate) const fn reason(self) -> Reason {
        match self {
            Self::BadSetting => Reason::ServerFault,
            Self::StoreUnavailable => Reason::StoreUnavailable,
        }
    }
}

impl<P: Ports, T: SettingTexts> Endpoint<P, T> {
    /// An endpoint, not started yet: the first request reads the settings.
    pub fn new(ports: P, texts: T) -> Self {
        Self { ports: Rc::new(ports), texts, started: OnceCell::new() }
    }

    /// Work that no response waits for: refreshing stale JWKS documents, sweeping the replay store. A host runs it
    /// after each response.
    pub async fn after_response(&self) {
        if let Some(started) = self.started.get() {
            // A store that fails here has been told of, and the next request tries again.
            _ = started.service.after_response().await;
        }
    }

    /// Refuses settings that can't be used, before any request meets them.
    ///
    /// # Errors
    /// The first one, and why.
    pub async fn check_settings(&self) -> Result<(), FieldError> {
        EndpointSettings::load(&self.texts).await.map(drop)
    }

    pub(crate) fn ports(&self) -> &P {
        &self.ports
    }

    /// What is there once it has started; the first request starts it. Two first requests at once do the same work
    /// twice, and the one that is done first stays.
    pub(crate) async fn started(&self) -> Result<&Started<P>, NotStarted> {
        if let Some(started) = self.started.get() {
            return Ok(started);
        }
        let fresh = self.start().await?;
        Ok(self.started.get_or_init(|| fresh))
    }

    async fn start(&self) -> Result<Started<P>, NotStarted> {
        let settings = EndpointSettings::load(&self.texts)
            .await
            .map_err(|error| bad_setting(&*self.ports, &error.field, &error.problem))?;
        let service = Service::new(Rc::clone(&self.ports), settings.core);
        if let Some(seed) = &settings.seed {
            sow(&service, seed).await?;
        }
        Ok(Started { service, admin_token_sha256: settings.admin_token_sha256 })
    }
}

/// Applies the seed document, unless this very document was applied at any time before: instances start all the time,
/// and none of them may undo what an administrator, or a newer document, has changed or removed since.
async fn sow(service: &Service<impl Ports>, seed: &Seed) -> Result<(), NotStarted> {
    let seeding =
        service.registry().apply_once(&seed.document, &seed.digest).await.map_err(|error| match error {
            RegistryError::Store(_) | RegistryError::Busy => NotStarted::StoreUnavailable,
            refused => bad_setting(service.ports(), "trust", &refused.to_string()),
        })?;
    let events = service.ports().events();
    match seeding {
        Seeding::Applied(ApplyReport { created, replaced, unchanged }) => {
            events.emit(&Event::SeedApplied { created, replaced, unchanged });
        }
        Seeding::Known => {}
        Seeding::Superseded => {
            let advice = "it was applied before, and another one after it; `asserta apply` applies it again";
            events.emit(&Event::SeedNotApplied { advice });
        }
    }
    Ok(())
}

fn bad_setting(ports: &impl Ports, setting: &str, problem: &str) -> NotStarted {
    ports.events().emit(&Event::BadSetting { setting, problem });
    NotStarted::BadSetting
}
