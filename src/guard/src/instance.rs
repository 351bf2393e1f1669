//! What an instance keeps between requests, of which it may serve several at once.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::cell::{Cell, OnceCell, RefCell};

use asserta_core::resource::{Guard, Introspection, Outcome, Request};
use wit_bindgen::StreamWriter;

use crate::bindings::wit_stream;
use crate::exchange::Received;
use crate::settings::{self, Credentials};

/// A fetch of the keys that takes longer, in seconds, is given up: another one may begin (R52).
const FETCH_TIMEOUT: u64 = 30;

/// The guard and who asks the issuer.
pub(crate) struct Instance {
    guard: RefCell<Guard>,
    pub(crate) credentials: Credentials,
    /// When the fetch of the keys began that is under way: seconds since 1970.
    fetching: Cell<Option<u64>>,
    /// The ends of streams that nothing is written to: when they are gone, those who wait for the fetch go on. A task of
    /// another request has no other way to wake them.
    waiting: RefCell<Vec<StreamWriter<u8>>>,
}

/// A fetch of the keys. While it is there, nobody begins another one.
pub(crate) struct Fetch<'a> {
    instance: &'a Instance,
    began: u64,
}

impl Fetch<'_> {
    /// Takes what came of it; of one that was given up nothing, since it may be older than what came meanwhile.
    pub(crate) fn end(self, document: Option<&[u8]>, max_age: Option<u64>, now: u64) {
        if self.is_current() {
            self.instance.guard.borrow_mut().supply_keys(document, max_age, now);
        }
    }

    fn is_current(&self) -> bool {
        self.instance.fetching.get() == Some(self.began)
    }
}

/// Also where the request that fetched is gone: those that wait for it must not do so in vain.
impl Drop for Fetch<'_> {
    fn drop(&mut self) {
        if self.is_current() {
            self.instance.fetching.set(None);
            self.instance.waiting.take();
        }
    }
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
                let guard = RefCell::new(Guard::new(settings));
                Some(Box::new(Self {
                    guard,
                    credentials,
                    fetching: Cell::default(),
                    waiting: RefCell::default(),
                }))
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

    /// Begins a fetch of the keys, unless one is under way.
    pub(crate) fn begin_fetch(&self, now: u64) -> Option<Fetch<'_>> {
        if self.fetching.get().is_some_and(|began| now.abs_diff(began) < FETCH_TIMEOUT) {
            return None;
        }
        self.fetching.set(Some(now));
        Some(Fetch { instance: self, began: now })
    }

    /// Waits for the end of the fetch that is under way.
    pub(crate) async fn fetched(&self) {
        let (writer, mut reader) = wit_stream::new::<u8>();
        self.waiting.borrow_mut().push(writer);
        reader.read(Vec::with_capacity(1)).await;
    }

    /// Where stale keys are to be fetched, once.
    pub(crate) fn take_refresh(&self, now: u64) -> Option<String> {
        self.guard.borrow_mut().refresh_due(now).map(String::from)
    }
}
