//! Where the keys of somebody else come from, and why they did not come.

mod address;
mod freshness;
mod metadata;
mod owner;
mod problem;
mod registered;
mod source;

pub(crate) use address::check_uri;
pub use freshness::max_age;
pub(crate) use freshness::{KEY_WINDOW, MAX_FRESH, STALE, fresh_until};
pub(crate) use metadata::jwks_uri;
pub use metadata::{MetadataAddress, MetadataProblem};
pub use owner::KeyOwner;
pub(crate) use problem::Skipped;
pub use problem::{FetchProblem, KeysProblem};
pub(crate) use registered::{jwks_as_stored, skipped_keys};
pub(crate) use source::check_authorities;
pub use source::{DocumentKind, KeySource, MAX_KEY_DOCUMENT};
