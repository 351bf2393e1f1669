//! Proof of possession: that whoever sends a request has the private key of a public one (RFC 7800). All of it is pure.

mod dpop;
mod nonce;
mod problem;
mod target;

pub(crate) use dpop::MAX_AGE;
pub use dpop::{Expected, MAX_PROOF, Proof, ProofHeader, ProofKey};
pub use nonce::{NONCE_LIFETIME, NonceKey, Nonces};
pub use problem::ProofProblem;

#[cfg(test)]
mod tests;
