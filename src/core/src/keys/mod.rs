//! Where the keys of somebody else come from, and why they did not come.

mod problem;
mod source;

pub(crate) use problem::Skipped;
pub use problem::{FetchProblem, KeysProblem};
pub use source::{KeySource, MAX_KEY_DOCUMENT};
