//! What the checks of a JWT look at.

use super::expect::Expectations;
use super::keys::Keys;
use super::unverified::UnverifiedJwt;
use crate::jose::Signatures;

pub(super) struct Look<'a, 'k> {
    pub(super) jwt: &'a UnverifiedJwt<'a>,
    pub(super) expected: Expectations<'a>,
    pub(super) keys: Keys<'k>,
    /// Absent where no signature is checked.
    pub(super) signatures: Option<&'k dyn Signatures>,
    pub(super) now: u64,
}

/// What a check is about.
#[derive(Clone, Copy)]
pub(super) enum Checked {
    Algorithm,
    Typ,
    Keys,
    Signature,
    Cnf,
    Sub,
    Aud,
    Exp,
    Nbf,
    Iat,
    Jti,
}

impl Checked {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Algorithm => "algorithm allowed",
            Self::Typ => "typ",
            Self::Keys => "key",
            Self::Signature => "signature",
            Self::Cnf => "cnf",
            Self::Sub => "sub",
            Self::Aud => "aud",
            Self::Exp => "exp",
            Self::Nbf => "nbf",
            Self::Iat => "iat",
            Self::Jti => "jti",
        }
    }
}
