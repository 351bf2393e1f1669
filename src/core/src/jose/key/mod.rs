//! Keys: what is read of a JWK, a certificate or a public key, and our own private keys.

pub mod certificate;
mod curve;
mod der;
mod form;
mod jwk;
mod listed;
mod of_our_tokens;
mod problem;
mod public_key;
mod roca;
mod signing_key;

pub use curve::Curve;
pub use form::Form;
pub use jwk::{JwkSet, JwkSetError, KeyReader, KeyUse, Validity, VerificationKey};
pub use listed::{KeyListing, ListedCertificate, ListedKey};
pub use problem::{KeyPlace, KeyProblem, KeyUsage, MAX_KEYS, SkippedKey};
pub(in crate::jose) use public_key::Material;
pub use public_key::{Components, PublicKey, thumbprint};
pub use signing_key::{NotAStoredKey, SigningAlgorithm, SigningKey};
