//! A store in memory that can be broken, full or slow to list.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::ops::Bound;

use asserta_core::ports::{KeyPage, Store, StoreError};

use super::yield_once;

#[derive(Default)]
pub struct Memory {
    pub entries: RefCell<BTreeMap<String, Vec<u8>>>,
    pub broken: Cell<bool>,
    /// It takes no writes, but deletions: as a Redis that is full.
    pub full: Cell<bool>,
    /// Keys can't be listed, as where there are too many of them for Spin.
    pub unlistable: Cell<bool>,
    /// After so many steps that succeed, one fails.
    pub fails_after: Cell<Option<usize>>,
    /// How many keys were read.
    pub reads: Cell<usize>,
    /// How many pages of keys were asked for.
    pub pages: Cell<usize>,
    /// How many keys were listed.
    pub listed: Cell<usize>,
    /// It lists the keys after any one by itself, as stores do that keep them in order.
    pub is_ordered: Cell<bool>,
}

/// Few, so that lists have several pages.
pub const KEYS_PER_PAGE: usize = 10;

impl Memory {
    async fn step(&self) -> Result<(), StoreError> {
        yield_once().await;
        let left = self.fails_after.get();
        self.fails_after.set(left.and_then(|left| left.checked_sub(1)));
        if self.broken.get() || left == Some(0) { Err(StoreError::Unavailable) } else { Ok(()) }
    }

    async fn step_of_write(&self) -> Result<(), StoreError> {
        self.step().await?;
        if self.full.get() { Err(StoreError::Unavailable) } else { Ok(()) }
    }
}

impl Store for Memory {
    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.step().await?;
        self.reads.set(self.reads.get() + 1);
        Ok(self.entries.borrow().get(key).cloned())
    }

    async fn set(&self, key: &str, value: &[u8]) -> Result<(), StoreError> {
        self.step_of_write().await?;
        assert!(key.len() <= 256, "{key}");
        self.entries.borrow_mut().insert(key.into(), value.into());
        Ok(())
    }

    async fn delete(&self, key: &str) -> Result<(), StoreError> {
        self.step().await?;
        self.entries.borrow_mut().remove(key);
        Ok(())
    }

    async fn page_of_keys(&self, prefix: &str, from: Option<&str>) -> Result<KeyPage, StoreError> {
        self.step().await?;
        self.pages.set(self.pages.get() + 1);
        if self.unlistable.get() {
            return Err(StoreError::Unavailable);
        }
        let entries = self.entries.borrow();
        let after = |key: &&String| key.starts_with(prefix) && from.is_none_or(|from| key.as_str() > from);
        let keys: Vec<String> = entries.keys().filter(after).take(KEYS_PER_PAGE).cloned().collect();
        let next = keys.last().filter(|_| keys.len() == KEYS_PER_PAGE).cloned();
        self.listed.set(self.listed.get() + keys.len());
        Ok(KeyPage { keys, next })
    }

    async fn keys_after(
        &self,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<String>, StoreError> {
        if !self.is_ordered.get() {
            let mut keys = self.keys(prefix).await?;
            keys.retain(|key| after.is_none_or(|after| key.as_str() > after));
            keys.truncate(limit);
            return Ok(keys);
        }
        self.step().await?;
        let from = after.map_or(Bound::Included(prefix), Bound::Excluded);
        let entries = self.entries.borrow();
        let keys = entries.range::<str, _>((from, Bound::Unbounded)).map(|(key, _)| key);
        let keys: Vec<String> = keys.take_while(|key| key.starts_with(prefix)).take(limit).cloned().collect();
        self.listed.set(self.listed.get() + keys.len());
        Ok(keys)
    }

    async fn increment(&self, key: &str) -> Result<i64, StoreError> {
        self.step_of_write().await?;
        assert!(key.len() <= 256, "{key}");
        let mut entries = self.entries.borrow_mut();
        let value = entries.entry(key.into()).or_insert_with(|| vec![0; 8]);
        let count = i64::from_le_bytes(value.as_slice().try_into().expect("a counter has 8 bytes")) + 1;
        *value = count.to_le_bytes().into();
        Ok(count)
    }
}
