//! A policy of the operator's own, which decides after all rules (R87).

use alloc::string::String;

use super::PolicyDecision;
use crate::oauth::GrantType;
use crate::organization::OrganizationId;

/// Decides on what the rules would grant. It narrows or refuses; what more it says is refused.
pub trait Policy {
    /// Decides. It must not depend on whether an exchange asks or an explanation, and should keep nothing.
    fn decide(&self, context: &PolicyContext<'_>) -> PolicyDecision;
}

/// What would be granted to whom, and why.
#[derive(Clone, Copy, Debug)]
pub struct PolicyContext<'a> {
    /// The organization.
    pub organization: &'a OrganizationId,
    /// The grant.
    pub grant_type: GrantType,
    /// The application, or the label of a rule without a client (R29). `None`: in an explanation that names neither.
    pub client_id: Option<&'a str>,
    /// Whether a client has authenticated.
    pub has_client: bool,
    /// The name of the trusted issuer.
    pub trusted_issuer: &'a str,
    /// Its rule that decided; `None`: it has none.
    pub rule: Option<&'a str>,
    /// `sub` of the assertion.
    pub subject: &'a str,
    /// `act` that the token would have: the text of a JSON object. `None`: nobody acts for the subject.
    pub actor: Option<&'a str>,
    /// The claims of the assertion as they were signed: the text of a strict JSON object.
    pub claims: &'a str,
    /// The scope that would be granted: tokens, separated by single spaces.
    pub scope: &'a str,
    /// `aud` that the token would have.
    pub audience: &'a [String],
    /// How long the token would be valid, in seconds.
    pub lifetime: u32,
    /// The time: seconds since 1970.
    pub now: u64,
}
