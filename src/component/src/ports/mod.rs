//! What core needs of the world, as the component's imports give it.

mod clock;
mod entropy;
mod keys;
#[cfg_attr(feature = "standalone", path = "memory.rs")]
mod store;

use asserta_core::jose::Portable;
use asserta_core::ports::Ports;

use self::clock::WallClock;
use self::entropy::HostEntropy;
use self::keys::CallerSupplies;
use self::store::AreaStore;

/// The imports, bundled.
#[derive(Clone)]
pub(crate) struct ComponentPorts {
    registry: AreaStore,
    replay: AreaStore,
}

impl Default for ComponentPorts {
    fn default() -> Self {
        Self { registry: AreaStore::registry(), replay: AreaStore::replay() }
    }
}

impl Ports for ComponentPorts {
    type Store = AreaStore;
    type KeyFetcher = CallerSupplies;
    type Clock = WallClock;
    type Entropy = HostEntropy;
    type Signatures = Portable;

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

    fn signatures(&self) -> &Portable {
        &Portable
    }
}
