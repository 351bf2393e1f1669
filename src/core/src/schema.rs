//! The JSON Schema (draft 2020-12) of what people register, made from the types that read it. A document that core accepts
//! is valid under it; what only reading it shows (keys, globs, what is there twice) is left to core.

use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

use schemars::Schema;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value};

use crate::application::ApplicationMetadata;
use crate::organization::Organization;
use crate::service::{
    ActivityPage, Comparison, Explanation, KeyList, KeyReport, RegisteredApplication, RegisteredIssuer,
    Report, UnreadableItem, WrittenDocument,
};
use crate::tokens::{Revocation, RevocationRequest};
use crate::trust::preset::{Preset, PresetRequest};

/// The schema of a document of registrations; those of its parts stand in `$defs`.
#[must_use]
pub fn of_registrations() -> Value {
    let mut generator = SchemaSettings::draft2020_12().into_generator();
    // What `POST …/applications` takes. In the document it stands among the members of an application.
    generator.subschema_for::<ApplicationMetadata>();
    let mut schema = generator.into_root_schema_for::<WrittenDocument>();
    tidy(&mut schema);
    schema.to_value()
}

/// What the admin API takes and returns besides, by name. What registrations are made of is in [`of_registrations`].
#[must_use]
pub fn of_admin_api() -> Map<String, Value> {
    let mut taken = SchemaSettings::draft2020_12().into_generator();
    taken.subschema_for::<RevocationRequest>();
    taken.subschema_for::<PresetRequest>();
    let mut returned = SchemaSettings::draft2020_12().for_serialize().into_generator();
    returned.subschema_for::<Organization>();
    returned.subschema_for::<RegisteredIssuer>();
    returned.subschema_for::<KeyReport>();
    returned.subschema_for::<RegisteredApplication<'_>>();
    returned.subschema_for::<UnreadableItem>();
    returned.subschema_for::<KeyList>();
    returned.subschema_for::<Revocation>();
    returned.subschema_for::<Report>();
    returned.subschema_for::<Comparison>();
    returned.subschema_for::<Explanation>();
    returned.subschema_for::<ActivityPage>();
    returned.subschema_for::<Preset>();
    let mut schemas = taken.take_definitions(true);
    schemas.extend(returned.take_definitions(true));
    for schema in schemas.values_mut() {
        if let Ok(schema) = schema.try_into() {
            tidy(schema);
        }
    }
    schemas
}

/// Descriptions are sentences on one line, without the numbers of rules; numbers have no format of Rust's; what a thing is
/// stands before its limits.
fn tidy(schema: &mut Schema) {
    if let Some(Value::String(text)) = schema.get("description") {
        let words: Vec<&str> = text.split_whitespace().collect();
        let text = without_rules(&words.join(" "));
        schema.insert("description".into(), text.into());
    }
    schema.remove("format");
    if schema.get("default").is_some_and(Value::is_null) {
        schema.remove("default");
    }
    schemars::transform::transform_subschemas(&mut tidy, schema);
    if let Some(members) = schema.as_object_mut() {
        let mut left = core::mem::take(members);
        for first in ["$schema", "title", "description", "$ref", "type"] {
            members.extend(left.shift_remove_entry(first));
        }
        members.extend(left);
    }
}

/// `(R40)`, and `; R42)` at the end of another bracket.
fn without_rules(text: &str) -> String {
    let is_rule = |word: &str| {
        let digits = word.strip_prefix('R');
        digits.is_some_and(|digits| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()))
    };
    let mut parts = text.split('(');
    let mut kept = parts.next().unwrap_or_default().to_string();
    for part in parts {
        let Some((inside, rest)) = part.split_once(')') else {
            kept = kept + "(" + part;
            continue;
        };
        let words = inside.split("; ").filter(|words| !words.split(", ").all(is_rule));
        let words = words.collect::<Vec<_>>().join("; ");
        if words.is_empty() {
            kept.truncate(kept.trim_end().len());
        } else {
            kept = kept + "(" + &words + ")";
        }
        kept += rest;
    }
    kept
}
