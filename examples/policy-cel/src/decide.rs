//! From the context to the variables of an expression, and from its value to a decision. Whatever fails refuses.

use std::collections::HashMap;
use std::sync::Arc;

use cel::objects::{Key, Map};
use cel::{Context as Variables, Program, Value};
use serde_json::Value as Json;

use crate::bindings::exports::asserta::exchange::policy::{Context, Decision, Narrowing};

/// The name of a refusal by `false`.
const REFUSED: &str = "refused";
/// The name of a refusal because the expression fails, or comes to what is no decision.
const BROKEN: &str = "policy-broken";

/// What the expression makes of what would be granted.
pub(crate) fn decide(program: Option<&Program>, context: &Context) -> Decision {
    evaluated(program, context).unwrap_or_else(|| Decision::Deny(BROKEN.to_owned()))
}

fn evaluated(program: Option<&Program>, context: &Context) -> Option<Decision> {
    let variables = variables(context)?;
    match program?.execute(&variables).ok()? {
        Value::Bool(true) => Some(Decision::Allow(Narrowing { scopes: None, claims: None, lifetime: None })),
        Value::Bool(false) => Some(Decision::Deny(REFUSED.to_owned())),
        Value::Map(members) => decision(&members),
        _ => None,
    }
}

fn variables(context: &Context) -> Option<Variables<'static>> {
    let texts = |texts: &[String]| texts.iter().map(|text| self::text(text)).collect::<Vec<_>>();
    let maybe = |name: &Option<String>| name.as_deref().map_or(Value::Null, text);
    let claims: Json = serde_json::from_str(&context.claims).ok()?;
    let actor: Json =
        context.actor.as_deref().map_or(Some(Json::Null), |act| serde_json::from_str(act).ok())?;
    let mut variables = Variables::default();
    for (name, value) in [
        ("claims", value_of(claims)),
        ("actor", value_of(actor)),
        ("grant_type", text(&context.grant_type)),
        ("scopes", Value::List(Arc::new(texts(&context.scopes)))),
        ("subject", text(&context.subject)),
        ("issuer", text(&context.trusted_issuer)),
        ("rule", maybe(&context.rule)),
        ("client_id", maybe(&context.client_id)),
        ("has_client", Value::Bool(context.has_client)),
        ("organization", text(&context.organization)),
        ("audience", Value::List(Arc::new(texts(&context.audience)))),
        ("lifetime", Value::Int(context.lifetime.into())),
        ("now", Value::Int(i64::try_from(context.now).ok()?)),
    ] {
        variables.add_variable_from_value(name, value);
    }
    Some(variables)
}

fn text(text: &str) -> Value {
    Value::String(Arc::new(text.to_owned()))
}

/// JSON in the types of CEL: an integer is an `int`, as it is when somebody writes one down in an expression.
fn value_of(json: Json) -> Value {
    match json {
        Json::Null => Value::Null,
        Json::Bool(truth) => Value::Bool(truth),
        Json::Number(number) => match (number.as_i64(), number.as_u64()) {
            (Some(integer), _) => Value::Int(integer),
            (None, Some(integer)) => Value::UInt(integer),
            (None, None) => Value::Float(number.as_f64().unwrap_or(f64::NAN)),
        },
        Json::String(text) => Value::String(Arc::new(text)),
        Json::Array(elements) => Value::List(Arc::new(elements.into_iter().map(value_of).collect())),
        Json::Object(members) => {
            let members = members.into_iter().map(|(name, value)| (Key::from(name), value_of(value)));
            Value::Map(Map { map: Arc::new(members.collect::<HashMap<_, _>>()) })
        }
    }
}

/// The decision that a map says. A member that is not known may be one that is misspelt: it refuses.
fn decision(members: &Map) -> Option<Decision> {
    let mut narrowing = Narrowing { scopes: None, claims: None, lifetime: None };
    let mut denied = None;
    for (key, value) in members.map.iter() {
        let Key::String(name) = key else { return None };
        match (name.as_str(), value) {
            ("deny", Value::String(name)) => denied = Some(name.as_str().to_owned()),
            ("scopes", Value::List(scopes)) => narrowing.scopes = Some(texts(scopes)?),
            ("claims", Value::Map(_)) => narrowing.claims = Some(value.json().ok()?.to_string()),
            ("lifetime", Value::Int(seconds)) => narrowing.lifetime = Some(u32::try_from(*seconds).ok()?),
            _ => return None,
        }
    }
    Some(denied.map_or(Decision::Allow(narrowing), Decision::Deny))
}

fn texts(values: &[Value]) -> Option<Vec<String>> {
    let text = |value: &Value| match value {
        Value::String(text) => Some(text.as_str().to_owned()),
        _ => None,
    };
    values.iter().map(text).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn context(claims: &str) -> Context {
        Context {
            organization: "default".to_owned(),
            grant_type: "urn:ietf:params:oauth:grant-type:jwt-bearer".to_owned(),
            client_id: Some("app".to_owned()),
            has_client: true,
            trusted_issuer: "github".to_owned(),
            rule: None,
            subject: "repo:octo-org/app:ref:refs/heads/main".to_owned(),
            actor: None,
            claims: claims.to_owned(),
            scopes: vec!["read".to_owned(), "write".to_owned()],
            audience: vec!["https://api.example".to_owned()],
            lifetime: 3600,
            now: 1_800_000_000,
        }
    }

    fn of(expression: &str, claims: &str) -> Decision {
        decide(Program::compile(expression).ok().as_ref(), &context(claims))
    }

    fn allow(scopes: Option<&[&str]>, claims: Option<&str>, lifetime: Option<u32>) -> Decision {
        let scopes = scopes.map(|scopes| scopes.iter().map(ToString::to_string).collect());
        Decision::Allow(Narrowing { scopes, claims: claims.map(str::to_owned), lifetime })
    }

    fn deny(name: &str) -> Decision {
        Decision::Deny(name.to_owned())
    }

    #[test]
    fn the_policy_of_the_example() {
        let own = |claims: &str| of(crate::EXPRESSION, claims);
        let main = r#"{"repository_owner_id":"4242","ref":"refs/heads/main"}"#;
        assert_eq!(own(main), allow(None, Some(r#"{"environment":"production"}"#), None));
        let branch = r#"{"repository_owner_id":"4242","ref":"refs/heads/try"}"#;
        assert_eq!(own(branch), allow(Some(&["read"]), Some(r#"{"environment":"review"}"#), Some(300)));
        assert_eq!(own(r#"{"repository_owner_id":"1","ref":"refs/heads/main"}"#), deny("foreign-owner"));
        assert_eq!(own("{}"), deny("foreign-owner"));
        // What is not there, or of another type, refuses.
        assert_eq!(own(r#"{"repository_owner_id":"4242"}"#), deny("policy-broken"));
        assert_eq!(own(r#"{"repository_owner_id":4242,"ref":"refs/heads/main"}"#), deny("foreign-owner"));
    }

    #[test]
    fn each_kind_of_value() {
        assert_eq!(of("true", "{}"), allow(None, None, None));
        assert_eq!(of("false", "{}"), deny("refused"));
        let on_call = "claims.level >= 3 && claims.groups.exists(group, group == 'ops')";
        assert_eq!(of(on_call, r#"{"level":3,"groups":["ops"]}"#), allow(None, None, None));
        let others = "has_client && issuer == 'github' && rule == null && now > 0 && lifetime == 3600";
        assert_eq!(of(others, "{}"), allow(None, None, None));
        for broken in [
            "1",
            "'true'",
            "null",
            "[]",
            "{'scope': ['read']}",
            "{'scopes': [1]}",
            "{'lifetime': -1}",
            "{'claims': []}",
            "claims.absent",
            "1 / 0",
            "no_such_name",
            "{1: 2}",
        ] {
            assert_eq!(of(broken, "{}"), deny("policy-broken"), "{broken}");
        }
        assert_eq!(of("true ||", "{}"), deny("policy-broken"), "no expression");
        assert_eq!(of("true", "not json"), deny("policy-broken"));
    }
}
