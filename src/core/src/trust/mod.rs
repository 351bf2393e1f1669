//! What a trusted issuer is, and what it is trusted with.

mod claim_test;
mod condition;
mod document;
mod glob;
mod issuer;
mod lint;
mod many_programs;
mod mark;
mod named_claims;
pub mod policy;
pub mod preset;
mod profile;
mod requirements;
mod rule;
mod shared_issuers;
mod skipped_keys;
mod spiffe_id;
mod stored;
mod warnings;
mod without_client;
mod workload;

pub use condition::{ClaimCondition, NegatedTest};
pub use document::{AudienceMode, MAX_CLOCK_SKEW, Profile, Replay, TokenExchange, TrustedIssuer};
pub use issuer::Issuer;
pub use profile::ID_JAG_TYP;
pub use rule::{IssuerRule, RuleClient, RuleMode};
pub use spiffe_id::NotOfDomain;
pub use warnings::Warning;
