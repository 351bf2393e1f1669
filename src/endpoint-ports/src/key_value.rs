//! A store over wasi:keyvalue.

use std::cell::{Cell, OnceCell};

use asserta_core::ports::{Event, Events as _, KeyPage, Store, StoreError};

use crate::log::Log;

/// An open bucket of wasi:keyvalue, in one of its drafts. An error is the cause, for the operator.
#[allow(missing_docs, reason = "the operations of wasi:keyvalue")]
pub trait Bucket: Sized {
    /// Opens the bucket of one of our stores, `default` or `replay`.
    fn open(store: &'static str) -> Result<Self, String>;
    fn get(&self, key: &str) -> Result<Option<Vec<u8>>, String>;
    fn set(&self, key: &str, value: &[u8]) -> Result<(), String>;
    fn delete(&self, key: &str) -> Result<(), String>;
    /// Keys, whatever they begin with, and where the next ones begin.
    fn list_keys(&self, cursor: Option<&str>) -> Result<KeyPage, String>;
    /// The keys from the prefix on, where a cursor is the key to go on after; `None`: it is something else here.
    fn list_keys_from(&self, prefix: &str) -> Option<KeyPage>;
    fn increment(&self, key: &str) -> Result<i64, String>;
}

/// One store of the host, opened at its first use and kept open as long as the instance lives.
pub struct KeyValue<B> {
    name: &'static str,
    bucket: OnceCell<B>,
    /// Whether a counter was seen to be readable.
    counts: Cell<bool>,
}

impl<B: Bucket> KeyValue<B> {
    /// The store of this name.
    pub const fn named(name: &'static str) -> Self {
        Self { name, bucket: OnceCell::new(), counts: Cell::new(false) }
    }

    fn bucket(&self) -> Result<&B, StoreError> {
        if let Some(bucket) = self.bucket.get() {
            return Ok(bucket);
        }
        let bucket = B::open(self.name).map_err(|cause| self.failed("open", None, &cause))?;
        Ok(self.bucket.get_or_init(|| bucket))
    }

    /// Tells the operator what the caller is not told.
    fn failed(&self, operation: &str, key: Option<&str>, cause: &str) -> StoreError {
        Log.emit(&Event::StoreFailure { store: self.name, operation, key, cause });
        StoreError::Unavailable
    }

    /// Refuses a store whose counters can't be read, once in each instance. Azure Cosmos DB under Spin is one, and it
    /// gives 1 to two that increment a new key at once; no other is known that reads no counter (docs/hosts.md).
    fn look_back(&self, bucket: &B, key: &str) -> Result<(), StoreError> {
        if !self.counts.get() {
            bucket.get(key).map_err(|cause| {
                let cause = format!("{cause}; a store that can't read a counter is not trusted to count");
                self.failed("increment", Some(key), &cause)
            })?;
            self.counts.set(true);
        }
        Ok(())
    }
}

impl<B: Bucket> Store for KeyValue<B> {
    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.bucket()?.get(key).map_err(|cause| self.failed("get", Some(key), &cause))
    }

    async fn set(&self, key: &str, value: &[u8]) -> Result<(), StoreError> {
        self.bucket()?.set(key, value).map_err(|cause| self.failed("set", Some(key), &cause))
    }

    async fn delete(&self, key: &str) -> Result<(), StoreError> {
        self.bucket()?.delete(key).map_err(|cause| self.failed("delete", Some(key), &cause))
    }

    async fn page_of_keys(&self, prefix: &str, from: Option<&str>) -> Result<KeyPage, StoreError> {
        let bucket = self.bucket()?;
        // Where a store's cursor is the key to go on after, as on our own host, a list begins at its prefix; Spin knows
        // no cursor, refuses, and gives all keys at once.
        let near = from.is_none().then(|| bucket.list_keys_from(prefix)).flatten();
        let page = match near {
            Some(page) => page,
            None => bucket.list_keys(from).map_err(|cause| self.failed("list-keys", Some(prefix), &cause))?,
        };
        // Several pages come in ascending order, so that behind the prefix nothing is left of it.
        let beyond = page.keys.last().is_some_and(|last| last.as_str() > prefix && !last.starts_with(prefix));
        let next = page.next.filter(|_| !beyond);
        let keys = page.keys.into_iter().filter(|key| key.starts_with(prefix)).collect();
        Ok(KeyPage { keys, next })
    }

    async fn increment(&self, key: &str) -> Result<i64, StoreError> {
        let bucket = self.bucket()?;
        let count = bucket.increment(key).map_err(|cause| self.failed("increment", Some(key), &cause))?;
        self.look_back(bucket, key)?;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::at_once;

    /// A bucket whose counters, as under Azure Cosmos DB, `get` can't read; with `READABLE`, one that is right.
    #[derive(Default)]
    struct Counters<const READABLE: bool>(Cell<i64>);

    impl<const READABLE: bool> Bucket for Counters<READABLE> {
        fn open(_: &'static str) -> Result<Self, String> {
            Ok(Self::default())
        }
        fn get(&self, _: &str) -> Result<Option<Vec<u8>>, String> {
            if READABLE { Ok(Some(b"1".to_vec())) } else { Err("expected a sequence".to_owned()) }
        }
        fn set(&self, _: &str, _: &[u8]) -> Result<(), String> {
            Ok(())
        }
        fn delete(&self, _: &str) -> Result<(), String> {
            Ok(())
        }
        fn list_keys(&self, _: Option<&str>) -> Result<KeyPage, String> {
            Ok(KeyPage::default())
        }
        fn list_keys_from(&self, _: &str) -> Option<KeyPage> {
            None
        }
        fn increment(&self, _: &str) -> Result<i64, String> {
            self.0.set(self.0.get() + 1);
            Ok(self.0.get())
        }
    }

    /// R45: nothing is reserved in a store that can't read what it counted, however often it is asked.
    #[test]
    fn counters_that_can_not_be_read() {
        let store = KeyValue::<Counters<false>>::named("replay");
        for _ in 0..2 {
            assert_eq!(at_once(store.increment("r/1/a")), Err(StoreError::Unavailable));
        }
        let store = KeyValue::<Counters<true>>::named("replay");
        assert_eq!(at_once(store.increment("r/1/a")), Ok(1));
        assert_eq!(at_once(store.increment("r/1/a")), Ok(2));
    }
}
