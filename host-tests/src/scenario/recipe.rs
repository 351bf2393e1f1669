//! Mints an assertion after its recipe: from bytes, so that hostile ones can be made, and with aws-lc-rs.

use anyhow::{Context as _, Result, bail};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

use super::placeholder::{Fill, Filling};
use super::signature;
use super::source::Recipe;
use crate::keys::key;

/// What an assertion has where its recipe says nothing else.
pub(super) struct Defaults {
    /// The key.
    pub(super) key: String,
    /// Members of the header besides `alg` and `kid`.
    pub(super) header: Map<String, Value>,
    /// The claims.
    pub(super) claims: Map<String, Value>,
}

/// The finished token.
pub(super) fn mint(recipe: &Recipe, defaults: Defaults, fill: &impl Fill) -> Result<String> {
    let key = key(recipe.key.as_deref().unwrap_or(&defaults.key))?;

    let mut header = Map::new();
    header.insert("alg".to_owned(), key.algorithm().into());
    header.insert("kid".to_owned(), key.name().into());
    header.insert("typ".to_owned(), "JWT".into());
    header.extend(defaults.header);
    let mut claims = defaults.claims;
    header.extend(fill.object(&recipe.header)?);
    claims.extend(fill.object(&recipe.claims)?);
    for member in &recipe.without {
        match member.split_once('.') {
            Some(("header", name)) => header.shift_remove(name),
            Some(("claims", name)) => claims.shift_remove(name),
            _ => bail!("without: {member:?} is neither header.… nor claims.…"),
        };
    }

    let said = header.get("alg").and_then(Value::as_str).unwrap_or_default().to_owned();
    let header = match &recipe.header_text {
        Some(text) => fill.bytes(text)?,
        None => Value::Object(header).to_string().into_bytes(),
    };
    let claims = match &recipe.claims_text {
        Some(text) => fill.bytes(text)?,
        None => Value::Object(claims).to_string().into_bytes(),
    };
    let header = URL_SAFE_NO_PAD.encode(header);
    let claims = URL_SAFE_NO_PAD.encode(claims);
    let message = format!("{header}.{claims}");

    let way = recipe.signature.as_deref().unwrap_or("good");
    // A key signs with what the header says, or else with what it can.
    let algorithm = recipe.sign_as.as_deref().unwrap_or(&said);
    let algorithm = match key.sign(algorithm, b"") {
        Err(_) if recipe.sign_as.is_none() => key.algorithm(),
        _ => algorithm,
    };
    let signature = signature::sign(way, &key, algorithm, message.as_bytes()).context("signature")?;
    let parts = Parts { header, claims, signature: URL_SAFE_NO_PAD.encode(signature), fill };
    parts.text(recipe.text.as_deref().unwrap_or("${header}.${claims}.${signature}"))
}

/// The parts of a token, for a text that puts them together.
struct Parts<'a, F> {
    header: String,
    claims: String,
    signature: String,
    fill: &'a F,
}

impl<F: Fill> Fill for Parts<'_, F> {
    fn fill(&self, placeholder: &str) -> Result<Filling> {
        Ok(match placeholder {
            "header" => self.header.clone().into(),
            "claims" => self.claims.clone().into(),
            "signature" => self.signature.clone().into(),
            "token" => format!("{}.{}.{}", self.header, self.claims, self.signature).into(),
            "signature-other-last-character" => other_last_character(&self.signature).into(),
            "claims-other-last-character" => other_last_character(&self.claims).into(),
            other => return self.fill.fill(other),
        })
    }
}

/// The same bytes to a lenient decoder: the last character differs in the bits that encode nothing.
fn other_last_character(segment: &str) -> String {
    const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut bytes = segment.as_bytes().to_vec();
    if let Some(last) = bytes.last_mut() {
        let index = ALPHABET.iter().position(|known| known == last).unwrap_or_default();
        *last = ALPHABET[index ^ 1];
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
