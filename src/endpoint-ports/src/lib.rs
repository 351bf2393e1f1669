//! What the two endpoints, for WASI HTTP 0.3 and for 0.2, have in common of their host: the stores, the log, and how the
//! response with a document of keys is read. Neither version of WASI HTTP is named here.

mod at_once;
mod bindings;
pub mod document;
mod key_value;
mod log;
mod marks;
mod spin;
mod store;

pub use at_once::at_once;
pub use key_value::{Bucket, KeyValue};
pub use log::Log;
pub use marks::{Database, Value};
pub use spin::{SpinBucket, SpinDatabase};
pub use store::EndpointStore;
