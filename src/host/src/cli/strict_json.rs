//! JSON as the server reads it: what would change on the way there is refused here, where its place is known.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

/// A value whose objects have each member once, and whose integers keep their value.
pub(crate) struct Strict(pub(crate) Value);

impl<'de> Deserialize<'de> for Strict {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(StrictVisitor).map(Self)
    }
}

struct StrictVisitor;

/// 2^63 and 2^64: an integer from -2^63 to below 2^64 is none of the floating-point numbers outside.
const SIGNED: f64 = 9_223_372_036_854_775_808.0;
const UNSIGNED: f64 = 18_446_744_073_709_551_616.0;

impl<'de> Visitor<'de> for StrictVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        // An integer that does not fit into 64 bits arrives here, rounded.
        if value <= -SIGNED || value >= UNSIGNED {
            return Err(E::custom("a number that needs more than 64 bits would lose its value"));
        }
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut read = Vec::new();
        while let Some(Strict(item)) = items.next_element()? {
            read.push(item);
        }
        Ok(read.into())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut read = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            if read.contains_key(&name) {
                return Err(A::Error::custom(format_args!("{name} stands twice in an object")));
            }
            let Strict(value) = members.next_value()?;
            read.insert(name, value);
        }
        Ok(read.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Value, String> {
        serde_json::from_str(text).map(|Strict(value)| value).map_err(|error| error.to_string())
    }

    #[test]
    fn a_value_is_what_it_was() {
        for text in
            [r#"{"b":[1,-9223372036854775808,18446744073709551615,1.5,true,null,"x\n"],"a":{}}"#, "[]", "3"]
        {
            assert_eq!(parse(text).unwrap().to_string(), text);
        }
    }

    #[test]
    fn what_would_change_is_refused_with_its_place() {
        for (text, problem) in [
            ("{\"a\":1,\n\"a\":2}", "a stands twice in an object at line 2 column 3"),
            ("[18446744073709551616]", "more than 64 bits"),
            ("[-9223372036854775809]", "more than 64 bits"),
            ("[1e300]", "more than 64 bits"),
            ("[1e999]", "out of range"),
            ("{} {}", "trailing characters"),
        ] {
            let refused = parse(text).unwrap_err();
            assert!(refused.contains(problem), "{text}: {refused}");
        }
    }
}
