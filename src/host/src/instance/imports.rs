//! What the component imports.

use std::sync::Arc;

use serde_json::json;

use super::{State, World, log};
use crate::bindings::asserta::exchange::{events, store};
use crate::bindings::wasi::clocks::wall_clock;
use crate::bindings::wasi::random::random;
use crate::keyvalue::{Bucket, StoreError};

type Given<T> = wasmtime::Result<Result<T, store::StoreError>>;

/// The most random bytes that are handed out at once; the component asks for 32.
const MAX_RANDOM: u64 = 1024;

impl State {
    async fn bucket(&mut self, area: store::Area) -> Result<Arc<dyn Bucket>, store::StoreError> {
        let known = match area {
            store::Area::Registry => &mut self.registry,
            store::Area::Replay => &mut self.replay,
        };
        if let Some(bucket) = known {
            return Ok(bucket.clone());
        }
        let opened = self.world.stores.open(name(area)).await;
        let opened = opened.map_err(|error| told(&self.world, area, "open", None, error))?;
        Ok(known.insert(opened).clone())
    }
}

impl store::Host for State {
    async fn get(&mut self, area: store::Area, key: String) -> Given<Option<String>> {
        let bucket = match self.bucket(area).await {
            Ok(bucket) => bucket,
            Err(error) => return Ok(Err(error)),
        };
        Ok(match bucket.get(&key).await {
            Ok(value) => value.map(String::from_utf8).transpose().map_err(|_| not_text(&key)),
            Err(error) => Err(told(&self.world, area, "get", Some(&key), error)),
        })
    }

    async fn set(&mut self, area: store::Area, key: String, value: String) -> Given<()> {
        Ok(match self.bucket(area).await {
            Ok(bucket) => bucket
                .set(&key, value.as_bytes())
                .await
                .map_err(|error| told(&self.world, area, "set", Some(&key), error)),
            Err(error) => Err(error),
        })
    }

    async fn delete(&mut self, area: store::Area, key: String) -> Given<()> {
        Ok(match self.bucket(area).await {
            Ok(bucket) => bucket
                .delete(&key)
                .await
                .map_err(|error| told(&self.world, area, "delete", Some(&key), error)),
            Err(error) => Err(error),
        })
    }

    async fn keys(
        &mut self,
        area: store::Area,
        prefix: String,
        after: Option<String>,
        limit: u32,
    ) -> Given<Vec<String>> {
        Ok(match self.bucket(area).await {
            Ok(bucket) => bucket
                .keys(&prefix, after.as_deref(), limit as usize)
                .await
                .map_err(|error| told(&self.world, area, "keys", Some(&prefix), error)),
            Err(error) => Err(error),
        })
    }

    async fn increment(&mut self, area: store::Area, key: String) -> Given<i64> {
        Ok(match self.bucket(area).await {
            Ok(bucket) => bucket
                .increment(&key)
                .await
                .map_err(|error| told(&self.world, area, "increment", Some(&key), error)),
            Err(error) => Err(error),
        })
    }
}

/// Tells the operator what failed, as the endpoint tells its events, and the component that something did.
fn told(
    world: &World,
    area: store::Area,
    operation: &str,
    key: Option<&str>,
    error: StoreError,
) -> store::StoreError {
    if let Some(metrics) = &world.metrics {
        metrics.store_failure(name(area), operation);
    }
    let mut event = json!({
        "event": "store-failure", "store": name(area), "operation": operation, "cause": error.to_string(),
    });
    if let Some(key) = key {
        event["key"] = key.into();
    }
    log::event(&event);
    match error {
        StoreError::KeyTooLong | StoreError::NotACounter => store::StoreError::Rejected,
        _ => store::StoreError::Unavailable,
    }
}

fn name(area: store::Area) -> &'static str {
    match area {
        store::Area::Registry => "default",
        store::Area::Replay => "replay",
    }
}

/// Somebody else has written it.
fn not_text(key: &str) -> store::StoreError {
    let kind = key.split('/').next().unwrap_or_default();
    tracing::error!(kind, "a value of the store is not text");
    store::StoreError::Rejected
}

impl events::Host for State {
    async fn emit(&mut self, event: String) -> wasmtime::Result<()> {
        if let Some(metrics) = &self.world.metrics {
            metrics.note(&event);
        }
        log::line(&event);
        Ok(())
    }
}

impl wall_clock::Host for State {
    async fn now(&mut self) -> wasmtime::Result<wall_clock::Datetime> {
        let now = self.world.clock.now();
        Ok(wall_clock::Datetime { seconds: now.as_secs(), nanoseconds: now.subsec_nanos() })
    }

    async fn resolution(&mut self) -> wasmtime::Result<wall_clock::Datetime> {
        Ok(wall_clock::Datetime { seconds: 0, nanoseconds: 1000 })
    }
}

impl random::Host for State {
    async fn get_random_bytes(&mut self, length: u64) -> wasmtime::Result<Vec<u8>> {
        let mut bytes = vec![0; length.min(MAX_RANDOM) as usize];
        getrandom::fill(&mut bytes)?;
        Ok(bytes)
    }

    async fn get_random_u64(&mut self) -> wasmtime::Result<u64> {
        Ok(getrandom::u64()?)
    }
}
