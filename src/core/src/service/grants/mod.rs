//! The facts of each grant, gathered: the only place that knows issuers and their keys.

mod issued_jwt;
mod judged;
mod jwt_bearer;
mod token_exchange;

pub(super) use issued_jwt::IssuedJwt;
