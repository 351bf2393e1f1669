//! From a strictly read document to a type, with errors that name the member and never the value.
//!
//! serde's own messages quote what they found (`invalid type: string "…"`); a document of an
//! administrator may hold a secret there. So the type is read from a [`Value`] with an error type
//! of ours, which says what was expected and which kind of value was found.

use alloc::format;
use alloc::string::{String, ToString as _};
use core::fmt;

use serde::de::value::{MapAccessDeserializer, MapDeserializer, SeqDeserializer};
use serde::de::{
    DeserializeOwned, Deserializer, Error as _, Expected, IntoDeserializer, Unexpected, Visitor,
};
use serde::forward_to_deserialize_any;

use super::{JsonError, Object, Value, read};

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
    serde_path_to_error::deserialize(Reader(value)).map_err(|error| {
        let parent = error.path().to_string();
        let parent = if parent == "." { String::new() } else { parent };
        match error.into_inner() {
            Problem::At(problem) => JsonError::Member { path: parent, problem },
            // serde names the object that lacks the member; people look for the member.
            Problem::Missing(name) => {
                let path = if parent.is_empty() { name.to_string() } else { format!("{parent}.{name}") };
                JsonError::Member { path, problem: "is missing".to_string() }
            }
        }
    })
}

/// What is wrong with a member.
#[derive(Debug)]
enum Problem {
    /// A sentence about the member that was being read.
    At(String),
    /// The object that was being read lacks this member.
    Missing(&'static str),
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::At(sentence) => f.write_str(sentence),
            Self::Missing(name) => write!(f, "the member {name} is missing"),
        }
    }
}

impl core::error::Error for Problem {}

impl serde::de::Error for Problem {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::At(message.to_string())
    }

    fn invalid_type(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::At(format!("expected {expected}, found {}", kind(found)))
    }

    fn invalid_value(_: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::At(format!("expected {expected}"))
    }

    fn unknown_variant(_: &str, expected: &'static [&'static str]) -> Self {
        Self::At(format!("expected one of {}", expected.join(", ")))
    }

    fn unknown_field(_: &str, expected: &'static [&'static str]) -> Self {
        Self::At(format!("unknown member; known are {}", expected.join(", ")))
    }

    fn missing_field(name: &'static str) -> Self {
        Self::Missing(name)
    }

    fn duplicate_field(name: &'static str) -> Self {
        Self::At(format!("the member {name} occurs twice"))
    }
}

/// The kind of what was found. The value itself stays out of every message.
const fn kind(found: Unexpected<'_>) -> &'static str {
    match found {
        Unexpected::Unit | Unexpected::Option => "null",
        Unexpected::Bool(_) => "a boolean",
        Unexpected::Unsigned(_) | Unexpected::Signed(_) | Unexpected::Float(_) => "a number",
        Unexpected::Str(_) | Unexpected::Char(_) => "a string",
        Unexpected::Seq => "an array",
        Unexpected::Map => "an object",
        _ => "another kind of value",
    }
}

/// A value on its way into a type.
struct Reader(Value);

impl IntoDeserializer<'_, Problem> for Reader {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
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
            Value::Array(elements) => {
                let mut seq = SeqDeserializer::new(elements.into_iter().map(Reader));
                let value = visitor.visit_seq(&mut seq)?;
                seq.end().map(|()| value)
            }
            Value::Object(object) => {
                let mut map = MapDeserializer::new(members(object));
                let value = visitor.visit_map(&mut map)?;
                map.end().map(|()| value)
            }
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Problem> {
        match self.0 {
            Value::Null => visitor.visit_none(),
            value => visitor.visit_some(Self(value)),
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
            Value::Object(_) => self.deserialize_any(visitor),
            Value::Array(_) => Err(Problem::invalid_type(Unexpected::Seq, &"an object")),
            Value::String(text) => Err(Problem::invalid_type(Unexpected::Str(&text), &"an object")),
            Value::Number(_) => Err(Problem::invalid_type(Unexpected::Unsigned(0), &"an object")),
            Value::Bool(value) => Err(Problem::invalid_type(Unexpected::Bool(value), &"an object")),
            Value::Null => Err(Problem::invalid_type(Unexpected::Unit, &"an object")),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Problem> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Problem> {
        match self.0 {
            Value::String(name) => visitor.visit_enum(name.into_deserializer()),
            Value::Object(object) if object.len() == 1 => {
                let member = MapDeserializer::new(members(object));
                visitor.visit_enum(MapAccessDeserializer::new(member))
            }
            _ => Err(Problem::custom("expected a name, or an object with one member")),
        }
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit
        unit_struct seq tuple tuple_struct map identifier ignored_any
    }
}

fn members(object: Object) -> impl Iterator<Item = (String, Reader)> {
    object.members.into_iter().map(|(name, value)| (name, Reader(value)))
}
