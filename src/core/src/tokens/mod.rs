//! The tokens that we issue.

mod access_token;
mod names;

pub use access_token::{AccessToken, AccessTokenClaims, TokenType};
pub use names::is_reserved_claim;
