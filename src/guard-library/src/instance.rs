//! The guard of this instance, from the moment it is configured.

use core::cell::RefCell;

use asserta_core::resource::Guard;

struct Slot(RefCell<Option<Guard>>);

#[cfg(target_feature = "atomics")]
compile_error!("the instance's state is not made for threads");

#[allow(unsafe_code, reason = "a static must be Sync")]
// SAFETY: an instance runs on one thread: the target has no atomics, and the component model lets
// nobody enter an instance that is running.
unsafe impl Sync for Slot {}

static SLOT: Slot = Slot(RefCell::new(None));

/// Puts another guard in its place, or none.
pub(crate) fn set(guard: Option<Guard>) {
    SLOT.0.replace(guard);
}

/// Asks the guard; none where there is none.
pub(crate) fn with<T>(ask: impl FnOnce(&mut Guard) -> T) -> Option<T> {
    SLOT.0.borrow_mut().as_mut().map(ask)
}
