//! From a strictly read document to a type, with errors that name the member and never the value.
//!
//! serde's own messages quote what they found (`invalid type: string "…"`); a document of an
//! administrator may hold a secret there. So the type is read from a [`Value`] with an error type
//! of ours, which says what was expected and which kind of value was found.
//!
//! What a type doesn't ask for is not compiled: each `deserialize_…` below meets the one kind of value
//! that it wants, where `deserialize_any` would bring the code for all kinds with every type.

use alloc::boxed::Box;
use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec;
use core::fmt;

use serde::de::{
    DeserializeOwned, DeserializeSeed, Deserializer, Error as _, Expected, IntoDeserializer, MapAccess,
    SeqAccess, Unexpected, Visitor,
};
use serde::forward_to_deserialize_any;

use super::error::{JsonError, prepend};
use super::read;
use super::value::{Object, Value};

/// Reads a document strictly, then as `T`, whose own `deny_unknown_fields` decides about members
/// it does not know.
///
/// # Errors
/// [`JsonError::Member`] with the path of the member at fault; the errors of
/// [`parse`](super::parse) where the document is not strict JSON.
pub fn from_slice<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, JsonError> {
    let value = read::value(bytes).map_err(|fault| match fault.error {
        error @ (JsonError::DuplicateMember | JsonError::TooDeep) => {
            JsonError::Member { path: fault.path, problem: error.to_string() }
        }
        error => error,
    })?;
    from_value(value)
}

/// Reads a value as `T`. All documents of a type are read by this one function: each further way to read
/// it would be compiled into the component once more.
///
/// # Errors
/// [`JsonError::Member`] with the path of the member at fault.
pub fn from_value<T: DeserializeOwned>(value: Value) -> Result<T, JsonError> {
    T::deserialize(Reader(value))
        .map_err(|problem| JsonError::Member { path: problem.0.path, problem: problem.0.sentence })
}

/// What is wrong with a member. Boxed: it is returned by everything here, and rare.
#[derive(Debug)]
struct Problem(Box<Fault>);

#[derive(Debug)]
struct Fault {
    /// From the value that was being read to the member; filled from the inside out.
    path: String,
    /// A sentence about the member.
    sentence: String,
}

impl Problem {
    fn at(path: &str, sentence: String) -> Self {
        Self(Box::new(Fault { path: path.to_string(), sentence }))
    }

    /// The same problem, seen from the array or object around it.
    fn within(mut self, step: &str) -> Self {
        prepend(&mut self.0.path, step);
        self
    }

    /// A value of another kind than expected.
    fn unexpected(found: &Value, expected: &dyn Expected) -> Self {
        Self::at("", format!("expected {}, found {}", words(expected), found.kind()))
    }
}

/// What is expected, for people: of numbers, lists and objects serde speaks as Rust does. No document has a number of
/// another type.
fn words(expected: &dyn Expected) -> String {
    let expected = expected.to_string();
    match expected.as_str() {
        "u32" => "a whole number from 0 to 4294967295",
        "u64" => "a whole number that is not negative",
        "a sequence" => "a list",
        "a map" => "an object",
        _ => return expected,
    }
    .to_string()
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.sentence)
    }
}

impl core::error::Error for Problem {}

/// The value itself stays out of every message.
impl serde::de::Error for Problem {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::at("", message.to_string())
    }

    fn invalid_type(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        let kind = match found {
            Unexpected::Unit | Unexpected::Option => "null",
            Unexpected::Bool(_) => "a boolean",
            Unexpected::Unsigned(_) | Unexpected::Signed(_) | Unexpected::Float(_) => "a number",
            Unexpected::Str(_) | Unexpected::Char(_) => "a string",
            Unexpected::Seq => "an array",
            Unexpected::Map => "an object",
            _ => "another kind of value",
        };
        Self::at("", format!("expected {}, found {kind}", words(expected)))
    }

    fn invalid_value(_: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::at("", format!("expected {}", words(expected)))
    }

    fn unknown_variant(_: &str, expected: &'static [&'static str]) -> Self {
        Self::at("", format!("expected one of {}", expected.join(", ")))
    }

    fn unknown_field(_: &str, expected: &'static [&'static str]) -> Self {
        Self::at("", format!("unknown member; known are {}", expected.join(", ")))
    }

    /// serde names the object that lacks the member; people look for the member.
    fn missing_field(name: &'static str) -> Self {
        Self::at(name, "is missing".to_string())
    }
}

/// A value on its way into a type.
struct Reader(Value);

impl Reader {
    fn unsigned<'de, V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Problem> {
        match &self.0 {
            // That it is a number is no help.
            Value::Number(number) => match number.as_u64() {
                Some(value) => visitor.visit_u64(value),
                None => Err(Problem::invalid_value(Unexpected::Signed(0), &visitor)),
            },
            other => Err(Problem::unexpected(other, &visitor)),
        }
    }
}

impl<'de> Deserializer<'de> for Reader {
    type Error = Problem;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Problem> {
        match self.0 {
            Value::Null => visitor.visit_unit(),
            Value::Bool(value) => visitor.visit_bool(value),
            Value::Number(number) => {
                if let Some(value) = number.as_u64() {
                    visitor.visit_u64(value)
                } else if let Some(value) = number.as_i64() {
                    visitor.visit_i64(value)
                } else {
                    visitor.visit_f64(number.as_f64().expect("a JSON number is finite"))
                }
            }
            Value::String(text) => visitor.visit_string(text),
            Value::Array(elements) => visitor.visit_seq(Elements::of(elements)),
            Value::Object(object) => visitor.visit_map(Members::of(object)),
        }
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Problem> {
        match self.0 {
            Value::Bool(value) => visitor.visit_bool(value),
            other => Err(Problem::unexpected(&other, &visitor)),
        }
    }

    fn deserialize_u32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Problem> {
        self.unsigned(visitor)
    }

    fn deserialize_u64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Problem> {
        self.unsigned(visitor)
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Problem> {
        self.deserialize_string(visitor)
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Problem> {
        match self.0 {
            Value::String(text) => visitor.visit_string(text),
            other => Err(Problem::unexpected(&other, &visitor)),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Problem> {
        match self.0 {
            Value::Null => visitor.visit_none(),
            value => visitor.visit_some(Self(value)),
        }
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Problem> {
        match self.0 {
            Value::Array(elements) => visitor.visit_seq(Elements::of(elements)),
            other => Err(Problem::unexpected(&other, &visitor)),
        }
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Problem> {
        match self.0 {
            Value::Object(object) => visitor.visit_map(Members::of(object)),
            other => Err(Problem::unexpected(&other, &visitor)),
        }
    }

    /// A struct is written as an object and not, as serde would also have it, as an array.
    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Problem> {
        match self.0 {
            Value::Object(object) => visitor.visit_map(Members::of(object)),
            other => Err(Problem::unexpected(&other, &"an object")),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Problem> {
        visitor.visit_newtype_struct(self)
    }

    /// A name: no document has variants with content.
    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        names: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Problem> {
        match self.0 {
            Value::String(name) => visitor.visit_enum(name.as_str().into_deserializer()),
            _ => Err(Problem::unknown_variant("", names)),
        }
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Problem> {
        visitor.visit_unit()
    }

    forward_to_deserialize_any! {
        i8 i16 i32 i64 i128 u8 u16 u128 f32 f64 char bytes byte_buf unit unit_struct tuple tuple_struct
        identifier
    }
}

/// The elements of an array.
struct Elements {
    left: vec::IntoIter<Value>,
    index: usize,
}

impl Elements {
    fn of(elements: vec::Vec<Value>) -> Self {
        Self { left: elements.into_iter(), index: 0 }
    }
}

impl<'de> SeqAccess<'de> for Elements {
    type Error = Problem;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Problem> {
        let Some(element) = self.left.next() else { return Ok(None) };
        let index = self.index;
        self.index += 1;
        match seed.deserialize(Reader(element)) {
            Ok(element) => Ok(Some(element)),
            Err(problem) => Err(problem.within(&format!("[{index}]"))),
        }
    }
}

/// The members of an object.
struct Members {
    left: vec::IntoIter<(String, Value)>,
    /// The one whose name was read last.
    current: (String, Value),
}

impl Members {
    fn of(object: Object) -> Self {
        Self { left: object.members.into_iter(), current: (String::new(), Value::Null) }
    }
}

impl<'de> MapAccess<'de> for Members {
    type Error = Problem;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Problem> {
        let Some(member) = self.left.next() else { return Ok(None) };
        self.current = member;
        match seed.deserialize(self.current.0.as_str().into_deserializer()) {
            Ok(name) => Ok(Some(name)),
            Err(problem) => Err(Problem::within(problem, &self.current.0)),
        }
    }

    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value, Problem> {
        let value = core::mem::replace(&mut self.current.1, Value::Null);
        seed.deserialize(Reader(value)).map_err(|problem: Problem| problem.within(&self.current.0))
    }
}
