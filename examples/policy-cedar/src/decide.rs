//! A request to Cedar for each scope that would be granted. Whatever fails refuses.

use std::collections::HashSet;

use cedar_policy::{
    Authorizer, Context as Facts, Decision as Verdict, Entities, Entity, EntityId, EntityTypeName, EntityUid,
    PolicySet, Request, Response,
};
use serde_json::{Value, json};

use crate::bindings::exports::asserta::exchange::policy::{Context, Decision, Narrowing};
use crate::claims;

/// The action of a token without scopes.
const TOKEN: &str = "token";
/// The name of a refusal where nothing permits.
const NOT_PERMITTED: &str = "not-permitted";
/// The name of a refusal because a policy fails, or the claims can't be asked about.
const BROKEN: &str = "policy-broken";

/// What the policies leave of what would be granted.
pub(crate) fn decide(policies: Option<&PolicySet>, context: &Context) -> Decision {
    decided(policies, context).unwrap_or_else(|| Decision::Deny(BROKEN.to_owned()))
}

fn decided(policies: Option<&PolicySet>, context: &Context) -> Option<Decision> {
    let question = Question::of(policies?, context)?;
    let mut outcome = Outcome::default();
    if context.scopes.is_empty() {
        let permitted = question.ask(TOKEN, &mut outcome)?;
        return Some(outcome.decision(permitted, None));
    }
    let mut scopes = Vec::new();
    for scope in &context.scopes {
        if question.ask(scope, &mut outcome)? {
            scopes.push(scope.clone());
        }
    }
    Some(outcome.decision(!scopes.is_empty(), Some(scopes)))
}

/// What the answers say beside yes and no.
#[derive(Default)]
struct Outcome {
    lifetime: Option<u32>,
    reason: Option<String>,
}

impl Outcome {
    fn decision(self, permitted: bool, scopes: Option<Vec<String>>) -> Decision {
        if permitted {
            Decision::Allow(Narrowing { scopes, claims: None, lifetime: self.lifetime })
        } else {
            Decision::Deny(self.reason.unwrap_or_else(|| NOT_PERMITTED.to_owned()))
        }
    }
}

/// What is the same for each scope.
struct Question<'a> {
    policies: &'a PolicySet,
    principal: EntityUid,
    resource: EntityUid,
    entities: Entities,
    facts: Facts,
    longest: u32,
}

impl<'a> Question<'a> {
    fn of(policies: &'a PolicySet, context: &Context) -> Option<Self> {
        let principal = entity("Subject", &context.subject)?;
        let resource = entity("Organization", &context.organization)?;
        let issuer = entity("Issuer", &context.trusted_issuer)?;
        let subject = Entity::new_no_attrs(principal.clone(), HashSet::from([issuer]));
        let entities = Entities::from_entities([subject], None).ok()?;
        let facts = Facts::from_json_value(facts(context)?, None).ok()?;
        Some(Self { policies, principal, resource, entities, facts, longest: context.lifetime })
    }

    /// Whether this scope is permitted. `None`: nobody can tell, since a policy fails. Cedar passes over such a one, be it a
    /// `forbid`.
    fn ask(&self, scope: &str, outcome: &mut Outcome) -> Option<bool> {
        let action = entity("Action", scope)?;
        let (principal, resource) = (self.principal.clone(), self.resource.clone());
        let request = Request::new(principal, action, resource, self.facts.clone(), None).ok()?;
        let response = Authorizer::new().is_authorized(&request, self.policies, &self.entities);
        if response.diagnostics().errors().next().is_some() {
            return None;
        }
        match response.decision() {
            Verdict::Allow => {
                for seconds in self.annotations(&response, "lifetime") {
                    // The rules may allow less than that by themselves.
                    let seconds = seconds.parse::<u32>().ok()?.min(self.longest);
                    outcome.lifetime = Some(outcome.lifetime.map_or(seconds, |known| known.min(seconds)));
                }
                Some(true)
            }
            Verdict::Deny => {
                // Of several, always the same one.
                let reason = self.annotations(&response, "reason").min().map(str::to_owned);
                outcome.reason = outcome.reason.take().or(reason);
                Some(false)
            }
        }
    }

    /// What the policies that decided are annotated with.
    fn annotations(&self, response: &Response, key: &'static str) -> impl Iterator<Item = &str> {
        let decided: Vec<_> = response.diagnostics().reason().cloned().collect();
        decided.into_iter().filter_map(move |id| self.policies.annotation(&id, key))
    }
}

fn entity(type_name: &str, id: &str) -> Option<EntityUid> {
    let type_name: EntityTypeName = type_name.parse().ok()?;
    Some(EntityUid::from_type_name_and_id(type_name, EntityId::new(id)))
}

/// The context of a request: what is not there is absent.
fn facts(context: &Context) -> Option<Value> {
    let mut facts = json!({
        "claims": claims::for_cedar(&context.claims)?,
        "grant_type": context.grant_type,
        "scopes": context.scopes,
        "audience": context.audience,
        "has_client": context.has_client,
        "lifetime": context.lifetime,
        "now": i64::try_from(context.now).ok()?,
    });
    for (name, text) in [("client_id", &context.client_id), ("rule", &context.rule)] {
        if let Some(text) = text {
            facts[name] = text.as_str().into();
        }
    }
    if let Some(act) = &context.actor {
        facts["actor"] = claims::for_cedar(act)?;
    }
    Some(facts)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn context(claims: &str, scopes: &[&str]) -> Context {
        Context {
            organization: "default".to_owned(),
            grant_type: "urn:ietf:params:oauth:grant-type:jwt-bearer".to_owned(),
            client_id: Some("app".to_owned()),
            has_client: true,
            trusted_issuer: "partner".to_owned(),
            rule: None,
            subject: "repo:octo-org/app".to_owned(),
            actor: None,
            claims: claims.to_owned(),
            scopes: scopes.iter().map(ToString::to_string).collect(),
            audience: vec!["https://api.example".to_owned()],
            lifetime: 3600,
            now: 1_800_000_000,
        }
    }

    fn of(policies: &str, claims: &str, scopes: &[&str]) -> Decision {
        decide(policies.parse().ok().as_ref(), &context(claims, scopes))
    }

    fn allow(scopes: Option<&[&str]>, lifetime: Option<u32>) -> Decision {
        let scopes = scopes.map(|scopes| scopes.iter().map(ToString::to_string).collect());
        Decision::Allow(Narrowing { scopes, claims: None, lifetime })
    }

    fn deny(name: &str) -> Decision {
        Decision::Deny(name.to_owned())
    }

    #[test]
    fn the_policies_of_the_example() {
        let own = |claims: &str| of(crate::POLICIES, claims, &["read", "write"]);
        let main = r#"{"repository_owner_id":"4242","ref":"refs/heads/main"}"#;
        assert_eq!(own(main), allow(Some(&["read", "write"]), None));
        let branch = r#"{"repository_owner_id":"4242","ref":"refs/heads/try"}"#;
        assert_eq!(own(branch), allow(Some(&["read"]), Some(300)));
        assert_eq!(own(r#"{"repository_owner_id":"1","ref":"refs/heads/main"}"#), deny("not-permitted"));
        let frozen = r#"{"repository_owner_id":"4242","ref":"refs/heads/main","environment":"frozen"}"#;
        assert_eq!(own(frozen), deny("frozen"));
        // Another issuer has no say, whatever it claims.
        let mut other = context(main, &["read"]);
        other.trusted_issuer = "other".to_owned();
        assert_eq!(decide(crate::POLICIES.parse().ok().as_ref(), &other), deny("not-permitted"));
    }

    #[test]
    fn what_fails_refuses() {
        let all = "permit (principal, action, resource);";
        assert_eq!(of(all, "{}", &["read"]), allow(Some(&["read"]), None));
        assert_eq!(of(all, "{}", &[]), allow(None, None));
        // A forbid that fails is passed over by Cedar, and not by us.
        let failing =
            format!("{all} forbid (principal, action, resource) when {{ context.claims.absent == 1 }};");
        assert_eq!(of(&failing, "{}", &["read"]), deny("policy-broken"));
        assert_eq!(of(all, r#"{"level":1.5}"#, &["read"]), deny("policy-broken"));
        assert_eq!(of("permit (", "{}", &["read"]), deny("policy-broken"));
        let lifetime = format!(r#"@lifetime("soon") {all}"#);
        assert_eq!(of(&lifetime, "{}", &["read"]), deny("policy-broken"));
        let longer = format!(r#"@lifetime("90000") {all}"#);
        assert_eq!(of(&longer, "{}", &["read"]), allow(Some(&["read"]), Some(3600)));
    }
}
