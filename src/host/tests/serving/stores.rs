//! What stores do to requests: fail, panic, hang.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use asserta::Limits;
use asserta::keyvalue::{Bucket, KeyValue, MemoryStores, StoreError};
use async_trait::async_trait;

use crate::host_on;
use crate::wire::{get, status};

/// Stores in memory whose `get` misbehaves on command.
#[derive(Clone, Default)]
struct Moody {
    stores: MemoryStores,
    mood: Arc<AtomicU8>,
}

const WELL: u8 = 0;
const FAILING: u8 = 1;
const PANICKING: u8 = 2;
const HANGING: u8 = 3;

impl Moody {
    fn is(&self, mood: u8) {
        self.mood.store(mood, Ordering::SeqCst);
    }
}

#[async_trait]
impl KeyValue for Moody {
    async fn open(&self, name: &str) -> Result<Arc<dyn Bucket>, StoreError> {
        Ok(Arc::new(MoodyBucket { bucket: self.stores.open(name).await?, mood: self.mood.clone() }))
    }
}

struct MoodyBucket {
    bucket: Arc<dyn Bucket>,
    mood: Arc<AtomicU8>,
}

#[async_trait]
impl Bucket for MoodyBucket {
    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        match self.mood.load(Ordering::SeqCst) {
            FAILING => return Err(StoreError::Failed("no disk".to_owned())),
            PANICKING => panic!("the store panics"),
            HANGING => {
                while self.mood.load(Ordering::SeqCst) != WELL {
                    tokio::time::sleep(Duration::from_millis(10)).await;
                }
            }
            _ => {}
        }
        self.bucket.get(key).await
    }

    async fn set(&self, key: &str, value: &[u8]) -> Result<(), StoreError> {
        self.bucket.set(key, value).await
    }

    async fn delete(&self, key: &str) -> Result<(), StoreError> {
        self.bucket.delete(key).await
    }

    async fn keys(&self, prefix: &str, after: Option<&str>, limit: usize) -> Result<Vec<String>, StoreError> {
        self.bucket.keys(prefix, after, limit).await
    }

    async fn increment(&self, key: &str) -> Result<i64, StoreError> {
        self.bucket.increment(key).await
    }
}

/// R70: a store that fails means 503, and the end of the failure the end of it.
#[tokio::test(flavor = "multi_thread")]
async fn a_failing_store_is_told_to_the_endpoint() {
    let stores = Moody::default();
    let host = host_on(stores.clone()).start().await.unwrap();
    stores.is(FAILING);
    assert_eq!(status(&get(host.address(), "/health").await), 503);
    stores.is(WELL);
    assert_eq!(status(&get(host.address(), "/health").await), 200);
}

/// R71: a panic in one request answers 500 server_error and hurts no other.
#[tokio::test(flavor = "multi_thread")]
async fn a_panic_ends_one_request() {
    let stores = Moody::default();
    let host = host_on(stores.clone()).start().await.unwrap();
    stores.is(HANGING);
    let other = tokio::spawn(get(host.address(), "/health"));
    tokio::time::sleep(Duration::from_millis(200)).await;
    // The other request goes on waiting until all is well.
    stores.is(PANICKING);
    let answer = get(host.address(), "/health").await;
    assert_eq!(status(&answer), 500, "{answer}");
    assert!(answer.contains(r#""error":"server_error""#), "{answer}");
    assert!(answer.contains("cache-control: no-store"), "{answer}");
    stores.is(WELL);
    assert_eq!(status(&get(host.address(), "/health").await), 200);
    assert_eq!(status(&other.await.unwrap()), 200);
}

/// R71: a timeout in one request answers 500 server_error.
#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_waits_for_too_long_ends() {
    let stores = Moody::default();
    let limits = Limits { request_time: Duration::from_millis(300), ..Limits::default() };
    let host = host_on(stores.clone()).limits(limits).start().await.unwrap();
    stores.is(HANGING);
    let answer = get(host.address(), "/health").await;
    assert_eq!(status(&answer), 500, "{answer}");
    stores.is(WELL);
    assert_eq!(status(&get(host.address(), "/health").await), 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_beyond_the_cap_are_answered_with_503() {
    let stores = Moody::default();
    let limits = Limits { requests: 2, instances: 1, ..Limits::default() };
    let host = host_on(stores.clone()).limits(limits).start().await.unwrap();
    stores.is(HANGING);
    let (running, waiting) =
        (tokio::spawn(get(host.address(), "/health")), tokio::spawn(get(host.address(), "/health")));
    tokio::time::sleep(Duration::from_millis(200)).await;
    let refused = get(host.address(), "/health").await;
    assert_eq!(status(&refused), 503, "{refused}");
    assert!(refused.contains("retry-after: 1"), "{refused}");
    assert!(refused.contains(r#""error":"temporarily_unavailable""#), "{refused}");
    stores.is(WELL);
    assert_eq!(status(&running.await.unwrap()), 200);
    assert_eq!(status(&waiting.await.unwrap()), 200);
    assert_eq!(status(&get(host.address(), "/health").await), 200);
}
