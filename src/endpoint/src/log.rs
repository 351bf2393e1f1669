//! One line of JSON on stderr for each event, with nothing secret or personal in it (R3).

use std::io::Write;

use serde::Serialize;

/// What is told to the operator.
#[derive(Serialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub(crate) enum Event<'a> {
    /// A request to a token endpoint was answered.
    Exchange {
        /// The organization asked.
        organization: &'a str,
        /// `granted`, or the stable reason of the refusal.
        outcome: &'a str,
        /// The status of the answer.
        status: u16,
        /// From the request's head to the answer, in microseconds.
        microseconds: u64,
    },
    /// A store fails.
    StoreFailure {
        /// Which one.
        store: &'a str,
        /// What was asked of it.
        operation: &'a str,
        /// What the host says.
        cause: &'a str,
    },
    /// A setting can't be used; the endpoint refuses everything until it is mended.
    BadSetting {
        /// Its name, or the member of its document.
        setting: &'a str,
        /// What is wrong with it, without its value.
        problem: &'a str,
    },
    /// A seed document was applied.
    SeedApplied {
        /// So many registrations are new.
        created: usize,
        /// So many were replaced.
        replaced: usize,
        /// So many were as the document wants them.
        unchanged: usize,
    },
}

impl Event<'_> {
    /// Writes the line.
    pub(crate) fn write(&self) {
        let mut line = serde_json::to_vec(self).expect("events are plain values");
        line.push(b'\n');
        // In one write: stderr is unbuffered, and lines of several instances must not mingle.
        // A host that takes no log lines must not cost a request.
        _ = std::io::stderr().write_all(&line);
    }
}
