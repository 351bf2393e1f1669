//! P-256 on one of two libraries.
//!
//! crrl verifies 2.5 times as fast as p256 in WebAssembly, but asks its own dependencies for std.
//! So a host that has std turns the feature `crrl` on, and the `no_std` component goes with p256.
//! Both give the same verdicts on every vector and the same signatures (RFC 6979).

#[cfg(feature = "crrl")]
mod crrl;
#[cfg(not(feature = "crrl"))]
mod p256;

#[cfg(feature = "crrl")]
pub(in crate::jose) use self::crrl::{PrivateKey, PublicKey};
#[cfg(not(feature = "crrl"))]
pub(in crate::jose) use self::p256::{PrivateKey, PublicKey};
