//! The schemas of the document: those of core's types, and what is too small to have a type there.

use anyhow::{Context as _, Result};
use asserta_core::oauth::GrantType;
use serde_json::{Map, Value, json};

/// Every schema by name. What registrations consist of comes without descriptions: `/admin/schema.json` has them.
pub(super) fn all(registrations: &Value) -> Result<Map<String, Value>> {
    let mut schemas = registrations["$defs"].as_object().context("there are no $defs")?.clone();
    let mut document = registrations.as_object().context("no object")?.clone();
    document.remove("$defs");
    document.remove("$schema");
    document.remove("title");
    schemas.insert("TrustDocument".to_owned(), document.into());
    schemas.insert("TrustedIssuerReplacement".to_owned(), replacement(&schemas["TrustedIssuer"], "name"));
    schemas.insert(
        "ApplicationReplacement".to_owned(),
        replacement(&schemas["TrustDocumentApplication"], "client_id"),
    );
    schemas.values_mut().for_each(without_descriptions);
    for (name, mut schema) in asserta_core::schema::of_admin_api() {
        if schema["properties"]["issuer"].is_object() || schema["properties"]["grant_types"].is_object() {
            without_descriptions(&mut schema);
        }
        schemas.entry(name).or_insert(schema);
    }
    schemas.extend(of_http());
    schemas.values_mut().for_each(refer);
    Ok(schemas)
}

/// A registration that is put under the name in the path: it need not repeat the name, and what was returned can be
/// handed back.
fn replacement(schema: &Value, name: &str) -> Value {
    let mut schema = schema.clone();
    if let Some(required) = schema["required"].as_array_mut() {
        required.retain(|member| member != name);
    }
    for returned in ["skipped_keys", "warnings"] {
        if name == "name" {
            schema["properties"][returned] = json!({});
        }
    }
    schema
}

fn without_descriptions(schema: &mut Value) {
    match schema {
        Value::Object(members) => {
            if members.get("description").is_some_and(Value::is_string) {
                members.shift_remove("description");
            }
            members.values_mut().for_each(without_descriptions);
        }
        Value::Array(cases) => cases.iter_mut().for_each(without_descriptions),
        _ => {}
    }
}

/// `$ref` to where schemas are in OpenAPI.
fn refer(schema: &mut Value) {
    match schema {
        Value::Object(members) => {
            if let Some(Value::String(place)) = members.get_mut("$ref") {
                *place = place.replace("#/$defs/", "#/components/schemas/");
            }
            members.values_mut().for_each(refer);
        }
        Value::Array(cases) => cases.iter_mut().for_each(refer),
        _ => {}
    }
}

fn object(required: &[&str], properties: &Value) -> Value {
    json!({ "type": "object", "required": required, "properties": properties })
}

/// One that has no other members.
fn closed(required: &[&str], properties: &Value) -> Value {
    json!({ "type": "object", "required": required, "properties": properties, "additionalProperties": false })
}

/// What the HTTP face itself says and reads.
fn of_http() -> Map<String, Value> {
    let text = json!({ "type": "string" });
    let maybe = json!({ "type": ["string", "null"] });
    let number = json!({ "type": "integer", "minimum": 0 });
    let schema = |name: &str| json!({ "$ref": format!("#/components/schemas/{name}") });
    let texts = json!({ "type": "array", "items": text });
    let one_or_several = json!({ "anyOf": [text, texts] });
    let any_object = json!({ "type": "object" });
    let grants: Vec<&str> = GrantType::ALL.iter().map(|grant| grant.name()).collect();
    let problem = object(
        &["type", "title", "status"],
        &json!({
            "type": text, "title": text, "status": number, "detail": text,
            "field": { "type": "string", "description": "The member, parameter or path segment at fault." },
            "items": { "type": "array", "items": schema("Applied") },
        }),
    );
    let credentials = json!({
        "client_id": text, "client_secret": text, "client_assertion": text, "client_assertion_type": text,
    });
    let with_credentials = |members: Value| {
        let mut all = members.as_object().cloned().unwrap_or_default();
        all.extend(credentials.as_object().cloned().unwrap_or_default());
        Value::Object(all)
    };
    let token_request = with_credentials(json!({
        "grant_type": { "type": "string", "enum": grants },
        "assertion": text, "scope": text,
        "resource": one_or_several, "audience": one_or_several,
        "subject_token": text, "subject_token_type": text, "actor_token": text, "actor_token_type": text,
        "requested_token_type": text,
    }));
    let described = json!({
        "name": text, "display_name": text, "issuer": text, "token_endpoint": text, "jwks_uri": text,
    });
    let explain = json!({
        "assertion": maybe, "client_assertion": maybe, "client_assertion_type": maybe, "subject_token": maybe, "subject_token_type": maybe,
        "actor_token": maybe, "actor_token_type": maybe, "requested_token_type": maybe, "client_id": maybe,
        "dpop_proof": maybe,
        "scope": maybe, "resource": texts, "audience": texts,
    });
    let granted = json!({
        "access_token": text, "token_type": { "enum": ["Bearer", "DPoP"] }, "expires_in": number, "scope": text,
        "issued_token_type": text,
    });
    let introspection = json!({
        "active": { "type": "boolean" }, "iss": text, "sub": text, "aud": one_or_several, "client_id": text,
        "scope": text, "iat": number, "exp": number, "jti": text, "cnf": any_object, "act": any_object,
        "token_type": { "enum": ["Bearer", "DPoP"] },
    });
    let metadata = json!({
        "issuer": text, "token_endpoint": text, "jwks_uri": text, "introspection_endpoint": text,
        "revocation_endpoint": text, "grant_types_supported": texts,
        "token_endpoint_auth_methods_supported": texts,
        "scopes_supported": texts, "protected_resources": texts, "service_documentation": text,
        "authorization_endpoint": text,
    });
    let report = json!({
        "dry_run": { "type": "boolean" },
        "items": { "type": "array", "items": schema("Applied") },
        "activity": schema("Comparison"),
    });
    let described_required = ["name", "issuer", "token_endpoint", "jwks_uri"];
    let metadata_required = ["issuer", "token_endpoint", "jwks_uri", "grant_types_supported"];
    let key =
        object(&["kty", "kid", "alg", "use"], &json!({ "kty": text, "kid": text, "alg": text, "use": text }));
    let health = json!({ "status": text, "sweep": text });
    let presets = json!({ "items": { "type": "array", "items": schema("Preset") } });
    let schemas = [
        ("Problem", problem),
        ("DescribedOrganization", object(&described_required, &described)),
        ("OrganizationReplacement", closed(&[], &json!({ "name": text, "display_name": maybe }))),
        ("ExplainRequest", closed(&[], &explain)),
        ("AppliedReport", object(&["dry_run", "items"], &report)),
        ("PresetList", object(&["items"], &presets)),
        ("JsonSchema", any_object.clone()),
        ("OpenApi", any_object.clone()),
        ("TokenRequest", object(&["grant_type"], &token_request)),
        ("TokenResponse", object(&["access_token", "token_type", "expires_in"], &granted)),
        (
            "TokenError",
            object(&["error", "error_description"], &json!({ "error": text, "error_description": text })),
        ),
        (
            "TokenQuestion",
            object(&["token"], &with_credentials(json!({ "token": text, "token_type_hint": text }))),
        ),
        ("Introspection", object(&["active"], &introspection)),
        ("Revoked", any_object),
        ("JwkSet", object(&["keys"], &json!({ "keys": { "type": "array", "items": key } }))),
        ("Metadata", object(&metadata_required, &metadata)),
        ("Health", object(&["status"], &health)),
    ];
    schemas.into_iter().map(|(name, schema)| (name.to_owned(), schema)).collect()
}
