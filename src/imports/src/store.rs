//! The store, imported from the host.

use alloc::string::String;
use alloc::vec::Vec;

use asserta_core::ports::{KeyPage, Store, StoreError};

use crate::bindings::asserta::exchange::store::{self, Area, StoreError as HostStoreError};

/// How many keys are listed at once: an instance's memory is small.
const KEYS_AT_ONCE: u32 = 1000;

/// One area of the host's store.
#[derive(Clone)]
pub struct AreaStore(Area);

impl AreaStore {
    /// Registrations, our keys, JWKS documents.
    pub const fn registry() -> Self {
        Self(Area::Registry)
    }

    /// Used assertions.
    pub const fn replay() -> Self {
        Self(Area::Replay)
    }
}

impl From<HostStoreError> for StoreError {
    /// Why is for the host's log; core refuses either way (R70).
    fn from(_: HostStoreError) -> Self {
        Self::Unavailable
    }
}

impl Store for AreaStore {
    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(store::get(self.0, key)?.map(String::into_bytes))
    }

    async fn set(&self, key: &str, value: &[u8]) -> Result<(), StoreError> {
        // Core stores JSON and names, which are UTF-8.
        let text = core::str::from_utf8(value).map_err(|_| StoreError::Unavailable)?;
        Ok(store::set(self.0, key, text)?)
    }

    async fn delete(&self, key: &str) -> Result<(), StoreError> {
        Ok(store::delete(self.0, key)?)
    }

    async fn page_of_keys(&self, prefix: &str, from: Option<&str>) -> Result<KeyPage, StoreError> {
        let mut keys = store::keys(self.0, prefix, from, KEYS_AT_ONCE)?;
        let next = keys
            .last()
            .filter(|last| keys.len() as u64 >= u64::from(KEYS_AT_ONCE) && from != Some(last.as_str()));
        let next = next.cloned();
        // A host must not make us trust a key of another kind.
        keys.retain(|key| key.starts_with(prefix));
        Ok(KeyPage { keys, next })
    }

    async fn keys_after(
        &self,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<String>, StoreError> {
        let mut keys = store::keys(self.0, prefix, after, limit as u32)?;
        // As above; and a list that does not go forward would never end.
        keys.retain(|key| key.starts_with(prefix) && after.is_none_or(|after| key.as_str() > after));
        keys.truncate(limit);
        Ok(keys)
    }

    async fn increment(&self, key: &str) -> Result<i64, StoreError> {
        Ok(store::increment(self.0, key)?)
    }
}
