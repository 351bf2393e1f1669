//! A condition on a claim, parsed: whether it holds, and in words why not (R49, R83).

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::cmp::Ordering;

use super::glob::Glob;
use super::named_claims::{FoundClaims, Which};
use crate::json::{Number, Value, fits_64_bits};
use crate::words::quoted;

/// The longest text that a glob is held against, in bytes: a longer one is of another type. It bounds the work.
const MAX_GLOBBED: usize = 1024;

/// A condition on a claim.
#[derive(Clone, Debug)]
pub(super) struct Condition {
    pub(super) claim: Which,
    pub(super) wanted: Wanted,
}

/// What is wanted of a claim.
#[derive(Clone, Debug)]
pub(super) enum Wanted {
    /// That it is there and not null, or that it is not.
    Present(bool),
    Passes(ClaimTest),
    /// That the test can be made, and is not passed.
    Fails(ClaimTest),
}

/// A test of a value.
#[derive(Clone, Debug)]
pub(super) enum ClaimTest {
    Equals(Value),
    OneOf(Vec<Value>),
    Contains(Value),
    AllOf(Vec<Value>),
    Glob(Glob),
    Prefix(String),
    AtLeast(Number),
    AtMost(Number),
}

/// What came of a test.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Found {
    Fits,
    Differs,
    /// It can't be compared: a condition fails then, a negated one, too.
    OtherType,
}

impl Condition {
    /// Whether the claims meet the condition.
    pub(super) fn holds(&self, claims: &FoundClaims<'_>) -> bool {
        self.is_met_by(claims.get(self.claim))
    }

    /// Whether a claim with this value meets it.
    pub(super) fn is_met_by(&self, claim: Option<&Value>) -> bool {
        let claim = claim.filter(|value| !matches!(value, Value::Null));
        match (&self.wanted, claim) {
            (Wanted::Present(present), claim) => *present == claim.is_some(),
            (_, None) => false,
            (Wanted::Passes(test), Some(claim)) => test.of(claim) == Found::Fits,
            (Wanted::Fails(test), Some(claim)) => test.of(claim) == Found::Differs,
        }
    }

    /// Why it does not hold, for people: the claim, what was found and what is wanted by their types, never the
    /// value. `None`: it holds.
    pub(super) fn failure(&self, claims: &FoundClaims<'_>) -> Option<String> {
        if self.holds(claims) {
            return None;
        }
        let name = quoted(claims.name(self.claim));
        let wanted = match &self.wanted {
            Wanted::Present(false) => return Some(format!("claim {name} is there and must not be")),
            Wanted::Present(true) => "any value".to_string(),
            Wanted::Passes(test) => test.words(""),
            Wanted::Fails(test) => test.words(", but none"),
        };
        let found = claims.get(self.claim).map_or("absent".to_string(), found);
        Some(format!("claim {name} is {found}; wanted is {wanted}"))
    }
}

impl ClaimTest {
    /// Of an array one element has to fit. One of another type, where none fits, can't be compared.
    fn of(&self, claim: &Value) -> Found {
        match (self, claim) {
            (Self::Contains(value), Value::Array(elements)) => {
                one_fits(elements, |element| compare(element, value))
            }
            (Self::AllOf(values), Value::Array(elements)) => all_of(values, elements),
            (Self::Contains(_) | Self::AllOf(_), _) => Found::OtherType,
            (_, Value::Array(elements)) => one_fits(elements, |element| self.of_one(element)),
            (_, one) => self.of_one(one),
        }
    }

    fn of_one(&self, claim: &Value) -> Found {
        let fits = match (self, claim) {
            (Self::Equals(value), _) => return compare(claim, value),
            (Self::OneOf(values), _) => return one_of(claim, values),
            (Self::Glob(glob), Value::String(text)) if text.len() <= MAX_GLOBBED => glob.matches(text),
            (Self::Prefix(prefix), Value::String(text)) => text.starts_with(prefix.as_str()),
            (Self::AtLeast(least), Value::Number(number)) => match order(number, least) {
                Some(order) => order != Ordering::Less,
                None => return Found::OtherType,
            },
            (Self::AtMost(most), Value::Number(number)) => match order(number, most) {
                Some(order) => order != Ordering::Greater,
                None => return Found::OtherType,
            },
            _ => return Found::OtherType,
        };
        if fits { Found::Fits } else { Found::Differs }
    }

    /// What is wanted: a type, and what it must have, or must not where `but` says so.
    fn words(&self, but: &str) -> String {
        let (kind, of) = match self {
            Self::Equals(value) => (value.kind().to_string(), "of a certain value".to_string()),
            Self::OneOf(values) => (kinds(values.iter()), "of certain values".to_string()),
            Self::Contains(value) => {
                ("an array".to_string(), format!("with {} of a certain value", value.kind()))
            }
            Self::AllOf(values) => {
                ("an array".to_string(), format!("with {} of each of certain values", kinds(values.iter())))
            }
            Self::Glob(_) => ("a string".to_string(), "of a certain form".to_string()),
            Self::Prefix(_) => ("a string".to_string(), "with a certain beginning".to_string()),
            Self::AtLeast(_) => ("a number".to_string(), "of at least a certain value".to_string()),
            Self::AtMost(_) => ("a number".to_string(), "of at most a certain value".to_string()),
        };
        format!("{kind}{but} {of}")
    }
}

fn one_fits(elements: &[Value], test: impl Fn(&Value) -> Found) -> Found {
    let mut all = Found::Differs;
    for element in elements {
        match test(element) {
            Found::Fits => return Found::Fits,
            Found::OtherType => all = Found::OtherType,
            Found::Differs => {}
        }
    }
    all
}

/// One of several types is enough to be compared.
fn one_of(claim: &Value, values: &[Value]) -> Found {
    let mut all = Found::OtherType;
    for value in values {
        match compare(claim, value) {
            Found::Fits => return Found::Fits,
            Found::Differs => all = Found::Differs,
            Found::OtherType => {}
        }
    }
    all
}

fn all_of(values: &[Value], elements: &[Value]) -> Found {
    let is_there = |value| elements.iter().any(|element| compare(element, value) == Found::Fits);
    if values.iter().all(is_there) {
        Found::Fits
    } else if elements
        .iter()
        .any(|element| values.iter().all(|value| compare(element, value) == Found::OtherType))
    {
        Found::OtherType
    } else {
        Found::Differs
    }
}

/// Whether a claim has the value: same type, same value.
fn compare(claim: &Value, value: &Value) -> Found {
    let fits = match (claim, value) {
        (Value::String(claim), Value::String(value)) => claim == value,
        (Value::Bool(claim), Value::Bool(value)) => claim == value,
        (Value::Number(claim), Value::Number(value)) => match order(claim, value) {
            Some(order) => order == Ordering::Equal,
            None => return Found::OtherType,
        },
        _ => return Found::OtherType,
    };
    if fits { Found::Fits } else { Found::Differs }
}

/// R83: exactly, so that 1 and 1.0 are one number, and integers that differ beyond 2^53 are two. What is beyond 64 bits
/// can't be compared: its last digits were lost when it was read.
fn order(one: &Number, other: &Number) -> Option<Ordering> {
    match (integer(one), integer(other)) {
        (Some(one), Some(other)) => Some(one.cmp(&other)),
        (Some(integer), None) => integer_to_fraction(integer, fraction(other)?),
        (None, Some(integer)) => integer_to_fraction(integer, fraction(one)?).map(Ordering::reverse),
        (None, None) => fraction(one)?.partial_cmp(&fraction(other)?),
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

/// The fraction that a number is. It lies between -2^53 and 2^53: every double beyond is an integer.
fn fraction(number: &Number) -> Option<f64> {
    number.as_f64().filter(|value| value % 1.0 != 0.0)
}

fn integer_to_fraction(integer: i128, fraction: f64) -> Option<Ordering> {
    // Cut off towards zero: below a positive fraction, above a negative one. Never equal.
    let cut = fraction as i128;
    let is_less = if fraction > 0.0 { integer <= cut } else { integer < cut };
    Some(if is_less { Ordering::Less } else { Ordering::Greater })
}

/// What was found, by its type.
fn found(value: &Value) -> String {
    match value {
        Value::Number(_) if !value.is_exact() => {
            "an integer beyond 64 bits, which is equal to nothing".to_string()
        }
        Value::String(text) if text.len() > MAX_GLOBBED => {
            format!("a string of more than {MAX_GLOBBED} bytes")
        }
        Value::Array(elements) if elements.is_empty() => "an empty array".to_string(),
        Value::Array(elements) => format!("an array with {} in it", kinds(elements.iter())),
        other => other.kind().to_string(),
    }
}

/// The types of values, each once.
fn kinds<'a>(values: impl Iterator<Item = &'a Value>) -> String {
    let mut kinds: Vec<&str> = Vec::new();
    for kind in values.map(Value::kind) {
        if !kinds.contains(&kind) {
            kinds.push(kind);
        }
    }
    kinds.join(" or ")
}
