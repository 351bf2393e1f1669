//! The policy that is composed in, over asserta:exchange/policy.

use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

use asserta_core::ports::{Narrowing, Policy, PolicyContext, PolicyDecision};

use crate::bindings::asserta::exchange::policy as door;

/// The component behind the import.
pub struct ComposedPolicy;

impl Policy for ComposedPolicy {
    fn decide(&self, context: &PolicyContext<'_>) -> PolicyDecision {
        let scopes = context.scope.split(' ').filter(|scope| !scope.is_empty());
        let decision = door::decide(&door::Context {
            organization: context.organization.to_string(),
            grant_type: context.grant_type.name().to_string(),
            client_id: context.client_id.map(String::from),
            has_client: context.has_client,
            trusted_issuer: context.trusted_issuer.to_string(),
            rule: context.rule.map(String::from),
            subject: context.subject.to_string(),
            actor: context.actor.map(String::from),
            claims: context.claims.to_string(),
            scopes: scopes.map(String::from).collect::<Vec<_>>(),
            audience: context.audience.to_vec(),
            lifetime: context.lifetime,
            now: context.now,
        });
        match decision {
            door::Decision::Allow(door::Narrowing { scopes, claims, lifetime }) => {
                PolicyDecision::Allow(Narrowing { scopes, claims, lifetime })
            }
            door::Decision::Deny(reason) => PolicyDecision::Deny(reason),
        }
    }
}
