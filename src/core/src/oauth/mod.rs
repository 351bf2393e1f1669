//! The token request, the answers and the metadata (RFC 6749, RFC 7521, RFC 8414), as values.

mod answer;
mod credentials;
mod form;
mod metadata;
mod request;

pub use answer::{HttpAnswer, JsonAnswer};
pub use credentials::{ClientCredentials, PresentedBy};
pub use form::{Form, MAX_BODY};
pub use metadata::metadata;
pub use request::{HttpTokenRequest, MAX_ASSERTION, TokenRequest};
