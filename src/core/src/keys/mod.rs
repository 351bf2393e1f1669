//! Where the keys of somebody else come from.

mod source;

pub use source::{KeySource, MAX_KEY_DOCUMENT};
