//! Typed conditions on the claims of an assertion (R49).

use alloc::string::String;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use crate::field::{FieldError, check_text};
use crate::jose::json::{Object, Value};

/// A condition on one claim: `{"claim": "hd", "equals": "example.com"}`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClaimCondition {
    /// The name of the claim, at the top level of the claims.
    pub claim: String,
    /// The claim has exactly this value: a string, number or boolean.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub equals: Option<Value>,
    /// The claim has one of these values.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub one_of: Option<Vec<Value>>,
    /// The claim is an array that contains this value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contains: Option<Value>,
    /// The claim is there (true) or is not (false).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub present: Option<bool>,
}

/// The test of a condition.
#[derive(Clone, Copy, Debug)]
pub enum ConditionTest<'a> {
    /// Equal to the value.
    Equals(&'a Value),
    /// Equal to one of the values.
    OneOf(&'a [Value]),
    /// An array with the value in it.
    Contains(&'a Value),
    /// There or not.
    Present(bool),
}

impl ClaimCondition {
    /// The one test that the condition states.
    pub fn test(&self) -> Option<ConditionTest<'_>> {
        match (&self.equals, &self.one_of, &self.contains, self.present) {
            (Some(value), None, None, None) => Some(ConditionTest::Equals(value)),
            (None, Some(values), None, None) => Some(ConditionTest::OneOf(values)),
            (None, None, Some(value), None) => Some(ConditionTest::Contains(value)),
            (None, None, None, Some(present)) => Some(ConditionTest::Present(present)),
            _ => None,
        }
    }

    /// Checks the condition as it is registered; `field` is its place in the document.
    pub(super) fn check(&self, field: &str) -> Result<(), FieldError> {
        check_text(&alloc::format!("{field}.claim"), &self.claim, 256)?;
        let scalar = |name: &str, value: &Value| match value {
            Value::String(_) | Value::Number(_) | Value::Bool(_) => Ok(()),
            _ => {
                let field = alloc::format!("{field}.{name}");
                Err(FieldError::new(field, "must be a string, a number or a boolean"))
            }
        };
        match self.test() {
            Some(ConditionTest::Equals(value)) => scalar("equals", value),
            Some(ConditionTest::Contains(value)) => scalar("contains", value),
            Some(ConditionTest::OneOf([])) => {
                Err(FieldError::new(alloc::format!("{field}.one_of"), "must not be empty"))
            }
            Some(ConditionTest::OneOf(values)) => values.iter().try_for_each(|value| scalar("one_of", value)),
            Some(ConditionTest::Present(_)) => Ok(()),
            None => Err(FieldError::new(field, "needs exactly one of equals, one_of, contains and present")),
        }
    }

    /// Whether the claims meet the condition. Types count: `"1"` is not `1`, `true` is not `"true"`.
    pub fn holds(&self, claims: &Object) -> bool {
        let claim = claims.get(&self.claim);
        match (self.test(), claim) {
            (Some(ConditionTest::Present(present)), _) => present == claim.is_some(),
            (Some(ConditionTest::Equals(value)), Some(claim)) => same(claim, value),
            (Some(ConditionTest::OneOf(values)), Some(claim)) => {
                values.iter().any(|value| same(claim, value))
            }
            (Some(ConditionTest::Contains(value)), Some(Value::Array(elements))) => {
                elements.iter().any(|element| same(element, value))
            }
            _ => false,
        }
    }
}

/// Whether a claim has the value: same type, same value.
fn same(claim: &Value, value: &Value) -> bool {
    match (claim, value) {
        (Value::String(_) | Value::Bool(_), _) => claim == value,
        // Integers exactly: as floats, two that differ beyond 2^53 would be one.
        (Value::Number(claim), Value::Number(value)) if claim.is_f64() || value.is_f64() => {
            claim.as_f64() == value.as_f64()
        }
        (Value::Number(_), Value::Number(_)) => claim == value,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use crate::jose::json;

    /// R49: types count, `1` and `1.0` are one number, and two large integers are two.
    #[test]
    fn r49_same_value() {
        let same = |claim: &str, value: &str| {
            let read = |text: &str| json::parse(text.as_bytes()).expect("JSON");
            super::same(&read(claim), &read(value))
        };
        for (claim, value) in [("1", "1.0"), ("1.0", "1"), ("18446744073709551615", "18446744073709551615")] {
            assert!(same(claim, value), "{claim} {value}");
        }
        for (claim, value) in [
            ("18446744073709551615", "18446744073709551614"),
            ("9223372036854775809", "9223372036854775808"),
            ("9007199254740993", "9007199254740992"),
            ("-1", "18446744073709551615"),
            ("1", "\"1\""),
            ("true", "\"true\""),
            ("null", "false"),
        ] {
            assert!(!same(claim, value), "{claim} {value}");
        }
    }
}
