//! The tokens that we issue.

mod access_token;
mod introspection;
mod issued;
mod names;
mod revocation;

pub use access_token::{AccessToken, AccessTokenClaims, TokenType};
pub use introspection::Introspection;
pub use issued::{IssuedToken, PresentedToken, TokenProblem};
pub(crate) use names::TYP;
pub use names::is_reserved_claim;
pub use revocation::{Revocation, RevocationRequest};
