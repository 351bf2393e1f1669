//! What a trusted issuer is, and what it is trusted with.

mod condition;
mod glob;
mod issuer_keys;
mod policy;
mod stored;
mod trusted_issuer;

pub use condition::{ClaimCondition, ConditionTest};
pub use issuer_keys::{IssuerKeys, MAX_KEY_DOCUMENT};
pub(crate) use policy::SUBJECT_PATTERNS;
pub use policy::{AudienceMode, Replay, ReservedClaim, subject_allowed};
pub use trusted_issuer::{MOST_CLOCK_SKEW, TrustedIssuer};
