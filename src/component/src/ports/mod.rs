//! What core needs of the world, as the component's imports give it.

#[cfg(feature = "standalone")]
mod memory;

#[cfg(not(feature = "standalone"))]
use asserta_imports::AreaStore;
use asserta_imports::{CallerSupplies, HostEntropy, WallClock};

#[cfg(feature = "standalone")]
use self::memory::AreaStore;
use asserta_core::ports::Ports;

/// Signatures: core's portable ones, or those of the host.
#[cfg(not(feature = "host-signatures"))]
type Signatures = asserta_core::jose::signatures::Portable;
#[cfg(feature = "host-signatures")]
type Signatures = asserta_core::jose::signatures::ByHost<asserta_imports::Imported>;

/// How long something takes is for events.
type Clock = WallClock<{ cfg!(feature = "events") }>;

/// The imports, bundled.
#[derive(Clone)]
pub(crate) struct ComponentPorts {
    registry: AreaStore,
    replay: AreaStore,
    signatures: Signatures,
}

impl Default for ComponentPorts {
    fn default() -> Self {
        Self {
            registry: AreaStore::registry(),
            replay: AreaStore::replay(),
            signatures: Signatures::default(),
        }
    }
}

impl Ports for ComponentPorts {
    type Store = AreaStore;
    type KeyFetcher = CallerSupplies;
    type Clock = Clock;
    type Entropy = HostEntropy;
    type Signatures = Signatures;

    fn registry(&self) -> &AreaStore {
        &self.registry
    }

    fn replay(&self) -> &AreaStore {
        &self.replay
    }

    fn key_fetcher(&self) -> &CallerSupplies {
        &CallerSupplies
    }

    fn clock(&self) -> &Clock {
        &WallClock
    }

    fn entropy(&self) -> &HostEntropy {
        &HostEntropy
    }

    fn signatures(&self) -> &Signatures {
        &self.signatures
    }

    #[cfg(feature = "events")]
    fn events(&self) -> &dyn asserta_core::ports::Events {
        &asserta_imports::Told
    }

    #[cfg(feature = "policy")]
    fn policy(&self) -> Option<&dyn asserta_core::ports::Policy> {
        Some(&asserta_imports::ComposedPolicy)
    }
}
