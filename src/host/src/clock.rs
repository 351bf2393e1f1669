//! The wall clock that the component reads, so that a test can move time by days.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Tells the time of day.
pub trait WallClock: Send + Sync + 'static {
    /// The time since 1970-01-01T00:00:00Z.
    fn now(&self) -> Duration;
}

/// The clock of the operating system.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl WallClock for SystemClock {
    fn now(&self) -> Duration {
        // A clock set before 1970 reads as 1970: every assertion is then not valid yet.
        SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
    }
}

/// The clock of the operating system, put forward by hand. Clones share the offset.
#[derive(Clone, Debug, Default)]
pub struct ShiftedClock {
    ahead_seconds: Arc<AtomicU64>,
}

impl ShiftedClock {
    /// Lets `duration` (whole seconds of it) pass for the component.
    pub fn advance(&self, duration: Duration) {
        self.ahead_seconds.fetch_add(duration.as_secs(), Ordering::SeqCst);
    }
}

impl WallClock for ShiftedClock {
    fn now(&self) -> Duration {
        SystemClock.now() + Duration::from_secs(self.ahead_seconds.load(Ordering::SeqCst))
    }
}
