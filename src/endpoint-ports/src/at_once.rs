//! Running what never waits.

use std::pin::pin;
use std::task::{Context, Poll, Waker};

/// Runs work over ports that never wait, so that one poll is all it takes.
///
/// # Panics
/// When a port waits after all.
pub fn at_once<T>(work: impl Future<Output = T>) -> T {
    match pin!(work).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(outcome) => outcome,
        Poll::Pending => unreachable!("every port of this shell answers at once"),
    }
}
