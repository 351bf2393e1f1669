//! What a JWT must say of itself to be accepted. Its role makes it: this module knows no roles.

use crate::jose::Algorithm;

/// What is expected of a JWT.
#[derive(Clone, Copy, Debug)]
pub struct Expectations<'a> {
    /// The algorithms that its issuer may use; `None`: all that its keys are for (R31).
    pub algorithms: Option<&'a [Algorithm]>,
    /// What `typ` it may have.
    pub typ: Typ<'a>,
    /// The names of which `aud` must have one (R42).
    pub audiences: [Option<&'a str>; 4],
    /// Whether `aud` must have no other one beside it (R42).
    pub no_other_audience: bool,
    /// How far its issuer's clock may be off, in seconds.
    pub clock_skew: u32,
    /// How far `exp` may lie ahead and `iat` behind, in seconds (R43, R44).
    pub max_lifetime: u32,
    /// Whether it must have a `jti` (R46).
    pub require_jti: bool,
    /// Whether it must have an `iat` (R37).
    pub require_iat: bool,
    /// With which proof one that is bound to a key passes (R36).
    pub bound: Bound<'a>,
}

/// With which proof a JWT passes that is bound to a key.
#[derive(Clone, Copy, Debug)]
pub enum Bound<'a> {
    /// With none: who presents it does not have to be whom it was bound for.
    Never,
    /// With one by its key. The thumbprint of the key that whoever presents it has proved to have; `None`: of none.
    To(Option<&'a str>),
}

/// What `typ` a JWT may have.
#[derive(Clone, Copy, Debug)]
pub enum Typ<'a> {
    /// None, or any but those that name another use (R35).
    Any,
    /// This one (R34).
    Exactly(&'a str),
    /// None, or one of these (R27).
    NoneOr(&'a [&'a str]),
}
