//! The stores behind `wasi:keyvalue`: named buckets of keys and values.
//!
//! The endpoint opens two buckets, `default` (registrations, keys, JWKS documents) and `replay`
//! (used assertions). [`SqliteStores`] keeps them in files, [`RedisStores`] where several nodes find them,
//! [`MemoryStores`] for the life of a process. A store that fails says so with a [`StoreError`]; the endpoint refuses then (R70).

mod memory;
mod redis;
mod sqlite;

use std::sync::Arc;

use async_trait::async_trait;

pub use memory::MemoryStores;
pub use redis::RedisStores;
pub use sqlite::SqliteStores;

/// Keys are at most so many bytes long, on every host (Redis and Spin's stores allow more).
pub const MAX_KEY_BYTES: usize = 256;

/// `keys` lists at most so many at a time.
pub const KEYS_PER_PAGE: usize = 1000;

/// Why a store did not do what it was asked.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
pub enum StoreError {
    /// There is no bucket of that name.
    #[error("there is no bucket of that name")]
    NoSuchBucket,
    /// The key is longer than [`MAX_KEY_BYTES`].
    #[error("a key is longer than {MAX_KEY_BYTES} bytes")]
    KeyTooLong,
    /// `increment` was asked for a key that holds bytes, or would pass the range of 64 bits.
    #[error("the value is not a counter with room for the increment")]
    NotACounter,
    /// What says where the storage is cannot be used.
    #[error("{0}")]
    BadAddress(&'static str),
    /// The storage itself failed: disk, database, network.
    #[error("the store failed: {0}")]
    Failed(String),
}

/// Opens buckets by name.
#[async_trait]
pub trait KeyValue: Send + Sync + 'static {
    /// The bucket called `name`.
    async fn open(&self, name: &str) -> Result<Arc<dyn Bucket>, StoreError>;
}

/// A set of keys, each with a value.
#[async_trait]
pub trait Bucket: Send + Sync + 'static {
    /// The value of a key; of a counter its decimal number.
    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError>;

    /// Writes a value, whether the key exists or not.
    async fn set(&self, key: &str, value: &[u8]) -> Result<(), StoreError>;

    /// Removes a key; no error where it does not exist.
    async fn delete(&self, key: &str) -> Result<(), StoreError>;

    /// The keys with this prefix that come after `after`, in ascending order of their bytes: at most `limit`, and at most
    /// [`KEYS_PER_PAGE`]. No key is the prefix itself, or empty.
    async fn keys(&self, prefix: &str, after: Option<&str>, limit: usize) -> Result<Vec<String>, StoreError>;

    /// Adds one to the counter under `key` (absent counts as 0) and returns the new value, in one atomic step among all
    /// users of the store.
    async fn increment(&self, key: &str) -> Result<i64, StoreError>;
}

fn check_key(key: &str) -> Result<(), StoreError> {
    if key.len() <= MAX_KEY_BYTES { Ok(()) } else { Err(StoreError::KeyTooLong) }
}

/// Where a page of keys begins: those with a prefix follow where the prefix would stand itself.
fn begin<'a>(prefix: &'a str, after: Option<&'a str>) -> &'a str {
    after.map_or(prefix, |after| after.max(prefix))
}

/// The keys of a page, of those that follow where it begins.
fn page_of(following: Vec<String>, prefix: &str) -> Vec<String> {
    following.into_iter().take_while(|key| key.starts_with(prefix)).collect()
}
