//! A JWT that somebody else signed, in whatever role: read, verified, and its claims checked.
//!
//! [`UnverifiedJwt`] and keys and [`Expectations`] make a [`VerifiedJwt`], in [`Verification`] and nowhere else. What is
//! wrong with one is a [`JwtProblem`]; which error of OAuth that is, its role decides.

mod claims;
mod expect;
mod keys;
mod look;
mod mark;
mod problem;
mod rules;
mod saw;
mod unverified;
mod verify;

pub use claims::Claims;
pub(crate) use claims::{MAX_SUBJECT, as_subject};
pub use expect::{Bound, Expectations, Typ};
pub use keys::Keys;
pub use mark::{Mark, Tolerance};
pub use problem::JwtProblem;
pub(crate) use rules::{is_of_another_purpose, is_same_type};
pub use unverified::{NotJwt, UnverifiedJwt};
pub use verify::{Verification, VerifiedJwt};

#[cfg(test)]
mod tests;
