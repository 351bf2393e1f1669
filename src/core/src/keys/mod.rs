//! Where the keys of somebody else come from, and why they did not come.

mod address;
mod metadata;
mod problem;
mod source;

pub(crate) use address::check_uri;
pub(crate) use metadata::jwks_uri;
pub use metadata::{MetadataAddress, MetadataProblem};
pub(crate) use problem::Skipped;
pub use problem::{FetchProblem, KeysProblem};
pub(crate) use source::check_authorities;
pub use source::{DocumentKind, KeySource, MAX_KEY_DOCUMENT};
