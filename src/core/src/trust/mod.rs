//! What a trusted issuer is, and what it is trusted with.

mod condition;
mod document;
mod glob;
mod issuer;
pub mod policy;
mod skipped_keys;
mod stored;

pub use condition::{ClaimCondition, ConditionTest};
pub use document::{AudienceMode, MAX_CLOCK_SKEW, Replay, TrustedIssuer};
pub use issuer::Issuer;
