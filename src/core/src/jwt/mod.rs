//! A JWT that somebody else signed: read, and its claims checked, a function a rule.

mod claims;
pub(crate) mod rules;
mod unverified;

pub use claims::Claims;
pub use unverified::{Assertion, NotAssertion};
