//! The clock, over wasi:clocks.

use asserta_core::ports::Clock;

use crate::bindings::wasi::clocks::wall_clock;

/// The host's wall clock. `MEASURES`: it says how long something takes as well, where somebody is told.
pub struct WallClock<const MEASURES: bool>;

impl<const MEASURES: bool> Clock for WallClock<MEASURES> {
    fn now(&self) -> u64 {
        wall_clock::now().seconds
    }

    fn microseconds(&self) -> u64 {
        if !MEASURES {
            return 0;
        }
        let now = wall_clock::now();
        now.seconds.saturating_mul(1_000_000).saturating_add(u64::from(now.nanoseconds / 1000))
    }

    /// There is nothing to wait on: whoever would wait tries again at once, a bounded number of times.
    async fn sleep(&self, _milliseconds: u64) {}
}
