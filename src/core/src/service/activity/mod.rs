//! The activity log: an organization's last decisions, for those who administer it (R75).
//!
//! An exchange copies a few short texts into the memory of its instance, and nothing else: the store is written after
//! the response, sixteen decisions at a time, or what there is every two seconds; under lasting load two records a
//! second, and what has no room is counted. What an instance has not written when
//! it ends is lost; the log line of each decision is not.
//!
//! In the store it is a ring of records, whose slots a counter hands out: nodes don't overwrite each other, and nothing
//! is ever to be deleted. Decisions about clients that were authenticated have a ring of their own: what strangers send
//! overwrites only what strangers sent before, and however much it is, it is written every two seconds.

mod against;
mod gather;
mod line;
mod query;
mod read;
mod recorded;
mod ring;

pub use against::{Compared, Comparison, Would};
pub use query::ActivityQuery;
pub use read::{ActivityItem, ActivityPage};
pub use recorded::{RecordedAudit, RecordedDecision};

use alloc::boxed::Box;
use alloc::rc::Rc;
use core::cell::RefCell;

use super::registry::Registry;
use super::shell::Shell;
use crate::ports::{Clock as _, Decision, Ports, StoreError};
pub(super) use gather::Lane;
use gather::{Gathered, Which};
pub(super) use line::Kind;

/// The last decisions of each organization.
pub struct Activity<P: Ports> {
    shell: Rc<Shell<P>>,
    registry: Rc<Registry<P>>,
    gathered: RefCell<Gathered>,
}

impl<P: Ports> Activity<P> {
    pub(super) fn new(shell: Rc<Shell<P>>, registry: Rc<Registry<P>>) -> Self {
        Self { shell, registry, gathered: RefCell::default() }
    }

    /// Takes note of a decision. What is decided about an organization that nobody has registered leaves nothing.
    pub(super) fn note(&self, kind: Kind, decision: &Decision<'_>, lane: Lane) {
        if self.shell.settings.activity() && self.registry.has_met(decision.organization) {
            self.gathered.borrow_mut().note(kind, decision, lane, self.shell.ports.clock().now());
        }
    }

    /// Writes what is due.
    pub(super) async fn write_due(&self) -> Result<(), StoreError> {
        if self.gathered.borrow().is_idle() {
            return Ok(());
        }
        let now = self.shell.ports.clock().now();
        if !self.gathered.borrow().is_due(now) {
            return Ok(());
        }
        // Boxed, so that the future after every other response is not as large as this one.
        Box::pin(self.write(now, Which::Due)).await
    }
}
