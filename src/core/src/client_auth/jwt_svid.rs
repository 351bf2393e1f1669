//! What a JWT-SVID is, as far as it is less than a JWT that was made to authenticate with (R28): `iss` and `jti` may be absent
//! (draft-ietf-oauth-spiffe-client-auth section 3.1, JWT-SVID section 3).

use crate::jose::Algorithm;

/// The `typ` that it may have, if any (JWT-SVID section 2.3).
pub(super) const TYPES: &[&str] = &["JWT", "JOSE"];

/// The algorithms that it may be signed with, where its issuer says nothing of that (JWT-SVID section 2.1): Ed25519 is none
/// of them.
pub(super) const ALGORITHMS: &[Algorithm] = &[
    Algorithm::Rs256,
    Algorithm::Rs384,
    Algorithm::Rs512,
    Algorithm::Ps256,
    Algorithm::Ps384,
    Algorithm::Ps512,
    Algorithm::Es256,
    Algorithm::Es384,
    Algorithm::Es512,
];
