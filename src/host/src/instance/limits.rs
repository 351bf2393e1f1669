//! How much an instance has used, and the end of those that use too much (R71).

use std::time::Duration;

use wasmtime::{ResourceLimiter, Store, StoreContextMut, UpdateDeadline};

use super::State;
use crate::shares;

/// Runs of fewer ticks than this are not interrupted for others: the component would lose its place in the
/// queue, and a request its latency, for nothing.
const TICKS_BEFORE_YIELDING: u32 = 5;

/// Elements that a table may have.
const TABLE_LIMIT: usize = 20_000;

/// A request computed for longer than it may.
#[derive(Debug, thiserror::Error)]
#[error("a request used up its computing time")]
pub(super) struct OutOfTime;

/// What an instance has used.
pub(super) struct Usage {
    memory: usize,
    memory_limit: usize,
    ticks: u32,
    computing_time: Duration,
}

impl Usage {
    pub(super) fn new(memory_limit: usize, computing_time: Duration) -> Self {
        Self { memory: 0, memory_limit, ticks: 0, computing_time }
    }

    /// Bytes of linear memory.
    pub(super) fn memory(&self) -> usize {
        self.memory
    }

    /// Has the component of a store watched from here on.
    pub(super) fn watch(store: &mut Store<State>) {
        store.limiter(|state| &mut state.usage);
        store.epoch_deadline_callback(|mut context: StoreContextMut<'_, State>| {
            let usage = &mut context.data_mut().usage;
            usage.ticks += 1;
            if shares::computed() > usage.computing_time {
                Err(OutOfTime.into())
            } else if usage.ticks > TICKS_BEFORE_YIELDING {
                Ok(UpdateDeadline::Yield(1))
            } else {
                Ok(UpdateDeadline::Continue(1))
            }
        });
        Self::begin_request(store);
    }

    /// Counts ticks from zero. One counts only where it finds the component computing.
    pub(super) fn begin_request(store: &mut Store<State>) {
        store.data_mut().usage.ticks = 0;
        store.set_epoch_deadline(1);
    }
}

impl ResourceLimiter for Usage {
    fn memory_growing(&mut self, current: usize, desired: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        let total = self.memory - current.min(self.memory) + desired;
        if total > self.memory_limit {
            tracing::warn!(limit = self.memory_limit, "an instance wanted more memory than it may have");
            return Ok(false);
        }
        self.memory = total;
        Ok(true)
    }

    fn table_growing(&mut self, _: usize, desired: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        Ok(desired <= TABLE_LIMIT)
    }
}
