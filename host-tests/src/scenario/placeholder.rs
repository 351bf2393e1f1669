//! Placeholders: `${name}` or `${name:argument:…}` in any text of a scenario.
//!
//! A text that is one placeholder takes its value with its type: `"${now+300}"` is a number,
//! `"${jwk:es256}"` an object. Anywhere else the value is written into the text.

use anyhow::{Context as _, Result, bail};
use serde_json::{Map, Value};

/// A value to put in place.
pub enum Filling {
    /// A JSON value: itself where the placeholder is all of the text, else its text.
    Json(Value),
    /// Bytes that need not be UTF-8.
    Bytes(Vec<u8>),
    /// It is filled later: it stays as it is.
    Later,
}

impl From<String> for Filling {
    fn from(text: String) -> Self {
        Self::Json(Value::String(text))
    }
}

/// Gives the values of placeholders, by their name and arguments.
pub trait Fill {
    /// The value of one placeholder: what stands between `${` and `}`.
    ///
    /// # Errors
    /// There is no such placeholder, or its arguments make no sense.
    fn fill(&self, placeholder: &str) -> Result<Filling>;

    /// A text as bytes.
    ///
    /// # Errors
    /// As [`fill`](Self::fill).
    fn bytes(&self, text: &str) -> Result<Vec<u8>> {
        let mut filled = Vec::with_capacity(text.len());
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("${") {
            filled.extend_from_slice(before.as_bytes());
            let (placeholder, after) = after.split_once('}').context("a placeholder has no end")?;
            rest = after;
            match self.fill(placeholder)? {
                Filling::Json(Value::String(text)) => filled.extend_from_slice(text.as_bytes()),
                Filling::Json(value) => filled.extend_from_slice(value.to_string().as_bytes()),
                Filling::Bytes(bytes) => filled.extend_from_slice(&bytes),
                Filling::Later => filled.extend_from_slice(format!("${{{placeholder}}}").as_bytes()),
            }
        }
        filled.extend_from_slice(rest.as_bytes());
        Ok(filled)
    }

    /// A text as text.
    ///
    /// # Errors
    /// As [`fill`](Self::fill); the outcome is not UTF-8.
    fn text(&self, text: &str) -> Result<String> {
        String::from_utf8(self.bytes(text)?).with_context(|| format!("{text:?} is not UTF-8 when filled"))
    }

    /// Every text in a JSON value; and objects with the member `$jwk`, which stand for a key's JWK with
    /// the other members put over it and those of `$without` taken out.
    ///
    /// # Errors
    /// As [`fill`](Self::fill).
    fn json(&self, value: &Value) -> Result<Value> {
        Ok(match value {
            Value::String(text) => {
                let inner = text.strip_prefix("${").and_then(|rest| rest.strip_suffix('}'));
                match inner.filter(|inner| !inner.contains("${")).map(|inner| self.fill(inner)).transpose()? {
                    Some(Filling::Json(value)) => value,
                    _ => Value::String(self.text(text)?),
                }
            }
            Value::Array(elements) => {
                elements.iter().map(|element| self.json(element)).collect::<Result<_>>()?
            }
            Value::Object(members) if members.contains_key("$jwk") => self.varied_jwk(members)?,
            Value::Object(members) => Value::Object(self.object(members)?),
            other => other.clone(),
        })
    }

    /// Every text in the members of an object; names stay.
    ///
    /// # Errors
    /// As [`fill`](Self::fill).
    fn object(&self, members: &Map<String, Value>) -> Result<Map<String, Value>> {
        members.iter().map(|(name, value)| Ok((name.clone(), self.json(value)?))).collect()
    }

    /// See [`json`](Self::json).
    ///
    /// # Errors
    /// As [`fill`](Self::fill).
    fn varied_jwk(&self, members: &Map<String, Value>) -> Result<Value> {
        let name = members.get("$jwk").and_then(Value::as_str).context("$jwk must be the name of a key")?;
        let Filling::Json(Value::Object(mut jwk)) = self.fill(&format!("jwk:{name}"))? else {
            bail!("{name} is no key");
        };
        for (name, value) in members.iter().filter(|(name, _)| !name.starts_with('$')) {
            jwk.insert(name.clone(), self.json(value)?);
        }
        for name in members.get("$without").and_then(Value::as_array).into_iter().flatten() {
            jwk.shift_remove(name.as_str().unwrap_or_default());
        }
        Ok(Value::Object(jwk))
    }
}
