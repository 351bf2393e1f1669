//! A lock over a store whose only atomic step is `increment`.
//!
//! Registrations of one organization take turns, so that two of one name, or of one issuer value,
//! can't both succeed. The lock is a counter per quarter of a minute: whoever brings it to 1 holds the
//! lock and deletes the counter when done. A holder that died holds it for no longer than the next
//! quarter: its counter is in the past then. One whose store is slow may be at work for longer, so each looks at the clock
//! before it writes what another one could have read meanwhile.

use alloc::format;
use alloc::string::String;

use super::Registry;
use super::error::RegistryError;
use crate::organization::OrganizationId;
use crate::ports::{Clock as _, Ports, Store as _, StoreError};

/// How long one counter is in use, in seconds.
const QUARTER: u64 = 15;
/// How long into the next quarter a holder of the last one may still be at work, in seconds.
const GRACE: u64 = 5;
/// How long before the end of that a holder writes for the last time, in seconds: the store takes its time, and clocks differ.
const LAST_WRITE: u64 = 2;
/// How often, and after how many milliseconds, a waiting registration tries again.
const TRIES: u32 = 400;
const PAUSE: u64 = 15;

/// A lock that is held. It must be given back with [`Registry::unlock`].
#[must_use]
pub(in crate::service) struct Lock {
    key: String,
    /// When its quarter is over: seconds since 1970.
    over: u64,
}

impl<P: Ports> Registry<P> {
    /// Takes the lock of an organization's registrations.
    pub(in crate::service) async fn lock(
        &self,
        organization: &OrganizationId,
    ) -> Result<Lock, RegistryError> {
        let store = self.shell.ports.registry();
        for _ in 0..TRIES {
            let now = self.shell.ports.clock().now();
            let key = |quarter: u64| format!("lock/{organization}/{quarter}");
            let (current, last) = (key(now / QUARTER), key((now / QUARTER).saturating_sub(1)));
            let last_may_be_held = now % QUARTER < GRACE && store.get(&last).await?.is_some();
            if !last_may_be_held
                && store.get(&current).await?.is_none()
                && store.increment(&current).await? == 1
            {
                let lock = Lock { key: current, over: (now / QUARTER + 1) * QUARTER };
                return match self.forget_turn(&last).await {
                    Ok(()) => Ok(lock),
                    Err(error) => self.unlock_after(error, lock).await,
                };
            }
            self.shell.ports.clock().sleep(PAUSE).await;
        }
        Err(RegistryError::Busy)
    }

    /// Deletes the counter that a holder who died has left behind.
    async fn forget_turn(&self, last: &str) -> Result<(), StoreError> {
        let store = self.shell.ports.registry();
        if store.get(last).await?.is_some() { store.delete(last).await } else { Ok(()) }
    }

    /// Before a record is written under the lock: refuses if another node may hold it by now.
    pub(in crate::service) fn still_holds(&self, lock: &Lock) -> Result<(), RegistryError> {
        let in_time = self.shell.ports.clock().now() < lock.over + GRACE - LAST_WRITE;
        if in_time { Ok(()) } else { Err(RegistryError::Busy) }
    }

    /// Whether there is little time left under the lock.
    pub(super) fn is_ending(&self, lock: &Lock) -> bool {
        lock.over <= self.shell.ports.clock().now()
    }

    /// Gives the lock back. A store that fails here twice leaves the lock to run out.
    async fn unlock(&self, lock: Lock) {
        let store = self.shell.ports.registry();
        if store.delete(&lock.key).await.is_err() {
            _ = store.delete(&lock.key).await;
        }
    }

    async fn unlock_after(&self, error: StoreError, lock: Lock) -> Result<Lock, RegistryError> {
        self.unlock(lock).await;
        Err(error.into())
    }

    /// Changes registrations of the organization, in its turn and between two steps of its counter. Without the first
    /// one, a store that fails after the change would leave it unseen; without the second one, an instance could keep
    /// what it read in between. A change that finds nothing to do steps, too: it may repeat one that failed halfway. Before
    /// each record that it writes, a change asks whether it [still holds](Self::still_holds) the lock.
    pub(in crate::service) async fn change<T>(
        &self,
        organization: &OrganizationId,
        change: impl AsyncFnOnce(&Lock) -> Result<T, RegistryError>,
    ) -> Result<T, RegistryError> {
        let lock = self.begin_change(organization).await?;
        let result = change(&lock).await;
        self.end_change(organization, lock).await?;
        result
    }

    /// Does something in the organization's turn, and leaves its counter alone.
    pub(super) async fn in_turn<T>(
        &self,
        organization: &OrganizationId,
        work: impl AsyncFnOnce(&Lock) -> Result<T, RegistryError>,
    ) -> Result<T, RegistryError> {
        let lock = self.lock(organization).await?;
        let result = work(&lock).await;
        self.unlock(lock).await;
        result
    }

    // What is before a change and after it is compiled once, not around each change.

    async fn begin_change(&self, organization: &OrganizationId) -> Result<Lock, RegistryError> {
        let lock = self.lock(organization).await?;
        match self.changed(organization).await {
            Ok(()) => Ok(lock),
            Err(error) => self.unlock_after(error, lock).await,
        }
    }

    async fn end_change(&self, organization: &OrganizationId, lock: Lock) -> Result<(), StoreError> {
        let changed = self.changed(organization).await;
        self.unlock(lock).await;
        changed
    }
}
