//! What core needs of the world, as a Spin host gives it.

mod clock;
mod entropy;
mod fetch;
mod keyvalue;

use asserta_core::ports::Ports;

use self::clock::WallClock;
use self::entropy::HostEntropy;
use self::fetch::OutboundHttp;
use self::keyvalue::KeyValue;

/// The signature checks: core's portable ones, or jwt-simple's where the feature asks for them.
#[cfg(not(feature = "jwt-simple"))]
type Verifier = asserta_core::jose::verify::Portable;
#[cfg(feature = "jwt-simple")]
type Verifier = asserta_core::jose::verify_jwt_simple::JwtSimple;

/// The ports over Spin's host interfaces.
pub(crate) struct SpinPorts {
    registry: KeyValue,
    replay: KeyValue,
    fetcher: OutboundHttp,
    clock: WallClock,
    entropy: HostEntropy,
    verifier: Verifier,
}

impl Default for SpinPorts {
    fn default() -> Self {
        Self {
            registry: KeyValue::named("default"),
            replay: KeyValue::named("replay"),
            fetcher: OutboundHttp,
            clock: WallClock,
            entropy: HostEntropy,
            verifier: Verifier::default(),
        }
    }
}

impl Ports for SpinPorts {
    type Store = KeyValue;
    type KeyFetcher = OutboundHttp;
    type Clock = WallClock;
    type Entropy = HostEntropy;
    type Verifier = Verifier;

    fn registry(&self) -> &KeyValue {
        &self.registry
    }

    fn replay(&self) -> &KeyValue {
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

    fn verifier(&self) -> &Verifier {
        &self.verifier
    }
}
