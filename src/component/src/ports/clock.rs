//! The clock, over wasi:clocks.

use asserta_core::ports::Clock;

use crate::bindings::wasi::clocks::wall_clock;

/// The host's wall clock.
pub(crate) struct WallClock;

impl Clock for WallClock {
    fn now(&self) -> u64 {
        wall_clock::now().seconds
    }

    /// There is nothing to wait on: whoever would wait tries again at once, a bounded number of times.
    async fn sleep(&self, _milliseconds: u64) {}
}
