//! What an instance keeps between requests, of which it may serve several at once.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::cell::{OnceCell, RefCell};

use asserta_core::resource::{Guard, Introspection, Outcome, Request};

use crate::exchange::Received;
use crate::settings::{self, Credentials};

/// The guard and who asks the issuer.
pub(crate) struct Instance {
    guard: RefCell<Guard>,
    pub(crate) credentials: Credentials,
}

struct Slot(OnceCell<Option<Box<Instance>>>);

#[cfg(target_feature = "atomics")]
compile_error!("the instance's state is not made for threads");

#[allow(unsafe_code, reason = "a static must be Sync")]
// SAFETY: an instance runs on one thread: the target has no atomics. Its tasks take turns where they wait, and none waits
// while it borrows.
unsafe impl Sync for Slot {}

static SLOT: Slot = Slot(OnceCell::new());

impl Instance {
    /// None where its settings can't be used.
    pub(crate) fn get() -> Option<&'static Self> {
        SLOT.0
            .get_or_init(|| {
                let (settings, credentials) = settings::read()?;
                Some(Box::new(Self { guard: RefCell::new(Guard::new(settings)), credentials }))
            })
            .as_deref()
    }

    pub(crate) fn check(&self, received: &Received, introspection: Introspection<'_>, now: u64) -> Outcome {
        let authorization: Vec<&str> = received.authorization.iter().map(String::as_str).collect();
        let dpop: Vec<&str> = received.dpop.iter().map(String::as_str).collect();
        let request = Request {
            method: &received.method,
            target: &received.target,
            authorization: &authorization,
            dpop: &dpop,
        };
        self.guard.borrow_mut().check(&request, introspection, now)
    }

    pub(crate) fn supply_keys(&self, document: Option<&[u8]>, max_age: Option<u64>, now: u64) {
        self.guard.borrow_mut().supply_keys(document, max_age, now);
    }

    /// Where stale keys are to be fetched.
    pub(crate) fn take_refresh(&self, now: u64) -> Option<String> {
        self.guard.borrow().refresh_due(now).map(String::from)
    }
}
