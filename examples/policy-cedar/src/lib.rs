//! A policy for Asserta in Cedar: `policies.cedar`, compiled in.
//!
//! Build it for `wasm32-unknown-unknown` as a component (scripts/build-wasm.sh policy-cedar) and compose it in
//! (scripts/compose-policy.sh). It imports nothing: it has no clock, no network, no file, and can ask nobody.

mod bindings;
mod claims;
mod decide;

use cedar_policy::PolicySet;

use bindings::exports::asserta::exchange::policy::{Context, Decision, Guest};

/// The policies.
const POLICIES: &str = include_str!("../policies.cedar");

thread_local! {
    /// The policies, read once in each instance. `None`: they can't be read, and everything is refused.
    static POLICY_SET: Option<PolicySet> = POLICIES.parse().ok();
}

struct Policy;

impl Guest for Policy {
    fn decide(context: Context) -> Decision {
        POLICY_SET.with(|policies| decide::decide(policies.as_ref(), &context))
    }
}
