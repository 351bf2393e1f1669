//! JOSE: what a JWT assertion and its keys are made of (RFC 7515, 7517, 7518, 7638, 8037).
//!
//! Everything here is a pure function over values. Input is read strictly and once: what a type
//! of this module holds has been checked.

pub mod algorithm;
pub mod base64url;
pub mod certificate;
pub mod compact;
pub mod digest;
mod es256;
pub mod json;
pub mod jwk;
pub mod public_key;
mod roca;
pub mod sign;
pub mod verify;
#[cfg(feature = "jwt-simple")]
pub mod verify_jwt_simple;

pub use algorithm::Algorithm;
pub use compact::{CompactJws, Header, JwsError};
pub use jwk::{JwkSet, JwkSetError, KeyProblem, PublicKey, Validity, VerificationKey, thumbprint};
pub use sign::{SigningAlgorithm, SigningKey};
pub use verify::{BadSignature, Portable, SignatureVerifier};
