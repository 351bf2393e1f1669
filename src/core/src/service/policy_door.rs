//! The door for a policy of the operator's own (R87). It is asked when the rules would grant, and narrows that or refuses.
//!
//! Without a policy this is nothing: the port is `None` in every shell but those with the import, and the rest is left
//! out of what is compiled.

use alloc::format;
use alloc::string::{String, ToString as _};

use super::Service;
use super::trail::Trail;
use crate::grants::Granted;
use crate::grants::jwt_bearer::Facts;
use crate::json::Value;
use crate::oauth::{GrantType, Reason, Refusal};
use crate::ports::{PolicyContext, PolicyDecision, Ports};
use crate::trust::policy::{Asker, is_name_of_refusal};
use crate::words::quoted;

impl<P: Ports> Service<P> {
    /// What the policy leaves of what is granted.
    pub(super) fn narrowed_by_policy(
        &self,
        grant_type: GrantType,
        facts: &Facts<'_>,
        granted: Granted,
        now: u64,
        trail: &mut Trail,
    ) -> Result<Granted, Refusal> {
        let Some(policy) = self.shell.ports.policy() else { return Ok(granted) };
        let terms = facts.terms.terms();
        let application = match terms.asker {
            Asker::Application(application) => Some(application),
            Asker::Anybody(application) => granted.label().is_none().then_some(application),
            Asker::NoClient(_) => None,
        };
        // The application that may do anything, of an explanation, has no name.
        let client_id = match terms.asker {
            Asker::Application(application) => Some(application.client_id()),
            Asker::Anybody(_) | Asker::NoClient(_) => granted.label(),
        };
        let lifetime = granted.expires_in(application);
        let actor = granted.actor().map(Value::to_text);
        let decision = policy.decide(&PolicyContext {
            organization: facts.organization,
            grant_type,
            client_id,
            has_client: granted.label().is_none(),
            trusted_issuer: &terms.issuer.document().name,
            rule: granted.rule(),
            subject: granted.subject(),
            // R30 has seen that it is UTF-8.
            actor: actor.as_deref(),
            claims: core::str::from_utf8(facts.assertion.payload()).map_err(|_| Reason::ServerFault)?,
            scope: granted.scope(),
            audience: granted.audience(),
            lifetime,
            now,
        });
        let (reason, saw) = match decision {
            PolicyDecision::Allow(narrowing) => match granted.narrowed(&narrowing, lifetime) {
                Ok(narrowed) => {
                    let seconds = narrowed.expires_in(application);
                    let saw = || format!("it grants {} for {seconds} s", quoted(narrowed.scope()));
                    trail.step("R87", "policy", Ok(()), saw);
                    return Ok(narrowed);
                }
                Err(malformed) => {
                    let member = malformed.member();
                    let saw = format!("its decision is malformed: {member} asks for what it may not give");
                    (Some(format!("malformed: {member}")), saw)
                }
            },
            PolicyDecision::Deny(name) if is_name_of_refusal(&name) => {
                let saw = format!("it refuses: {name}");
                (Some(name), saw)
            }
            PolicyDecision::Deny(_) => (None, "it refuses, and gives no name for it".to_string()),
        };
        Err(refused(reason, saw, trail))
    }
}

fn refused(reason: Option<String>, saw: String, trail: &mut Trail) -> Refusal {
    let cause = Some(format!("the policy was asked: {saw}"));
    trail.refused_by_policy(reason);
    trail.step("R87", "policy", Err(Reason::PolicyDenied), || saw);
    Refusal { cause, ..Reason::PolicyDenied.into() }
}
