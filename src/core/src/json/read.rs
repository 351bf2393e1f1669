//! The strict reader: serde_json's tokenizer under a visitor of our own.

use alloc::collections::BTreeSet;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::cell::{Cell, RefCell};
use core::fmt;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::Number;
use serde_json::error::Category;

use super::error::{JsonError, JsonFault, prepend};
use super::value::{Object, Value};

/// The deepest nesting of arrays and objects that is read.
pub const MAX_DEPTH: usize = 16;

/// Reads one JSON value that fills all of `bytes`.
///
/// # Errors
/// The reason, without anything of what was read.
pub fn parse(bytes: &[u8]) -> Result<Value, JsonError> {
    value(bytes).map_err(|fault| fault.error)
}

/// Reads one JSON object that fills all of `bytes`.
///
/// # Errors
/// As [`parse`]; [`JsonError::NotAnObject`] for any other value.
pub fn parse_object(bytes: &[u8]) -> Result<Object, JsonError> {
    object(bytes).map_err(|fault| fault.error)
}

/// As [`parse_object`], with the place of an error.
///
/// # Errors
/// The reason and the member in which it was met: made of names of members, never of values.
pub fn object(bytes: &[u8]) -> Result<Object, JsonFault> {
    match value(bytes)? {
        Value::Object(object) => Ok(object),
        _ => Err(JsonFault::of_document(JsonError::NotAnObject)),
    }
}

/// What a visitor found wrong; serde's own error types have no room for it.
#[derive(Default)]
struct Findings {
    error: Cell<Option<JsonError>>,
    /// Filled from the inside out while the error unwinds; costs nothing when all is well.
    path: RefCell<String>,
}

impl Findings {
    fn prepend(&self, step: &str) {
        prepend(&mut self.path.borrow_mut(), step);
    }
}

pub(super) fn value(bytes: &[u8]) -> Result<Value, JsonFault> {
    let text = core::str::from_utf8(bytes).map_err(|error| JsonFault {
        byte: Some(error.valid_up_to() + 1),
        ..JsonFault::of_document(JsonError::NotUtf8)
    })?;
    let findings = Findings::default();
    let mut deserializer = serde_json::Deserializer::from_str(text);
    match (Element { depth: 0, findings: &findings }).deserialize(&mut deserializer) {
        Ok(value) => match deserializer.end() {
            Ok(()) => Ok(value),
            Err(_) => Err(JsonFault::of_document(JsonError::TrailingBytes)),
        },
        Err(_) if text.starts_with('\u{feff}') => Err(JsonFault::of_document(JsonError::ByteOrderMark)),
        Err(error) => Err(JsonFault {
            path: findings.path.into_inner(),
            ..JsonFault::of_document(findings.error.take().unwrap_or_else(|| classify(&error)))
        }),
    }
}

/// For `Deserialize`: the same checks wherever the value comes from.
fn from_deserializer<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Value, D::Error> {
    Element { depth: 0, findings: &Findings::default() }.deserialize(deserializer)
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        from_deserializer(deserializer)
    }
}

impl<'de> Deserialize<'de> for Object {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Value::deserialize(deserializer)? {
            Value::Object(object) => Ok(object),
            _ => Err(D::Error::custom("expected an object")),
        }
    }
}

fn classify(error: &serde_json::Error) -> JsonError {
    match error.classify() {
        Category::Eof => JsonError::Incomplete,
        _ if format!("{error}").starts_with("number out of range") => JsonError::NumberOutOfRange,
        _ => JsonError::Syntax { line: error.line(), column: error.column() },
    }
}

/// One value at a depth; the document itself is at depth 0.
#[derive(Clone, Copy)]
struct Element<'a> {
    depth: usize,
    findings: &'a Findings,
}

impl Element<'_> {
    /// The elements inside this array or object.
    fn inner<E: serde::de::Error>(self) -> Result<Self, E> {
        if self.depth == MAX_DEPTH {
            return Err(self.refuse(JsonError::TooDeep));
        }
        Ok(Self { depth: self.depth + 1, ..self })
    }

    fn refuse<E: serde::de::Error>(self, error: JsonError) -> E {
        let serde_error = E::custom(&error);
        self.findings.error.set(Some(error));
        serde_error
    }
}

impl<'de> DeserializeSeed<'de> for Element<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Element<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_none<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        self.deserialize(deserializer)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Value, E> {
        match Number::from_f64(value) {
            Some(number) => Ok(Value::Number(number)),
            None => Err(self.refuse(JsonError::NumberOutOfRange)),
        }
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(Value::String(text.into()))
    }

    fn visit_string<E>(self, text: String) -> Result<Value, E> {
        Ok(Value::String(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let inner = self.inner()?;
        let mut elements = Vec::new();
        loop {
            match seq.next_element_seed(inner) {
                Ok(Some(element)) => elements.push(element),
                Ok(None) => return Ok(Value::Array(elements)),
                Err(error) => {
                    self.findings.prepend(&format!("[{}]", elements.len()));
                    return Err(error);
                }
            }
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let inner = self.inner()?;
        let mut members: Vec<(String, Value)> = Vec::new();
        while let Some(name) = map.next_key::<String>()? {
            match map.next_value_seed(inner) {
                Ok(value) => members.push((name, value)),
                Err(error) => {
                    self.findings.prepend(&name);
                    return Err(error);
                }
            }
        }
        if let Some(name) = first_duplicate(&members) {
            self.findings.prepend(name);
            return Err(self.refuse(JsonError::DuplicateMember));
        }
        Ok(Value::Object(Object { members }))
    }
}

/// The first name that stands twice. Most objects are small, and a set would cost them more than
/// it saves; a large one, which a stranger may send, must not cost quadratic time.
fn first_duplicate(members: &[(String, Value)]) -> Option<&str> {
    let mut names = members.iter().map(|(name, _)| name.as_str()).enumerate();
    if members.len() <= 16 {
        names.find(|(i, name)| members[..*i].iter().any(|(earlier, _)| earlier == name))
    } else {
        let mut seen = BTreeSet::new();
        names.find(|(_, name)| !seen.insert(*name))
    }
    .map(|(_, name)| name)
}
