//! What core needs of the world, as WASI 0.2 gives it. What takes time blocks.

use asserta_core::jose::signatures::Portable;
use asserta_core::ports::{Clock, Entropy, Events, Ports};
use asserta_endpoint_ports::Log;
use wasip2::clocks::{monotonic_clock, wall_clock};
use wasip2::random::random::get_random_bytes;

use crate::fetch::OutboundHttp;
use crate::host::{self, HostStore};

/// The host's clocks.
pub(crate) struct HostClock;

impl Clock for HostClock {
    fn now(&self) -> u64 {
        wall_clock::now().seconds
    }

    fn microseconds(&self) -> u64 {
        monotonic_clock::now() / 1000
    }

    async fn sleep(&self, milliseconds: u64) {
        monotonic_clock::subscribe_duration(milliseconds.saturating_mul(1_000_000)).block();
    }
}

/// The host's cryptographically secure generator.
pub(crate) struct HostEntropy;

impl Entropy for HostEntropy {
    /// A host that hands over another number of bytes than asked for breaks its contract: this traps then, since
    /// going on with what is left would make guessable keys.
    fn fill(&self, bytes: &mut [u8]) {
        bytes.copy_from_slice(&get_random_bytes(bytes.len() as u64));
    }
}

/// The ports over the host's interfaces.
pub(crate) struct HostPorts {
    registry: HostStore,
    replay: HostStore,
}

impl Default for HostPorts {
    fn default() -> Self {
        Self { registry: host::registry(), replay: host::replay() }
    }
}

impl Ports for HostPorts {
    type Store = HostStore;
    type KeyFetcher = OutboundHttp;
    type Clock = HostClock;
    type Entropy = HostEntropy;
    type Signatures = Portable;

    fn registry(&self) -> &HostStore {
        &self.registry
    }

    fn replay(&self) -> &HostStore {
        &self.replay
    }

    fn key_fetcher(&self) -> &OutboundHttp {
        &OutboundHttp
    }

    fn clock(&self) -> &HostClock {
        &HostClock
    }

    fn entropy(&self) -> &HostEntropy {
        &HostEntropy
    }

    fn signatures(&self) -> &Portable {
        &Portable
    }

    fn events(&self) -> &dyn Events {
        &Log
    }
}
