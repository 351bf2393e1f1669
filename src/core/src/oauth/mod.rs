//! What OAuth says on the wire: forms, scopes, refusals, responses and metadata (RFC 6749, RFC 8414), as values.

mod form;
mod metadata;
mod refusal;
mod response;
mod scope;

pub(crate) use form::decode;
pub use form::{Form, MAX_BODY};
pub use metadata::metadata;
pub use refusal::{ErrorCode, KeysNeeded, Reason, Refusal};
pub use response::{HttpAnswer, JsonAnswer};
pub use scope::Scope;
pub(crate) use scope::is_token;
