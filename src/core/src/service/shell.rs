//! What every use case needs: the ports and the settings.

use serde::de::DeserializeOwned;

use super::record;
use super::settings::Settings;
use crate::ports::{Event, Ports, Store as _, StoreError};

/// The ports of a shell, and its settings.
pub(super) struct Shell<P> {
    pub(super) ports: P,
    pub(super) settings: Settings,
}

impl<P: Ports> Shell<P> {
    /// Hands on what was read, and tells the operator where it could not be (R74).
    pub(super) fn told<T>(&self, read: Result<T, StoreError>) -> Result<T, StoreError> {
        read.inspect_err(|error| self.tell(error))
    }

    pub(super) fn tell(&self, error: &StoreError) {
        if let StoreError::Unreadable(record) = error {
            self.ports.events().emit(&Event::RecordUnreadable { key: &record.key, cause: record.problem });
        }
    }

    /// Loads a record of the store `default`.
    pub(super) async fn load<T: DeserializeOwned>(&self, key: &str) -> Result<Option<T>, StoreError> {
        let loaded = self.ports.registry().get(key).await;
        self.told(loaded.and_then(|bytes| bytes.map(|bytes| record::read(key, &bytes)).transpose()))
    }
}
