//! A host in this process: the built component, served over a real socket, with a clock under the test's hand.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::Result;
use asserta::clock::WallClock;
use asserta::keyvalue::{KeyValue, MemoryStores};
use asserta::{Host, Limits, OutboundRules, Program, Secret, Settings};

/// The bearer token of the admin API of such hosts.
pub const ADMIN_TOKEN: &str = "an-admin-token-for-tests-of-enough-length";

/// Where such hosts say they are: not where they listen, so that the public URL is seen to count.
pub const PUBLIC_URL: &str = "https://as.example";

/// A clock that stands still until it is set.
#[derive(Clone)]
pub struct StillClock(Arc<AtomicU64>);

impl StillClock {
    /// A clock that shows so many seconds since 1970.
    pub fn at(seconds: u64) -> Self {
        Self(Arc::new(AtomicU64::new(seconds)))
    }

    /// The present, as the first time to show.
    pub fn at_present() -> Self {
        Self::at(present())
    }

    /// It shows this time from now on.
    pub fn set(&self, seconds: u64) {
        self.0.store(seconds, Ordering::SeqCst);
    }

    /// What it shows.
    pub fn seconds(&self) -> u64 {
        self.0.load(Ordering::SeqCst)
    }
}

impl WallClock for StillClock {
    fn now(&self) -> Duration {
        Duration::from_secs(self.seconds())
    }
}

/// The seconds since 1970.
pub fn present() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

/// A running host.
pub struct LocalHost {
    host: Host,
    /// Its clock.
    pub clock: StillClock,
}

/// A host that is about to start.
pub struct Builder {
    program: Program,
    stores: Arc<dyn KeyValue>,
    clock: StillClock,
    settings: Settings,
    limits: Limits,
}

impl LocalHost {
    /// A host for a component, with empty stores in memory, in development mode.
    pub fn of(program: Program) -> Builder {
        let settings = Settings {
            public_url: Some(PUBLIC_URL.to_owned()),
            admin_token: Some(Secret::new(ADMIN_TOKEN)),
            dev: true,
            ..Settings::default()
        };
        Builder {
            program,
            stores: Arc::new(MemoryStores::new()),
            clock: StillClock::at_present(),
            settings,
            limits: Limits::default(),
        }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.host.address()
    }

    /// Stops it when the running requests are finished.
    pub async fn stop(self) {
        self.host.stop().await;
    }
}

impl Builder {
    /// Other stores.
    #[must_use]
    pub fn stores(mut self, stores: Arc<dyn KeyValue>) -> Self {
        self.stores = stores;
        self
    }

    /// Another clock.
    #[must_use]
    pub fn clock(mut self, clock: StillClock) -> Self {
        self.clock = clock;
        self
    }

    /// Other settings.
    #[must_use]
    pub fn settings(mut self, change: impl FnOnce(&mut Settings)) -> Self {
        change(&mut self.settings);
        self
    }

    /// Other limits.
    #[must_use]
    pub fn limits(mut self, change: impl FnOnce(&mut Limits)) -> Self {
        change(&mut self.limits);
        self
    }

    /// Starts it on a free port.
    ///
    /// # Errors
    /// The host does not start.
    pub async fn start(self) -> Result<LocalHost> {
        let outbound = OutboundRules { dev: self.settings.dev, ..OutboundRules::default() };
        let host = Host::builder(self.program, self.stores)
            .settings(self.settings)
            .outbound(outbound)
            .limits(self.limits)
            .clock(self.clock.clone())
            .start()
            .await?;
        Ok(LocalHost { host, clock: self.clock })
    }
}
