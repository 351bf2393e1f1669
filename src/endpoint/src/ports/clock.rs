//! The clock, over wasi:clocks.

use asserta_core::ports::Clock;
use spin_sdk::wasip3::clocks::{monotonic_clock, system_clock};

/// The host's wall clock.
pub(crate) struct WallClock;

impl Clock for WallClock {
    fn now(&self) -> u64 {
        // A host whose clock stands before 1970 has no clock: 0 makes every assertion one of the future.
        u64::try_from(system_clock::now().seconds).unwrap_or(0)
    }

    fn microseconds(&self) -> u64 {
        monotonic_clock::now() / 1000
    }

    async fn sleep(&self, milliseconds: u64) {
        monotonic_clock::wait_for(milliseconds.saturating_mul(1_000_000)).await;
    }
}
