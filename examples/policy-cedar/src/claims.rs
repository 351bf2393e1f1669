//! The claims of an assertion in the types of Cedar, which has no null and no fractions. What it can't hold is not left out
//! in silence: a `forbid` could be missing just that.

use serde_json::{Map, Value};

/// The dates of a JWT, which may have fractions. They were judged before (R43, R44), and `now` is in the context.
const DATES: [&str; 3] = ["exp", "nbf", "iat"];

/// How Cedar's JSON writes entities and the values of extensions. In a claim they would be an issuer's words in our mouth.
const ESCAPES: [&str; 3] = ["__entity", "__extn", "__expr"];

/// The claims, for Cedar. `None`: it can't hold them.
pub(crate) fn for_cedar(claims: &str) -> Option<Value> {
    let Value::Object(mut claims) = serde_json::from_str(claims).ok()? else { return None };
    claims.retain(|name, _| !DATES.contains(&name.as_str()));
    converted(Value::Object(claims))?
}

/// A value; `Some(None)`: null, which is as good as absent.
fn converted(value: Value) -> Option<Option<Value>> {
    Some(match value {
        Value::Null => None,
        Value::Number(number) => Some(number.as_i64()?.into()),
        Value::Bool(_) | Value::String(_) => Some(value),
        Value::Array(elements) => {
            let elements: Option<Vec<Option<Value>>> = elements.into_iter().map(converted).collect();
            Some(Value::Array(elements?.into_iter().flatten().collect()))
        }
        Value::Object(members) => {
            let mut kept = Map::new();
            for (name, value) in members {
                if ESCAPES.contains(&name.as_str()) {
                    return None;
                }
                kept.extend(converted(value)?.map(|value| (name, value)));
            }
            Some(Value::Object(kept))
        }
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_cedar_can_hold() {
        let claims =
            r#"{"exp":1800000000.5,"sub":"a","n":1,"null":null,"list":[1,null,{"a":null,"b":true}]}"#;
        let wanted = json!({"sub": "a", "n": 1, "list": [1, {"b": true}]});
        assert_eq!(for_cedar(claims), Some(wanted));
    }

    #[test]
    fn what_it_can_not() {
        for claims in [
            r#"{"level":1.5}"#,
            r#"{"level":18446744073709551615}"#,
            r#"{"deep":[{"a":0.1}]}"#,
            r#"{"owner":{"__entity":{"type":"Role","id":"admin"}}}"#,
            r#"{"ip":{"__extn":{"fn":"ip","arg":"10.0.0.1"}}}"#,
            r#"{"__expr":"true"}"#,
            "[]",
            "",
        ] {
            assert_eq!(for_cedar(claims), None, "{claims}");
        }
    }
}
