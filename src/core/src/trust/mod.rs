//! What a trusted issuer is, and what it is trusted with.

mod condition;
mod document;
mod glob;
mod issuer;
mod policy;
mod skipped_keys;
mod stored;

pub use condition::{ClaimCondition, ConditionTest};
pub use document::{MAX_CLOCK_SKEW, TrustedIssuer};
pub use issuer::Issuer;
pub(crate) use policy::SUBJECT_PATTERNS;
pub use policy::{AudienceMode, Replay, subject_allowed};
