//! What core needs of the world, as the component's imports give it.

use asserta_core::ports::{Clock, Events, FetchProblem, FetchRequest, FetchedDocument, KeyFetcher, Ports};
use asserta_imports::{AreaStore, HostEntropy, Told, WallClock};

use crate::waiting;

/// Signatures: core's portable ones, or those of the host.
#[cfg(not(feature = "host-signatures"))]
type Signatures = asserta_core::jose::signatures::Portable;
#[cfg(feature = "host-signatures")]
type Signatures = asserta_core::jose::signatures::ByHost<asserta_imports::Imported>;

/// The host's wall clock. Waiting is the host's as well: the request goes on when it is resumed.
pub(crate) struct HandlerClock;

impl Clock for HandlerClock {
    fn now(&self) -> u64 {
        WallClock::<true>.now()
    }

    fn microseconds(&self) -> u64 {
        WallClock::<true>.microseconds()
    }

    async fn sleep(&self, milliseconds: u64) {
        waiting::sleep(milliseconds).await;
    }
}

/// The host fetches: the request goes on when it hands the document over.
pub(crate) struct HostFetches;

impl KeyFetcher for HostFetches {
    const CALLER_SUPPLIES: bool = false;

    async fn fetch(&self, request: FetchRequest<'_>) -> Result<FetchedDocument, FetchProblem> {
        waiting::fetch(request).await
    }
}

/// The imports, bundled.
pub(crate) struct HandlerPorts {
    registry: AreaStore,
    replay: AreaStore,
    signatures: Signatures,
}

impl Default for HandlerPorts {
    fn default() -> Self {
        Self {
            registry: AreaStore::registry(),
            replay: AreaStore::replay(),
            signatures: Signatures::default(),
        }
    }
}

impl Ports for HandlerPorts {
    type Store = AreaStore;
    type KeyFetcher = HostFetches;
    type Clock = HandlerClock;
    type Entropy = HostEntropy;
    type Signatures = Signatures;

    fn registry(&self) -> &AreaStore {
        &self.registry
    }

    fn replay(&self) -> &AreaStore {
        &self.replay
    }

    fn key_fetcher(&self) -> &HostFetches {
        &HostFetches
    }

    fn clock(&self) -> &HandlerClock {
        &HandlerClock
    }

    fn entropy(&self) -> &HostEntropy {
        &HostEntropy
    }

    fn signatures(&self) -> &Signatures {
        &self.signatures
    }

    fn events(&self) -> &dyn Events {
        &Told
    }

    #[cfg(feature = "policy")]
    fn policy(&self) -> Option<&dyn asserta_core::ports::Policy> {
        Some(&asserta_imports::ComposedPolicy)
    }
}
