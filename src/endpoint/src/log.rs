//! One line of JSON on stderr for each event, with nothing secret or personal in it (R3).

use std::io::Write;

use asserta_core::service::ApplyReport;
use serde::Serialize;

/// An exchange at the token endpoint.
#[derive(Serialize)]
pub(crate) struct Exchange<'a> {
    /// The organization asked.
    pub(crate) organization: &'a str,
    /// `granted`, or the stable reason of the refusal.
    pub(crate) outcome: &'a str,
    /// The status of the answer.
    pub(crate) status: u16,
    /// From the request's head to the answer, in microseconds.
    pub(crate) microseconds: u64,
}

impl Exchange<'_> {
    /// Writes the line.
    pub(crate) fn write(&self) {
        line("exchange", self);
    }
}

/// A store that fails.
pub(crate) fn store_failure(store: &str, operation: &str, cause: &str) {
    #[derive(Serialize)]
    struct Failure<'a> {
        store: &'a str,
        operation: &'a str,
        cause: &'a str,
    }
    line("store-failure", &Failure { store, operation, cause });
}

/// A setting that can't be used; the endpoint answers 503 until it is mended.
pub(crate) fn bad_setting(setting: &str, problem: &str) {
    #[derive(Serialize)]
    struct Bad<'a> {
        setting: &'a str,
        problem: &'a str,
    }
    line("bad-setting", &Bad { setting, problem });
}

/// A seed document that was applied.
pub(crate) fn seed_applied(report: &ApplyReport) {
    line("seed-applied", report);
}

fn line(event: &str, details: &impl Serialize) {
    #[derive(Serialize)]
    struct Line<'a, T> {
        event: &'a str,
        #[serde(flatten)]
        details: &'a T,
    }
    let mut text = serde_json::to_vec(&Line { event, details }).expect("log lines are plain values");
    text.push(b'\n');
    // In one write: stderr is unbuffered, and lines of several instances must not mingle.
    // A host that takes no log lines must not cost a request.
    _ = std::io::stderr().write_all(&text);
}
