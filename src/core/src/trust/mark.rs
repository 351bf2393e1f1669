//! By what a JWT of a trusted issuer is known again.

use alloc::format;

use super::document::{MAX_CLOCK_SKEW, Replay, TrustedIssuer};
use super::issuer::Issuer;
use crate::jose::digest;
use crate::jwt::{Mark, Tolerance, VerifiedJwt};
use crate::organization::OrganizationId;

impl Issuer {
    /// R45: the mark of its JWT, in whichever role it is used: whoever vouches for a client by one has not made two uses of it.
    /// The organization by its name, since its URLs can change and nodes can differ in them.
    pub fn mark(&self, organization: &OrganizationId, jwt: &VerifiedJwt<'_>) -> Mark {
        let &TrustedIssuer { clock_skew, max_lifetime, .. } = self.document();
        let tolerance = Tolerance { clock_skew, max_lifetime, most_skew: MAX_CLOCK_SKEW };
        let issuer = digest::sha256_base64url(self.document().issuer.as_bytes());
        Mark::of(jwt, &format!("{organization}\n{issuer}"), tolerance)
    }

    /// Whether its JWTs work once.
    pub fn is_once(&self) -> bool {
        self.document().replay == Replay::Once
    }
}
