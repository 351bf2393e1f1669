//! How long the hard tests run, and what they report. `make torture` sets `ASSERTA_TORTURE` to the file of its
//! table and has them run at full length; otherwise they are short.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::time::Duration;

/// The variable with the file of the table.
const TABLE: &str = "ASSERTA_TORTURE";

/// So many times: the first number in `make test`, the second in `make torture`.
pub fn times(short: usize, full: usize) -> usize {
    if std::env::var_os(TABLE).is_some() { full } else { short }
}

/// So long.
pub fn seconds(short: u64, full: u64) -> Duration {
    Duration::from_secs(if std::env::var_os(TABLE).is_some() { full } else { short })
}

/// A line of the table: what was tried, how often, and how often it failed.
pub fn report(what: &str, times: usize, failures: usize) {
    println!("{what} | {times} | {failures}");
    if let Some(file) = std::env::var_os(TABLE) {
        let table = OpenOptions::new().create(true).append(true).open(file);
        let written = table.and_then(|mut table| writeln!(table, "{what} | {times} | {failures}"));
        written.expect("the file of the table can be written");
    }
}

/// A figure that belongs to the line above it.
pub fn figure(text: &str) {
    println!("  {text}");
    if let Some(file) = std::env::var_os(TABLE) {
        let table = OpenOptions::new().create(true).append(true).open(file);
        let written = table.and_then(|mut table| writeln!(table, "# {text}"));
        written.expect("the file of the table can be written");
    }
}
