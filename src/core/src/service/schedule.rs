//! Work that one instance does for all of them, every so often.

use core::cell::Cell;

use serde::{Deserialize, Serialize};

use super::record;
use super::shell::Shell;
use crate::ports::{Clock as _, Ports, StoreError};

/// When work is due next. It stands in the store, since instances come and go; what was read there is kept, since most
/// requests ask.
pub(super) struct Schedule {
    key: &'static str,
    every: u64,
    next: Cell<u64>,
}

/// When it is due: seconds since 1970.
#[derive(Serialize, Deserialize)]
struct StoredNext {
    next: u64,
}

impl Schedule {
    /// Work that is due every so many seconds; when, stands under this key.
    pub(super) const fn new(key: &'static str, every: u64) -> Self {
        Self { key, every, next: Cell::new(0) }
    }

    /// Whether the work is due: the caller [notes](Self::note) it and does it then. Two that ask at the same moment both do it,
    /// so it must harm nothing.
    pub(super) async fn is_due<P: Ports>(&self, shell: &Shell<P>) -> Result<bool, StoreError> {
        let now = shell.ports.clock().now();
        // A time further ahead than the work can set comes from a clock that was wrong: it is due then, too.
        let is_early = |next: u64| (now + 1..=now + self.every).contains(&next);
        if is_early(self.next.get()) {
            return Ok(false);
        }
        let stored: Option<StoredNext> = match shell.load(self.key).await {
            // It is written anew.
            Err(StoreError::Unreadable(_)) => None,
            stored => stored?,
        };
        let next = stored.map(|stored| stored.next).filter(|next| is_early(*next));
        self.next.set(next.unwrap_or(now + self.every));
        Ok(next.is_none())
    }

    /// Tells the other instances when it is due next. Where that can't be written, this instance knows it all the same: the
    /// work may be what makes room in the store.
    pub(super) async fn note<P: Ports>(&self, shell: &Shell<P>) -> Result<(), StoreError> {
        record::save(shell.ports.registry(), self.key, StoredNext { next: self.next.get() }).await
    }

    /// The work was not done to its end: it is due again in so many seconds.
    pub(super) async fn again_in<P: Ports>(&self, shell: &Shell<P>, seconds: u64) -> Result<(), StoreError> {
        self.next.set(shell.ports.clock().now() + seconds);
        self.note(shell).await
    }
}
