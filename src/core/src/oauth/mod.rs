//! What OAuth says on the wire: forms, scopes, refusals, responses and metadata (RFC 6749, RFC 8414), as values.

mod client_auth_method;
mod form;
mod grant_type;
mod metadata;
mod refusal;
mod response;
mod role;
mod scope;
mod stated_metadata;

pub use client_auth_method::ClientAuthMethod;
pub use form::{Form, MAX_ASSERTION, MAX_BODY};
pub(crate) use form::{MAX_PARAMETER, decode};
pub use grant_type::GrantType;
pub use metadata::{Offered, metadata};
pub use refusal::{ErrorCode, KeysNeeded, Reason, Refusal};
pub use response::{HttpResponse, JsonResponse};
pub use role::{Role, in_role, of_proof};
pub use scope::Scope;
pub(crate) use scope::is_token;
pub use stated_metadata::StatedMetadata;
#[cfg(feature = "schema")]
pub(crate) use stated_metadata::WrittenMetadata;
