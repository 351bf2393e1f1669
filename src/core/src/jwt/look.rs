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
