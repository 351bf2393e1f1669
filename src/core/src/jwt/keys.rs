//! Which keys of an issuer may have signed a JWT (R47, R48).

use crate::jose::Header;
use crate::jose::key::VerificationKey;

/// How many keys are tried for a JWT (R48).
pub(super) const MAX_KEYS: usize = 16;
/// How many of them may be RSA keys of more than 4096 bits: each takes as long as several of the others, and an
/// issuer that may choose its keys must not cost everybody else a second.
const MAX_COSTLY_KEYS: usize = 2;

/// The keys of an issuer.
#[derive(Clone, Copy, Debug)]
pub struct Keys<'k> {
    /// The keys, in order.
    pub keys: &'k [VerificationKey],
    /// Whether their `kid` is the issuer's, so that the `kid` of a JWT chooses among them. That of a certificate is not.
    pub have_kid: bool,
}

impl<'k> Keys<'k> {
    /// The keys that the JWT's `kid` names (R48).
    pub(super) fn named(self, header: &Header) -> impl Iterator<Item = &'k VerificationKey> {
        let kid = if self.have_kid { header.kid.as_deref() } else { None };
        self.keys.iter().filter(move |key| kid.is_none() || key.kid.as_deref() == kid)
    }

    /// The keys that may verify it: named, of fitting type, valid now (R47).
    pub(super) fn fitting(self, header: &Header, now: u64) -> impl Iterator<Item = &'k VerificationKey> {
        let algorithm = header.algorithm;
        self.named(header).filter(move |key| key.fits(algorithm) && key.valid_at(now))
    }

    /// Those that are tried, in the order of the set: a bounded number, and few of those that take long (R48).
    pub(super) fn candidates(self, header: &Header, now: u64) -> impl Iterator<Item = &'k VerificationKey> {
        let mut costly = 0;
        let within_budget = move |key: &&VerificationKey| {
            let is_costly = key.material.is_costly();
            costly += usize::from(is_costly);
            !is_costly || costly <= MAX_COSTLY_KEYS
        };
        self.fitting(header, now).filter(within_budget).take(MAX_KEYS)
    }
}
