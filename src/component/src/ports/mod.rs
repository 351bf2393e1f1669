//! What core needs of the world, as the component's imports give it.

mod clock;
mod entropy;
#[cfg(feature = "events")]
mod events;
mod keys;
#[cfg(feature = "host-signatures")]
mod signatures;
#[cfg_attr(feature = "standalone", path = "memory.rs")]
mod store;

use asserta_core::ports::Ports;

use self::clock::WallClock;
use self::entropy::HostEntropy;
use self::keys::CallerSupplies;
use self::store::AreaStore;

/// Signatures: core's portable ones, or those of the host.
#[cfg(not(feature = "host-signatures"))]
type Signatures = asserta_core::jose::signatures::Portable;
#[cfg(feature = "host-signatures")]
type Signatures = asserta_core::jose::signatures::ByHost<signatures::Imported>;

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
    type Clock = WallClock;
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

    fn clock(&self) -> &WallClock {
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
        &events::Imported
    }
}
