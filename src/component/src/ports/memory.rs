//! The store of the world `exchanger-standalone`: in the instance's own memory.

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::rc::Rc;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::cell::RefCell;

use asserta_core::ports::{KeyPage, Store, StoreError};

/// One area. Its clones share what they hold.
#[derive(Clone, Default)]
pub(crate) struct AreaStore(Rc<RefCell<BTreeMap<String, Vec<u8>>>>);

impl AreaStore {
    pub(super) fn registry() -> Self {
        Self::default()
    }

    pub(super) fn replay() -> Self {
        Self::default()
    }
}

impl Store for AreaStore {
    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.0.borrow().get(key).cloned())
    }

    async fn set(&self, key: &str, value: &[u8]) -> Result<(), StoreError> {
        self.0.borrow_mut().insert(key.to_string(), value.to_vec());
        Ok(())
    }

    async fn delete(&self, key: &str) -> Result<(), StoreError> {
        self.0.borrow_mut().remove(key);
        Ok(())
    }

    async fn page_of_keys(&self, prefix: &str, _: Option<&str>) -> Result<KeyPage, StoreError> {
        let area = self.0.borrow();
        let keys = area.range(prefix.to_string()..).map(|(key, _)| key);
        let keys = keys.take_while(|key| key.starts_with(prefix)).cloned().collect();
        Ok(KeyPage { keys, next: None })
    }

    async fn increment(&self, key: &str) -> Result<i64, StoreError> {
        let mut area = self.0.borrow_mut();
        let text = area.get(key).map_or("0", |value| core::str::from_utf8(value).unwrap_or_default());
        let number = text
            .parse::<i64>()
            .ok()
            .and_then(|number| number.checked_add(1))
            .ok_or(StoreError::Unavailable)?;
        area.insert(key.to_string(), format!("{number}").into_bytes());
        Ok(number)
    }
}
