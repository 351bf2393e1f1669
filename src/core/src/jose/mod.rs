//! JOSE: what a JWT assertion and its keys are made of (RFC 7515, 7517, 7518, 7638, 8037).
//!
//! Everything here is a pure function over values. Input is read strictly and once: what a type
//! of this module holds has been checked.
//!
//! ```
//! use asserta_core::jose::{CompactJws, JwkSet, Portable, Signatures as _};
//!
//! // RFC 8037 appendices A.2 and A.4.
//! let set = JwkSet::parse(
//!     br#"{"keys":[{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}"#,
//! )?;
//! let token = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.\
//!              hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";
//!
//! let jws = CompactJws::parse(token)?;
//! let key = set.keys.iter().find(|key| key.fits(jws.header.algorithm)).ok_or("no key fits")?;
//! Portable.verify(jws.header.algorithm, &key.material, jws.signing_input, &jws.signature)?;
//! assert_eq!(jws.payload, b"Example of Ed25519 signing");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod algorithm;
pub mod base64url;
mod compact;
pub mod digest;
pub mod key;
pub mod signatures;

pub use algorithm::Algorithm;
pub use compact::{Base64Problem, CompactJws, Header, JwsError, Segment};
pub use key::{
    JwkSet, JwkSetError, KeyProblem, PublicKey, SigningAlgorithm, SigningKey, SkippedKey, VerificationKey,
};
pub use signatures::{BadSignature, OfOurTokens, Portable, Signatures, SigningFailed};
