//! What core needs of the world, as a Spin host gives it.

mod clock;
mod entropy;
mod fetch;

use asserta_core::ports::{Events, Ports};
use asserta_endpoint_ports::{EndpointStore, Log, SpinBucket, SpinDatabase};

use self::clock::WallClock;
use self::entropy::HostEntropy;
use self::fetch::OutboundHttp;
use crate::variables::Variables;

/// Signatures: core's portable ones, or those of jwt-simple.
#[cfg(not(feature = "jwt-simple"))]
type Signatures = asserta_core::jose::signatures::Portable;
#[cfg(feature = "jwt-simple")]
type Signatures = asserta_core::jose::signatures::JwtSimple;

/// A store of Spin's.
type SpinStore = EndpointStore<SpinBucket, SpinDatabase, Variables>;

/// The ports over Spin's host interfaces.
pub(crate) struct SpinPorts {
    registry: SpinStore,
    replay: SpinStore,
    fetcher: OutboundHttp,
    clock: WallClock,
    entropy: HostEntropy,
    signatures: Signatures,
}

impl Default for SpinPorts {
    fn default() -> Self {
        Self {
            registry: SpinStore::registry(),
            replay: SpinStore::replay(Variables),
            fetcher: OutboundHttp,
            clock: WallClock,
            entropy: HostEntropy,
            signatures: Signatures::default(),
        }
    }
}

impl Ports for SpinPorts {
    type Store = SpinStore;
    type KeyFetcher = OutboundHttp;
    type Clock = WallClock;
    type Entropy = HostEntropy;
    type Signatures = Signatures;

    fn registry(&self) -> &SpinStore {
        &self.registry
    }

    fn replay(&self) -> &SpinStore {
        &self.replay
    }

    fn key_fetcher(&self) -> &OutboundHttp {
        &self.fetcher
    }

    fn clock(&self) -> &WallClock {
        &self.clock
    }

    fn entropy(&self) -> &HostEntropy {
        &self.entropy
    }

    fn signatures(&self) -> &Signatures {
        &self.signatures
    }

    fn events(&self) -> &dyn Events {
        &Log
    }
}
