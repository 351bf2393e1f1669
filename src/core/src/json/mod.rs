//! JSON, read strictly: no member twice, nesting of at most 16, UTF-8, nothing after the end (R30).
//!
//! RFC 7515 section 4 and RFC 7519 section 4 let a reader choose between refusing a duplicate
//! member and taking the last one. Two readers that choose differently see two different
//! tokens, so it is refused anywhere, at every depth.

mod error;
mod pointer;
mod read;
mod typed;
mod value;

pub use error::{JsonError, JsonFault};
pub use pointer::Pointer;
pub use read::{MAX_DEPTH, object, parse, parse_object};
pub use serde_json::Number;
pub use typed::{from_slice, from_value};
pub(crate) use value::fits_64_bits;
pub use value::{Object, Value, to_text};

#[cfg(test)]
mod tests;
