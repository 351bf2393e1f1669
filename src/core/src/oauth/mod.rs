//! What OAuth says on the wire: forms, scopes, refusals, responses and metadata (RFC 6749, RFC 8414), as values.

mod form;
mod metadata;
mod refusal;
mod response;
mod scope;

pub use form::{Form, MAX_ASSERTION, MAX_BODY};
pub(crate) use form::{MAX_PARAMETER, decode};
pub use metadata::metadata;
pub use refusal::{ErrorCode, KeysNeeded, Reason, Refusal};
pub use response::{HttpAnswer, JsonAnswer};
pub use scope::Scope;
pub(crate) use scope::is_token;
