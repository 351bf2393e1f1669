//! What a JWT itself says may be granted for it (R38). The policy cuts it to what it allows, and never goes beyond it.

use alloc::vec::Vec;

use crate::oauth::Scope;

/// What a JWT says may be granted for it; what is `None` it leaves to the policy.
#[derive(Debug, Default)]
pub struct Claimed<'a> {
    /// The scope: not empty.
    pub scope: Option<Scope<'a>>,
    /// The resources, each once: not empty.
    pub resources: Option<Vec<&'a str>>,
}

impl Claimed<'_> {
    /// Of a JWT that leaves all to the policy.
    pub const NOTHING: Self = Self { scope: None, resources: None };
}
