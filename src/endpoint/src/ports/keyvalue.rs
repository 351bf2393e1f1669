//! The store, over wasi:keyvalue.

use std::cell::OnceCell;

use asserta_core::ports::{Event, Events as _, KeyPage, Store, StoreError};

use crate::bindings::wasi::keyvalue::atomics;
use crate::bindings::wasi::keyvalue::store::{self, Bucket, Error};
use crate::log::Log;

/// One store of the host, opened at its first use and kept open as long as the instance lives.
pub(crate) struct KeyValue {
    name: &'static str,
    bucket: OnceCell<Bucket>,
}

impl KeyValue {
    /// The store that the host knows as `name`.
    pub(crate) const fn named(name: &'static str) -> Self {
        Self { name, bucket: OnceCell::new() }
    }

    fn bucket(&self) -> Result<&Bucket, StoreError> {
        if let Some(bucket) = self.bucket.get() {
            return Ok(bucket);
        }
        let bucket = store::open(self.name).map_err(|error| self.failed("open", None, &error))?;
        Ok(self.bucket.get_or_init(|| bucket))
    }

    /// Tells the operator what the caller is not told.
    fn failed(&self, operation: &str, key: Option<&str>, error: &Error) -> StoreError {
        let cause = match error {
            Error::NoSuchStore => "no such store",
            Error::AccessDenied => "access denied",
            Error::Other(text) => text,
        };
        Log.emit(&Event::StoreFailure { store: self.name, operation, key, cause });
        StoreError::Unavailable
    }
}

impl Store for KeyValue {
    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.bucket()?.get(key).map_err(|error| self.failed("get", Some(key), &error))
    }

    async fn set(&self, key: &str, value: &[u8]) -> Result<(), StoreError> {
        self.bucket()?.set(key, value).map_err(|error| self.failed("set", Some(key), &error))
    }

    async fn delete(&self, key: &str) -> Result<(), StoreError> {
        self.bucket()?.delete(key).map_err(|error| self.failed("delete", Some(key), &error))
    }

    async fn page_of_keys(&self, prefix: &str, from: Option<&str>) -> Result<KeyPage, StoreError> {
        let bucket = self.bucket()?;
        // Where a store's cursor is the key to go on after, as on our own host, a list begins at its prefix; Spin knows
        // no cursor, refuses, and gives all keys at once.
        let near = from.is_none().then(|| bucket.list_keys(Some(prefix)).ok()).flatten();
        let page = match near {
            Some(page) => page,
            None => bucket.list_keys(from).map_err(|error| self.failed("list-keys", Some(prefix), &error))?,
        };
        // Several pages come in ascending order, so that behind the prefix nothing is left of it.
        let beyond = page.keys.last().is_some_and(|last| last.as_str() > prefix && !last.starts_with(prefix));
        let next = page.cursor.filter(|_| !beyond);
        let keys = page.keys.into_iter().filter(|key| key.starts_with(prefix)).collect();
        Ok(KeyPage { keys, next })
    }

    async fn increment(&self, key: &str) -> Result<i64, StoreError> {
        atomics::increment(self.bucket()?, key, 1)
            .map_err(|error| self.failed("increment", Some(key), &error))
    }
}
