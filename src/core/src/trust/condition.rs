//! Typed conditions on the claims of an assertion (R49).

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use crate::field::{FieldError, check_text};
use crate::json::{Number, Object, Value, fits_64_bits};
#[cfg(feature = "schema")]
use crate::shape;
use crate::words::quoted;

/// A condition on one claim of an assertion, `{"claim": "hd", "equals": "example.com"}`: exactly one of the four tests.
/// Types count: `"1"` is not `1`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(transform = one_test))]
#[serde(deny_unknown_fields)]
pub struct ClaimCondition {
    /// The name of the claim, at the top level of the claims: 1 to 256 bytes.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 256)))]
    pub claim: String,
    /// It has exactly this value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<shape::ClaimValue>"))]
    pub equals: Option<Value>,
    /// It has one of these values.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<Vec<shape::ClaimValue>>", length(min = 1)))]
    pub one_of: Option<Vec<Value>>,
    /// It is an array with this value in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<shape::ClaimValue>"))]
    pub contains: Option<Value>,
    /// It is there (true), or it is not (false).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub present: Option<bool>,
}

#[cfg(feature = "schema")]
fn one_test(schema: &mut schemars::Schema) {
    shape::exactly_one(schema, &["equals", "one_of", "contains", "present"]);
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
        check_text(&format!("{field}.claim"), &self.claim, 256)?;
        let scalar = |name: &str, value: &Value| {
            let problem = match value {
                Value::Number(_) if !value.is_exact() => {
                    "must be an integer of at most 64 bits, or a fraction"
                }
                Value::String(_) | Value::Number(_) | Value::Bool(_) => return Ok(()),
                _ => "must be a string, a number or a boolean",
            };
            Err(FieldError::new(format!("{field}.{name}"), problem))
        };
        match self.test() {
            Some(ConditionTest::Equals(value)) => scalar("equals", value),
            Some(ConditionTest::Contains(value)) => scalar("contains", value),
            Some(ConditionTest::OneOf([])) => {
                Err(FieldError::new(format!("{field}.one_of"), "must not be empty"))
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

    /// Why it does not hold, for people: the claim, what was found and what is wanted by their types, never the
    /// value (R49). `None`: it holds.
    pub fn failure(&self, claims: &Object) -> Option<String> {
        if self.holds(claims) {
            return None;
        }
        let name = quoted(&self.claim);
        let wanted = match self.test()? {
            ConditionTest::Present(false) => return Some(format!("claim {name} is there and must not be")),
            ConditionTest::Present(true) => "any value".to_string(),
            ConditionTest::Equals(value) => format!("{} of a certain value", value.kind()),
            ConditionTest::OneOf(values) => {
                let is_there = |kind: &&str| values.iter().any(|value| value.kind() == *kind);
                let kinds = ["a boolean", "a number", "a string"].into_iter().filter(is_there);
                format!("{} of certain values", kinds.collect::<Vec<_>>().join(" or "))
            }
            ConditionTest::Contains(value) => format!("an array with {} of a certain value", value.kind()),
        };
        let found = match claims.get(&self.claim) {
            None => "is absent".to_string(),
            Some(value @ Value::Number(_)) if !value.is_exact() => {
                "is an integer beyond 64 bits, which is equal to nothing".to_string()
            }
            Some(value) => format!("is {}", value.kind()),
        };
        Some(format!("claim {name} {found}; wanted is {wanted}"))
    }
}

/// Whether a claim has the value: same type, same value.
fn same(claim: &Value, value: &Value) -> bool {
    match (claim, value) {
        (Value::String(_) | Value::Bool(_), _) => claim == value,
        (Value::Number(claim), Value::Number(value)) => same_number(claim, value),
        _ => false,
    }
}

/// R49: exactly, so that 1 and 1.0 are one number, and integers that differ beyond 2^53 are two. What is beyond
/// 64 bits is equal to nothing, itself included: its last digits were lost when it was read.
fn same_number(one: &Number, other: &Number) -> bool {
    match (integer(one), integer(other)) {
        (Some(one), Some(other)) => one == other,
        (None, None) => {
            one.as_f64() == other.as_f64() && one.as_f64().is_some_and(|value| value % 1.0 != 0.0)
        }
        _ => false,
    }
}

/// The integer that a number is, of at most 64 bits.
fn integer(number: &Number) -> Option<i128> {
    let whole = number.as_u64().map(i128::from).or_else(|| number.as_i64().map(i128::from));
    whole.or_else(|| {
        let value = number.as_f64()?;
        (value % 1.0 == 0.0 && fits_64_bits(value)).then_some(value as i128)
    })
}

#[cfg(test)]
mod tests {
    use alloc::format;

    use crate::json;

    /// R49: types count, `1` and `1.0` are one number, and two large integers are two.
    #[test]
    fn r49_same_value() {
        let same = |claim: &str, value: &str| {
            let read = |text: &str| json::parse(text.as_bytes()).expect("JSON");
            super::same(&read(claim), &read(value))
        };
        for (claim, value) in [
            ("1", "1.0"),
            ("1.0", "1"),
            ("1e3", "1000"),
            ("-0.0", "0"),
            ("0.5", "5e-1"),
            ("18446744073709551615", "18446744073709551615"),
            ("-9223372036854775808", "-9223372036854775808"),
            ("1e19", "10000000000000000000"),
        ] {
            assert!(same(claim, value), "{claim} {value}");
        }
        for (claim, value) in [
            ("18446744073709551615", "18446744073709551614"),
            ("9223372036854775809", "9223372036854775808"),
            ("9007199254740993", "9007199254740992"),
            ("9007199254740993", "9007199254740992.0"),
            ("18446744073709551615", "18446744073709551616"),
            ("18446744073709551616", "18446744073709551616"),
            ("18446744073709551617", "18446744073709551617"),
            ("-9223372036854775809", "-9223372036854775809"),
            ("1e20", "1e20"),
            ("1e300", "1e300"),
            ("-1", "18446744073709551615"),
            ("1", "\"1\""),
            ("true", "\"true\""),
            ("null", "false"),
        ] {
            assert!(!same(claim, value), "{claim} {value}");
        }
    }

    fn condition(text: &str) -> super::ClaimCondition {
        json::from_slice(text.as_bytes()).expect("a condition")
    }

    /// R49: what could not be compared is not registered; 1e20 is such an integer too.
    #[test]
    fn r49_integers_beyond_64_bits() {
        for number in
            ["18446744073709551616", "18446744073709551617", "-9223372036854775809", "1e20", "1e300"]
        {
            for (test, field) in [
                (format!("\"equals\":{number}"), "claims[0].equals"),
                (format!("\"one_of\":[1,{number}]"), "claims[0].one_of"),
                (format!("\"contains\":{number}"), "claims[0].contains"),
            ] {
                let refused = condition(&format!("{{\"claim\":\"n\",{test}}}")).check("claims[0]");
                assert_eq!(refused.map_err(|error| error.field), Err(field.into()), "{test}");
            }
        }
        for number in ["18446744073709551615", "-9223372036854775808", "1e19", "0.1", "-1.5"] {
            let text = format!("{{\"claim\":\"n\",\"equals\":{number}}}");
            assert_eq!(condition(&text).check("claims[0]"), Ok(()), "{number}");
        }
    }

    /// R49: the claim, the type found and the type wanted; never the value.
    #[test]
    fn r49_words() {
        let read = |text: &str| json::parse_object(text.as_bytes()).expect("JSON");
        for (test, claims, words) in [
            (r#""equals":true"#, r#"{"c":"true"}"#, "is a string; wanted is a boolean of a certain value"),
            (r#""equals":7"#, "{}", "is absent; wanted is a number of a certain value"),
            (
                r#""equals":7"#,
                r#"{"c":1e20}"#,
                "is an integer beyond 64 bits, which is equal to nothing; wanted is a number of a certain value",
            ),
            (
                r#""one_of":["a","b",1]"#,
                r#"{"c":"x"}"#,
                "is a string; wanted is a number or a string of certain values",
            ),
            (
                r#""contains":"a""#,
                r#"{"c":"a"}"#,
                "is a string; wanted is an array with a string of a certain value",
            ),
            (r#""present":true"#, "{}", "is absent; wanted is any value"),
            (r#""present":false"#, r#"{"c":null}"#, "is there and must not be"),
        ] {
            let failure = condition(&format!("{{\"claim\":\"c\",{test}}}")).failure(&read(claims));
            assert_eq!(failure, Some(format!("claim \"c\" {words}")), "{test} {claims}");
        }
        assert_eq!(condition(r#"{"claim":"c","equals":1}"#).failure(&read(r#"{"c":1.0}"#)), None);
    }
}
