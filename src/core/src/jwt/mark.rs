//! By what a JWT that works once is known again (R45).

use alloc::format;
use alloc::string::String;

use super::verify::VerifiedJwt;
use crate::jose::digest;

/// By what a JWT that works once is known again (R45).
pub struct Mark {
    /// Whether it has a `jti`; the same one may then come back under another `exp`.
    pub by_jwt_id: bool,
    /// A digest of its namespace and its `jti`, or of the signed part.
    pub digest: String,
    /// Until when it must be remembered, whatever becomes of the `clock_skew` that it was accepted with meanwhile: seconds
    /// since 1970. It depends on the JWT alone, so that the same one is looked for where it was marked.
    pub until: u64,
    /// The `clock_skew` and `max_lifetime` that it was accepted with, in seconds: under which other `exp` its `jti` can have
    /// come.
    pub clock_skew: u32,
    /// See `clock_skew`.
    pub max_lifetime: u32,
}

/// What the clocks are trusted with where a JWT is accepted, in seconds.
#[derive(Clone, Copy, Debug)]
pub struct Tolerance {
    /// How far its issuer's clock may be off.
    pub clock_skew: u32,
    /// How far `exp` may lie ahead.
    pub max_lifetime: u32,
    /// The most that `clock_skew` may ever be.
    pub most_skew: u32,
}

impl Mark {
    /// The mark of a JWT. `namespace`: whose identifiers its `jti` is one of, for which use. Never the raw token is marked,
    /// since an ECDSA signature can be varied without the key.
    pub fn of(jwt: &VerifiedJwt<'_>, namespace: &str, tolerance: Tolerance) -> Self {
        // The value is finite, not negative and at most two days ahead: R43 has passed.
        let expiry = jwt.expiry() as u64;
        match jwt.jwt_id() {
            Some(jwt_id) => Self::of_jwt_id(jwt_id, namespace, expiry, tolerance),
            None => Self::made("signed", jwt.signing_input(), namespace, expiry, tolerance),
        }
    }

    /// The mark of what has this `jti` and is accepted until `expiry`, in seconds since 1970. `namespace` as above.
    pub fn of_jwt_id(jwt_id: &str, namespace: &str, expiry: u64, tolerance: Tolerance) -> Self {
        Self::made("jti", jwt_id.as_bytes(), namespace, expiry, tolerance)
    }

    fn made(kind: &str, identity: &[u8], namespace: &str, expiry: u64, tolerance: Tolerance) -> Self {
        let Tolerance { clock_skew, max_lifetime, most_skew } = tolerance;
        let identity = digest::sha256_base64url(identity);
        let until = expiry + 1 + u64::from(most_skew);
        let digest = digest::sha256_base64url(format!("{namespace}\n{kind}\n{identity}").as_bytes());
        Self { by_jwt_id: kind == "jti", digest, until, clock_skew, max_lifetime }
    }
}
