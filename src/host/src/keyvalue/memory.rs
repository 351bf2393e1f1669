//! Stores that live as long as the process: for tests and for embedding.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;

use super::{Bucket, KEYS_PER_PAGE, KeyValue, StoreError, begin, check_key, page_of};

/// The two buckets, in memory.
#[derive(Clone, Default)]
pub struct MemoryStores {
    default: Arc<MemoryBucket>,
    replay: Arc<MemoryBucket>,
}

impl MemoryStores {
    /// Two empty buckets.
    pub fn new() -> Self {
        Self::default()
    }
}

#[async_trait]
impl KeyValue for MemoryStores {
    async fn open(&self, name: &str) -> Result<Arc<dyn Bucket>, StoreError> {
        match name {
            "default" => Ok(self.default.clone()),
            "replay" => Ok(self.replay.clone()),
            _ => Err(StoreError::NoSuchBucket),
        }
    }
}

enum Value {
    Bytes(Vec<u8>),
    Counter(i64),
}

#[derive(Default)]
struct MemoryBucket(Mutex<BTreeMap<String, Value>>);

impl MemoryBucket {
    fn entries(&self) -> MutexGuard<'_, BTreeMap<String, Value>> {
        // Each step below is a single change of the map: a panic cannot leave half of one.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Bucket for MemoryBucket {
    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.entries().get(key).map(|value| match value {
            Value::Bytes(bytes) => bytes.clone(),
            Value::Counter(count) => count.to_string().into_bytes(),
        }))
    }

    async fn set(&self, key: &str, value: &[u8]) -> Result<(), StoreError> {
        check_key(key)?;
        self.entries().insert(key.to_owned(), Value::Bytes(value.to_vec()));
        Ok(())
    }

    async fn delete(&self, key: &str) -> Result<(), StoreError> {
        self.entries().remove(key);
        Ok(())
    }

    async fn keys(&self, prefix: &str, after: Option<&str>, limit: usize) -> Result<Vec<String>, StoreError> {
        let after = Bound::Excluded(begin(prefix, after));
        let entries = self.entries();
        let keys = entries.range::<str, _>((after, Bound::Unbounded)).map(|(key, _)| key.clone());
        Ok(page_of(keys.take(limit.min(KEYS_PER_PAGE)).collect(), prefix))
    }

    async fn increment(&self, key: &str) -> Result<i64, StoreError> {
        check_key(key)?;
        let mut entries = self.entries();
        match entries.entry(key.to_owned()).or_insert(Value::Counter(0)) {
            Value::Counter(count) => {
                *count = count.checked_add(1).ok_or(StoreError::NotACounter)?;
                Ok(*count)
            }
            Value::Bytes(_) => Err(StoreError::NotACounter),
        }
    }
}
