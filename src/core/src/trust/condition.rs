//! The document of a typed condition on a claim (R49, R83), and what may stand in it.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::claim_test::{ClaimTest, Condition, Wanted};
use super::glob::Glob;
use super::named_claims::NamedClaims;
use crate::field::{FieldError, check_text};
use crate::json::{Number, Value};
#[cfg(feature = "schema")]
use crate::shape;

/// How many values a condition may list.
const MAX_VALUES: usize = 1000;

/// The longest `glob` and `prefix`, in bytes.
const MAX_PATTERN: usize = 1024;

/// A condition on one claim of an assertion, `{"claim": "hd", "equals": "example.com"}`: exactly one test. Types count:
/// `"1"` is not `1`. A claim that is absent, null or of another type meets no condition, a negated one neither; of an
/// array one element has to fit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(transform = one_test))]
#[serde(deny_unknown_fields)]
pub struct ClaimCondition {
    /// The name of the claim, or, where it begins with `/`, a JSON Pointer to a nested one: `/kubernetes.io/namespace`;
    /// 1 to 256 bytes.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 256)))]
    pub claim: String,
    /// It has exactly this value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<shape::ClaimValue>"))]
    pub equals: Option<Value>,
    /// It has one of these values, 1 to 1000.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(
        feature = "schema",
        schemars(with = "Option<Vec<shape::ClaimValue>>", length(min = 1, max = 1000))
    )]
    pub one_of: Option<Vec<Value>>,
    /// It is an array with this value in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<shape::ClaimValue>"))]
    pub contains: Option<Value>,
    /// It is an array with all of these values in it, 1 to 1000.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(
        feature = "schema",
        schemars(with = "Option<Vec<shape::ClaimValue>>", length(min = 1, max = 1000))
    )]
    pub all_of: Option<Vec<Value>>,
    /// It is a text of this form: `*` stands for one or more characters within a segment of `/ : @ |`, `**` for one or
    /// more across (R84).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 1024)))]
    pub glob: Option<String>,
    /// It is a text that begins so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 1024)))]
    pub prefix: Option<String>,
    /// It is this number or a greater one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<f64>"))]
    pub at_least: Option<Number>,
    /// It is this number or a smaller one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<f64>"))]
    pub at_most: Option<Number>,
    /// It is there and not null (true), or it is not (false).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub present: Option<bool>,
    /// It is of the type that this test wants, and does not pass it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not: Option<NegatedTest>,
}

/// A test that a claim must not pass: exactly one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(transform = one_negated_test))]
#[serde(deny_unknown_fields)]
pub struct NegatedTest {
    /// It has another value than this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<shape::ClaimValue>"))]
    pub equals: Option<Value>,
    /// It has none of these values, 1 to 1000.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(
        feature = "schema",
        schemars(with = "Option<Vec<shape::ClaimValue>>", length(min = 1, max = 1000))
    )]
    pub one_of: Option<Vec<Value>>,
    /// It is an array without this value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<shape::ClaimValue>"))]
    pub contains: Option<Value>,
    /// It is an array that lacks one of these values, 1 to 1000.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(
        feature = "schema",
        schemars(with = "Option<Vec<shape::ClaimValue>>", length(min = 1, max = 1000))
    )]
    pub all_of: Option<Vec<Value>>,
    /// It is a text of another form.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 1024)))]
    pub glob: Option<String>,
    /// It is a text that begins otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 1024)))]
    pub prefix: Option<String>,
    /// It is a smaller number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<f64>"))]
    pub at_least: Option<Number>,
    /// It is a greater number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<f64>"))]
    pub at_most: Option<Number>,
}

/// The tests that can be negated.
const TESTS: [&str; 8] = ["equals", "one_of", "contains", "all_of", "glob", "prefix", "at_least", "at_most"];

#[cfg(feature = "schema")]
fn one_test(schema: &mut schemars::Schema) {
    let mut tests = TESTS.to_vec();
    tests.extend(["present", "not"]);
    shape::exactly_one(schema, &tests);
}

#[cfg(feature = "schema")]
fn one_negated_test(schema: &mut schemars::Schema) {
    shape::exactly_one(schema, &TESTS);
}

/// A test as it is written.
pub(super) enum Written<'a> {
    Equals(&'a Value),
    OneOf(&'a [Value]),
    Contains(&'a Value),
    AllOf(&'a [Value]),
    Glob(&'a str),
    Prefix(&'a str),
    AtLeast(&'a Number),
    AtMost(&'a Number),
}

macro_rules! written {
    ($of:expr) => {{
        let of = $of;
        let tests = [
            of.equals.as_ref().map(Written::Equals),
            of.one_of.as_deref().map(Written::OneOf),
            of.contains.as_ref().map(Written::Contains),
            of.all_of.as_deref().map(Written::AllOf),
            of.glob.as_deref().map(Written::Glob),
            of.prefix.as_deref().map(Written::Prefix),
            of.at_least.as_ref().map(Written::AtLeast),
            of.at_most.as_ref().map(Written::AtMost),
        ];
        tests.into_iter().flatten().collect()
    }};
}

impl ClaimCondition {
    /// The tests of the condition that are not negated.
    pub(super) fn tests(&self) -> Vec<Written<'_>> {
        written!(self)
    }

    /// All of its tests.
    pub(super) fn all_tests(&self) -> Vec<Written<'_>> {
        let mut tests = self.tests();
        if let Some(not) = &self.not {
            let negated: Vec<Written<'_>> = written!(not);
            tests.extend(negated);
        }
        tests
    }

    /// Whether a claim with this text meets it. Nothing meets what can't be registered.
    pub(super) fn is_met_by(&self, text: &str) -> bool {
        let condition = self.parse("", &mut NamedClaims::default());
        condition.is_ok_and(|condition| condition.is_met_by(Some(&Value::from(text))))
    }

    /// Reads the condition as it is registered; `field` is its place in the document.
    pub(super) fn parse(&self, field: &str, named: &mut NamedClaims) -> Result<Condition, FieldError> {
        let place = format!("{field}.claim");
        check_text(&place, &self.claim, 256)?;
        let claim = named.add(&self.claim).map_err(|problem| FieldError::new(place, problem))?;
        let wanted = match (&self.tests()[..], &self.not, self.present) {
            ([one], None, None) => Wanted::Passes(one.parse(field)?),
            ([], Some(not), None) => {
                let field = format!("{field}.not");
                let tests: Vec<Written<'_>> = written!(not);
                let [one] = &tests[..] else {
                    let problem = format!("needs exactly one of {}", TESTS.join(", "));
                    return Err(FieldError::new(field, problem));
                };
                Wanted::Fails(one.parse(&field)?)
            }
            ([], None, Some(present)) => Wanted::Present(present),
            _ => {
                let problem = format!("needs exactly one of {}, present and not", TESTS.join(", "));
                return Err(FieldError::new(field, problem));
            }
        };
        Ok(Condition { claim, wanted })
    }
}

impl Written<'_> {
    /// The name of the member.
    pub(super) const fn name(&self) -> &'static str {
        match self {
            Self::Equals(_) => TESTS[0],
            Self::OneOf(_) => TESTS[1],
            Self::Contains(_) => TESTS[2],
            Self::AllOf(_) => TESTS[3],
            Self::Glob(_) => TESTS[4],
            Self::Prefix(_) => TESTS[5],
            Self::AtLeast(_) => TESTS[6],
            Self::AtMost(_) => TESTS[7],
        }
    }

    fn parse(&self, field: &str) -> Result<ClaimTest, FieldError> {
        let field = format!("{field}.{}", self.name());
        let refused = |problem: &str| FieldError::new(&field, problem);
        Ok(match self {
            Self::Equals(value) => ClaimTest::Equals(scalar(value).map_err(refused)?),
            Self::OneOf(values) => ClaimTest::OneOf(scalars(values).map_err(refused)?),
            Self::Contains(value) => ClaimTest::Contains(scalar(value).map_err(refused)?),
            Self::AllOf(values) => ClaimTest::AllOf(scalars(values).map_err(refused)?),
            Self::Glob(glob) => {
                check_text(&field, glob, MAX_PATTERN)?;
                ClaimTest::Glob(Glob::parse(glob).map_err(refused)?)
            }
            Self::Prefix(prefix) => {
                check_text(&field, prefix, MAX_PATTERN)?;
                ClaimTest::Prefix((*prefix).into())
            }
            Self::AtLeast(number) => ClaimTest::AtLeast(exact(number).map_err(refused)?),
            Self::AtMost(number) => ClaimTest::AtMost(exact(number).map_err(refused)?),
        })
    }
}

fn scalars(values: &[Value]) -> Result<Vec<Value>, &'static str> {
    match values.len() {
        0 => Err("must not be empty"),
        1..=MAX_VALUES => values.iter().map(scalar).collect(),
        _ => Err("must not have more than 1000 elements"),
    }
}

fn scalar(value: &Value) -> Result<Value, &'static str> {
    match value {
        Value::Number(number) => exact(number).map(Value::Number),
        Value::String(_) | Value::Bool(_) => Ok(value.clone()),
        _ => Err("must be a string, a number or a boolean"),
    }
}

fn exact(number: &Number) -> Result<Number, &'static str> {
    let is_exact = Value::Number(number.clone()).is_exact();
    if is_exact { Ok(number.clone()) } else { Err("must be an integer of at most 64 bits, or a fraction") }
}

#[cfg(test)]
mod tests;
