//! The tokens that we issue.

mod access_token;

pub use access_token::{ASSERTION_ISSUER, AccessToken, AccessTokenClaims, TYP};
