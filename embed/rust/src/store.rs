//! Where registrations, keys and used assertions are kept.

use std::collections::BTreeMap;
use std::ops::Bound::{Excluded, Included, Unbounded};
use std::sync::{Arc, Mutex, PoisonError};

pub use crate::bindings::asserta::exchange::store::{Area, StoreError};

/// A key-value store of text. `wit/store.wit` says what counts: above all, `increment` is atomic among all
/// that use the store.
pub trait Store: Send + 'static {
    /// The value of a key; of a counter its decimal number; `None` where there is none.
    ///
    /// # Errors
    /// The store can't do its work: the exchange is refused then.
    fn get(&mut self, area: Area, key: &str) -> Result<Option<String>, StoreError>;
    /// Writes a value, whether the key exists or not.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    fn set(&mut self, area: Area, key: &str, value: &str) -> Result<(), StoreError>;
    /// Removes a key; no error where it does not exist.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    fn delete(&mut self, area: Area, key: &str) -> Result<(), StoreError>;
    /// The keys that begin with `prefix`, in ascending order of their bytes: at most `limit`, and only those after
    /// `after`, if given.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    fn keys(
        &mut self,
        area: Area,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<String>, StoreError>;
    /// Adds one to a counter (absent counts as 0) and returns the new number.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    fn increment(&mut self, area: Area, key: &str) -> Result<i64, StoreError>;
}

/// A store in memory. Its clones share what they hold.
#[derive(Clone, Default)]
pub struct MemoryStore(Arc<Mutex<Areas>>);

#[derive(Default)]
struct Areas {
    registry: BTreeMap<String, String>,
    replay: BTreeMap<String, String>,
}

impl MemoryStore {
    fn with<T>(&self, area: Area, work: impl FnOnce(&mut BTreeMap<String, String>) -> T) -> T {
        let mut areas = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match area {
            Area::Registry => work(&mut areas.registry),
            Area::Replay => work(&mut areas.replay),
        }
    }
}

impl Store for MemoryStore {
    fn get(&mut self, area: Area, key: &str) -> Result<Option<String>, StoreError> {
        Ok(self.with(area, |entries| entries.get(key).cloned()))
    }

    fn set(&mut self, area: Area, key: &str, value: &str) -> Result<(), StoreError> {
        self.with(area, |entries| entries.insert(key.to_owned(), value.to_owned()));
        Ok(())
    }

    fn delete(&mut self, area: Area, key: &str) -> Result<(), StoreError> {
        self.with(area, |entries| entries.remove(key));
        Ok(())
    }

    fn keys(
        &mut self,
        area: Area,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<String>, StoreError> {
        Ok(self.with(area, |entries| {
            let from = after.filter(|after| *after >= prefix).map_or(Included(prefix), Excluded);
            let keys = entries.range::<str, _>((from, Unbounded)).map(|(key, _)| key);
            keys.take_while(|key| key.starts_with(prefix)).take(limit).cloned().collect()
        }))
    }

    fn increment(&mut self, area: Area, key: &str) -> Result<i64, StoreError> {
        self.with(area, |entries| {
            let text = entries.get(key).map_or("0", String::as_str);
            let number = text.parse::<i64>().ok().and_then(|number| number.checked_add(1));
            let number = number.ok_or(StoreError::Rejected)?;
            entries.insert(key.to_owned(), number.to_string());
            Ok(number)
        })
    }
}
