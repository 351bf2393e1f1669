//! The grants: the token request of each, and what is granted.

pub mod jwt_bearer;
mod request;

pub use request::{HttpTokenRequest, TokenRequest};
