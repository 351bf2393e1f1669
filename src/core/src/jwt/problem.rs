//! Why a JWT is not accepted: precise, and without a word of OAuth. Which error it is there depends on the role that the
//! JWT has.

/// Why a JWT is not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JwtProblem {
    /// It is not a signed JWT in the compact form (R30).
    Malformed,
    /// Its `alg` is none that ever verifies anything here (R31).
    AlgorithmUnusable,
    /// Its header asks for an extension (R32).
    CriticalHeader,
    /// `iss` is absent, or not a string with something in it (R40).
    IssuerInvalid,
    /// Its issuer may not use this `alg` (R31).
    AlgorithmNotAllowed,
    /// Its `typ` is not the expected one, or names another use (R34, R35).
    TypeNotAllowed,
    /// None of the keys is the one that it names (R47, R48).
    KeyUnknown,
    /// The key that it names does not fit its `alg` (R31).
    KeyOfOtherType,
    /// No key verifies its signature (R33).
    SignatureInvalid,
    /// It is bound to a key, and whoever presents it has not proved to have that one (R36).
    Bound,
    /// `sub` is absent or malformed (R41).
    SubjectInvalid,
    /// `aud` is absent or malformed (R42).
    AudienceInvalid,
    /// `aud` does not name us, or not us alone (R42).
    AudienceMismatch,
    /// `exp` is absent or malformed (R43).
    ExpiryInvalid,
    /// It has expired (R43).
    Expired,
    /// `exp` lies too far ahead (R43).
    LifetimeTooLong,
    /// `nbf` is malformed (R44).
    NotBeforeInvalid,
    /// It is not valid yet (R44).
    NotYetValid,
    /// `iat` is malformed or lies ahead (R44), or absent and wanted (R37).
    IssuedAtInvalid,
    /// It was issued too long ago (R44).
    TooOld,
    /// `jti` is malformed, or absent and wanted (R46).
    JwtIdInvalid,
}

impl JwtProblem {
    /// Whether another key of the issuer could change it (R52).
    pub(crate) const fn may_be_of_an_old_key(self) -> bool {
        matches!(self, Self::SignatureInvalid | Self::KeyUnknown | Self::KeyOfOtherType)
    }
}
