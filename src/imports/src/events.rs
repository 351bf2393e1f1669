//! Events for the host, over asserta:exchange/events.

use asserta_core::json::to_text;
use asserta_core::ports::{Event, Events};

use crate::bindings::asserta::exchange::events as host;

/// The host's log and metrics.
pub struct Told;

impl Events for Told {
    fn emit(&self, event: &Event<'_>) {
        host::emit(&to_text(event));
    }
}
