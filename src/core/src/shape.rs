//! What the types of several rooms say of their shape (JSON Schema).

use alloc::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::Value;

/// Exactly one of these members is there; `null` is as good as absent.
pub(crate) fn exactly_one(schema: &mut Schema, members: &[&str]) {
    let cases = members.iter().map(|member| {
        serde_json::json!({ "required": [member], "properties": { *member: { "not": { "type": "null" } } } })
    });
    schema.insert("oneOf".into(), cases.collect::<Value>());
}

/// Any object.
pub(crate) struct AnyObject;

impl JsonSchema for AnyObject {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "AnyObject".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "object" })
    }
}

/// Where an issuer's metadata is.
pub(crate) struct Discovery;

impl JsonSchema for Discovery {
    fn schema_name() -> Cow<'static, str> {
        "Discovery".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "Where an issuer's metadata is: `true` for its well-known addresses, or a URL.",
            "type": ["boolean", "string"],
            "not": { "const": false },
            "maxLength": 2048
        })
    }
}

/// A value that a claim is compared with.
pub(crate) struct ClaimValue;

impl JsonSchema for ClaimValue {
    fn schema_name() -> Cow<'static, str> {
        "ClaimValue".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A value that a claim is compared with. Types count: `\"1\"` is not `1`.",
            "type": ["string", "boolean", "number"]
        })
    }
}
