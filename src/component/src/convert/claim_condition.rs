//! Conditions on claims.

use alloc::format;
use alloc::string::ToString;
use alloc::vec::Vec;

use asserta_core::json::{Number, Value};
use asserta_core::trust::{ClaimCondition, ConditionTest};

use super::error::invalid;
use crate::bindings::wit::trusted_issuers::{self as wit, ClaimTest, ClaimValue};
use crate::bindings::wit::types::RegistryError;

/// Reads the condition at this place of the list.
pub(super) fn read(index: usize, condition: wit::ClaimCondition) -> Result<ClaimCondition, RegistryError> {
    let mut read =
        ClaimCondition { claim: condition.claim, equals: None, one_of: None, contains: None, present: None };
    match condition.test {
        ClaimTest::Equals(value) => read.equals = Some(json(index, "equals", value)?),
        ClaimTest::Contains(value) => read.contains = Some(json(index, "contains", value)?),
        ClaimTest::Present(present) => read.present = Some(present),
        ClaimTest::OneOf(values) => {
            let values = values.into_iter().map(|value| json(index, "one-of", value));
            read.one_of = Some(values.collect::<Result<Vec<_>, _>>()?);
        }
    }
    Ok(read)
}

fn json(index: usize, test: &str, value: ClaimValue) -> Result<Value, RegistryError> {
    match value {
        ClaimValue::Text(text) => Ok(Value::String(text)),
        ClaimValue::Integer(number) => Ok(Value::Number(number.into())),
        ClaimValue::Boolean(boolean) => Ok(Value::Bool(boolean)),
        ClaimValue::Decimal(number) => {
            let number = Number::from_f64(number)
                .ok_or_else(|| invalid(format!("claims[{index}].{test}"), "must be a finite number"));
            number.map(Value::Number)
        }
    }
}

/// A registered condition. Core has checked that it states one test, on strings, numbers and booleans.
pub(super) fn write(condition: &ClaimCondition) -> Option<wit::ClaimCondition> {
    let test = match condition.test()? {
        ConditionTest::Equals(value) => ClaimTest::Equals(claim_value(value)?),
        ConditionTest::OneOf(values) => ClaimTest::OneOf(values.iter().filter_map(claim_value).collect()),
        ConditionTest::Contains(value) => ClaimTest::Contains(claim_value(value)?),
        ConditionTest::Present(present) => ClaimTest::Present(present),
    };
    Some(wit::ClaimCondition { claim: condition.claim.clone(), test })
}

fn claim_value(value: &Value) -> Option<ClaimValue> {
    match value {
        Value::String(text) => Some(ClaimValue::Text(text.to_string())),
        Value::Bool(boolean) => Some(ClaimValue::Boolean(*boolean)),
        Value::Number(number) => match number.as_i64() {
            Some(integer) => Some(ClaimValue::Integer(integer)),
            None => number.as_f64().map(ClaimValue::Decimal),
        },
        _ => None,
    }
}
