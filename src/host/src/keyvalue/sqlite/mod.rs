//! Stores in SQLite files: the embedded default, which needs nothing but a directory.

mod checkpoint;
mod database;

use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;

use self::checkpoint::Checkpoints;
use self::database::{Database, Durability};
use super::{Bucket, KeyValue, StoreError};

/// The two buckets in a directory, as `default.db` and `replay.db`.
///
/// Both survive SIGKILL: what a call acknowledged is in the write-ahead log, which belongs to the
/// operating system by then (R72). They differ where the machine itself loses power:
/// - `default` waits for the disk with each write. An acknowledged registration is never lost.
/// - `replay` does not. The reservations of the last moments before the loss can be missing
///   afterwards, so that an assertion used in them works once more until it expires. To wait here too
///   would bind the rate of exchanges to the disk's, for an event that also empties every client's
///   connection; whoever wants it uses a store on another machine.
///
/// Several processes may share a directory: each step is atomic among them.
pub struct SqliteStores {
    default: Arc<Database>,
    replay: Arc<Database>,
    _checkpoints: Checkpoints,
}

impl SqliteStores {
    /// Opens the databases in `directory`, making them where they are missing.
    pub fn open(directory: &Path) -> Result<Self, StoreError> {
        let default = Database::open(directory.join("default.db"), Durability::EachWrite)?;
        let replay = Database::open(directory.join("replay.db"), Durability::OnCheckpoint)?;
        let (default, replay) = (Arc::new(default), Arc::new(replay));
        let checkpoints = Checkpoints::start(vec![default.clone(), replay.clone()])?;
        Ok(Self { default, replay, _checkpoints: checkpoints })
    }
}

#[async_trait]
impl KeyValue for SqliteStores {
    async fn open(&self, name: &str) -> Result<Arc<dyn Bucket>, StoreError> {
        match name {
            "default" => Ok(self.default.clone()),
            "replay" => Ok(self.replay.clone()),
            _ => Err(StoreError::NoSuchBucket),
        }
    }
}

#[cfg(test)]
mod tests;
