//! The service of this instance, from the moment it is configured.

use alloc::rc::Rc;
use core::cell::RefCell;

pub(crate) use asserta_imports::run;

use asserta_core::service::{Service, Settings};

use crate::ports::ComponentPorts;

/// Core's use cases over the component's imports.
pub(crate) type Exchanger = Service<ComponentPorts>;

/// `configuration.configure` was not called.
pub(crate) struct NotConfigured;

struct Slot(RefCell<Option<Rc<Exchanger>>>);

#[cfg(target_feature = "atomics")]
compile_error!("the instance's state is not made for threads");

#[allow(unsafe_code, reason = "a static must be Sync")]
// SAFETY: an instance runs on one thread: the target has no atomics, and the component model lets
// nobody enter an instance that is running.
unsafe impl Sync for Slot {}

static SLOT: Slot = Slot(RefCell::new(None));

/// Sets up the service, or replaces it by one with other settings over the same ports.
pub(crate) fn configure(settings: Settings) {
    let ports =
        service().map_or_else(|NotConfigured| ComponentPorts::default(), |known| known.ports().clone());
    SLOT.0.replace(Some(Rc::new(Service::new(ports, settings))));
}

/// The service.
pub(crate) fn service() -> Result<Rc<Exchanger>, NotConfigured> {
    SLOT.0.borrow().clone().ok_or(NotConfigured)
}
