//! What the component gets of the world.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use wasmtime::{StoreLimits, StoreLimitsBuilder};

use crate::bindings::asserta::exchange::store::{self, Area, StoreError};
use crate::bindings::wasi::{clocks::wall_clock, random::random};
use crate::store::Store;

/// Tells the time, since 1970.
pub(crate) type Clock = Arc<dyn Fn() -> std::time::Duration + Send + Sync>;

/// The wall clock of the operating system. One that stands before 1970 is none: 0 makes every assertion one
/// of the future.
pub(crate) fn system_clock() -> Clock {
    Arc::new(|| SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default())
}

/// The imports of one instance.
pub(crate) struct Host<S> {
    pub(crate) store: S,
    pub(crate) clock: Clock,
    pub(crate) limits: StoreLimits,
    #[cfg(feature = "http")]
    pub(crate) on_event: Option<crate::http::OnEvent>,
    #[cfg(feature = "host-signatures")]
    pub(crate) signatures: crate::signatures::Signatures,
}

impl<S> Host<S> {
    pub(crate) fn new(store: S, clock: Clock, memory: usize) -> Self {
        Self {
            store,
            clock,
            limits: StoreLimitsBuilder::new().memory_size(memory).build(),
            #[cfg(feature = "http")]
            on_event: None,
            #[cfg(feature = "host-signatures")]
            signatures: Default::default(),
        }
    }
}

impl<S: Store> store::Host for Host<S> {
    fn get(&mut self, area: Area, key: String) -> Result<Option<String>, StoreError> {
        self.store.get(area, &key)
    }

    fn set(&mut self, area: Area, key: String, value: String) -> Result<(), StoreError> {
        self.store.set(area, &key, &value)
    }

    fn delete(&mut self, area: Area, key: String) -> Result<(), StoreError> {
        self.store.delete(area, &key)
    }

    fn keys(
        &mut self,
        area: Area,
        prefix: String,
        after: Option<String>,
        limit: u32,
    ) -> Result<Vec<String>, StoreError> {
        self.store.keys(area, &prefix, after.as_deref(), limit as usize)
    }

    fn increment(&mut self, area: Area, key: String) -> Result<i64, StoreError> {
        self.store.increment(area, &key)
    }
}

impl<S: Store> wall_clock::Host for Host<S> {
    fn now(&mut self) -> wall_clock::Datetime {
        let now = (self.clock)();
        wall_clock::Datetime { seconds: now.as_secs(), nanoseconds: now.subsec_nanos() }
    }

    fn resolution(&mut self) -> wall_clock::Datetime {
        wall_clock::Datetime { seconds: 0, nanoseconds: 1 }
    }
}

impl<S: Store> random::Host for Host<S> {
    /// At most a kibibyte: the component asks for 32 bytes.
    fn get_random_bytes(&mut self, length: u64) -> Vec<u8> {
        let mut bytes = vec![0; usize::try_from(length).unwrap_or(usize::MAX).min(1024)];
        getrandom::fill(&mut bytes).expect("the operating system has random numbers");
        bytes
    }

    fn get_random_u64(&mut self) -> u64 {
        getrandom::u64().expect("the operating system has random numbers")
    }
}

#[cfg(feature = "http")]
impl<S: Store> crate::bindings::http::asserta::exchange::events::Host for Host<S> {
    fn emit(&mut self, event: String) {
        if let Some(on_event) = &self.on_event {
            on_event(&event);
        }
    }
}
