//! The log: one line of JSON on standard error for each event.

use std::io::Write;

use asserta_core::ports::{Event, Events};

/// Where events go.
pub struct Log;

impl Events for Log {
    fn emit(&self, event: &Event<'_>) {
        let mut line = serde_json::to_vec(event).expect("events are plain values");
        line.push(b'\n');
        // In one write: standard error is unbuffered, and lines of several instances must not mingle.
        // A host that takes no log lines must not cost a request.
        _ = std::io::stderr().write_all(&line);
    }
}
