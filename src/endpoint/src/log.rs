//! One line of JSON on stderr for each event, with nothing secret or personal in it (R3).

use std::io::Write;

use asserta_core::ports::{Event as CoreEvent, Events};
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
    /// An issuer's JWKS document was fetched.
    KeysFetched {
        /// The organization.
        organization: &'a str,
        /// The name of the trusted issuer.
        trusted_issuer: &'a str,
        /// How many of its keys are usable.
        keys: usize,
        /// Which are not, and why.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        skipped: Vec<String>,
    },
    /// An issuer's keys did not come.
    KeysFailed {
        /// The organization.
        organization: &'a str,
        /// The name of the trusted issuer.
        trusted_issuer: &'a str,
        /// Why, without anything of the document.
        cause: String,
    },
    /// A record of the store can't be read.
    RecordUnreadable {
        /// Its key.
        key: &'a str,
        /// What is wrong with it.
        cause: &'a str,
    },
    /// Work that no request waits for was not done.
    MaintenanceFailed {
        /// Which.
        what: &'a str,
        /// Why.
        cause: &'a str,
    },
    /// The seed document of the settings was not applied, since it was before.
    SeedNotApplied {
        /// Why, and how to apply it.
        advice: &'a str,
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

/// How many skipped keys one line names.
const MOST_SKIPPED: usize = 16;

/// What core tells goes into the log.
pub(crate) struct Log;

impl Events for Log {
    fn emit(&self, event: &CoreEvent<'_>) {
        match *event {
            CoreEvent::KeysFetched { organization, trusted_issuer, keys, skipped } => {
                let named = skipped.iter().take(MOST_SKIPPED);
                let mut named: Vec<String> = named.map(ToString::to_string).collect();
                if skipped.len() > MOST_SKIPPED {
                    named.push(format!("{} more", skipped.len() - MOST_SKIPPED));
                }
                let organization = organization.as_str();
                Event::KeysFetched { organization, trusted_issuer, keys, skipped: named }.write();
            }
            CoreEvent::KeysFailed { organization, trusted_issuer, problem } => {
                let (organization, cause) = (organization.as_str(), problem.to_string());
                Event::KeysFailed { organization, trusted_issuer, cause }.write();
            }
            CoreEvent::RecordUnreadable { key, cause } => Event::RecordUnreadable { key, cause }.write(),
            CoreEvent::MaintenanceFailed { what, cause } => Event::MaintenanceFailed { what, cause }.write(),
            // An event that this log does not know yet.
            _ => {}
        }
    }
}
