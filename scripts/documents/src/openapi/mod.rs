//! `src/http/openapi.json`: the HTTP interface as OpenAPI 3.1, made of the schemas of core's types and a table of routes.

use anyhow::{Context as _, Result};
use serde_json::{Map, Value, json};

mod routes;
mod schemas;

use self::routes::{ADMIN, Answer, DOCUMENTS, ENDPOINTS, Endpoint, Operation, Route};

const JSON: &str = "application/json";
const PROBLEM: &str = "application/problem+json";

/// The whole document.
pub(crate) fn document(registrations: &Value) -> Result<Value> {
    let mut paths = Map::new();
    for endpoint in &ENDPOINTS {
        paths.insert(endpoint.path.to_owned(), endpoint_at(endpoint, false));
        paths.insert(format!("/t/{{organization}}{}", endpoint.path), endpoint_at(endpoint, true));
    }
    for (path, id, summary, schema) in DOCUMENTS {
        let operation = json!({
            "operationId": id, "tags": ["oauth"], "summary": summary, "security": [],
            "responses": {
                "200": content(JSON, &reference(schema), summary),
                "400": response("Invalid"), "404": response("NotFound"), "500": response("Refused"),
                "503": response("Unavailable"),
            },
        });
        paths.insert(path.to_owned(), path_item(path, [("get".to_owned(), operation)]));
    }
    let health = |description: &str| content(JSON, &reference("Health"), description);
    let health = json!({
        "operationId": "getHealth", "tags": ["operations"], "summary": "Whether exchanges can work", "security": [],
        "responses": {
            "200": health("They can."), "500": response("Refused"), "503": health("They can not."),
        },
    });
    paths.insert("/health".to_owned(), json!({ "get": health }));
    for Route { path, operations } in ADMIN {
        let path = format!("/admin{path}");
        let operations =
            operations.iter().map(|operation| (operation.method.to_owned(), of_admin(operation)));
        let item = path_item(&path, operations.collect::<Vec<_>>());
        paths.insert(path, item);
    }
    Ok(json!({
        "openapi": "3.1.1",
        "info": {
            "title": "Asserta",
            "version": "1",
            "description": "Token endpoint and admin API. What the members of registrations mean: /admin/schema.json.",
        },
        "security": [{ "adminToken": [] }],
        "paths": paths,
        "components": {
            "securitySchemes": {
                "adminToken": { "type": "http", "scheme": "bearer" },
                "clientSecretBasic": { "type": "http", "scheme": "basic" },
            },
            "parameters": parameters(),
            "responses": responses(),
            "schemas": schemas::all(registrations).context("the schemas")?,
        },
    }))
}

/// A path with its parameters.
fn path_item(path: &str, operations: impl IntoIterator<Item = (String, Value)>) -> Value {
    let names = path.split('{').skip(1).filter_map(|rest| rest.split('}').next());
    let parameters: Vec<Value> =
        names.map(|name| parameter(if name == "client_id" { "client" } else { name })).collect();
    let mut item = Map::new();
    if !parameters.is_empty() {
        item.insert("parameters".to_owned(), parameters.into());
    }
    item.extend(operations);
    item.into()
}

fn of_admin(operation: &Operation) -> Value {
    let mut responses = Map::new();
    for status in operation.success {
        let mut answer = match operation.answer {
            Answer::Nothing => json!({ "description": "Done." }),
            Answer::One(schema) => {
                let media_type = if schema == "JsonSchema" { "application/schema+json" } else { JSON };
                content(media_type, &reference(schema), "Done.")
            }
            Answer::ListOf(schema) => content(JSON, &list_of(schema), "A page."),
        };
        if operation.tagged && operation.method == "get" {
            answer["headers"] = json!({ "ETag": tag() });
        }
        if operation.located && *status == 201 {
            answer["headers"] = json!({ "Location": header("Where it is.", "uri-reference") });
        }
        responses.insert(status.to_string(), answer);
    }
    responses.extend([
        ("400".to_owned(), response("Invalid")),
        ("401".to_owned(), response("Unauthorized")),
        ("404".to_owned(), response("NotFound")),
    ]);
    if operation.tagged {
        if operation.method == "get" {
            responses.insert("304".to_owned(), response("NotModified"));
        }
        responses.insert("412".to_owned(), response("PreconditionFailed"));
    }
    if operation.unique {
        responses.insert("409".to_owned(), response("Taken"));
    }
    if operation.body.is_some() {
        responses.insert("413".to_owned(), response("TooLarge"));
        responses.insert("415".to_owned(), response("UnsupportedMediaType"));
    }
    responses.insert("500".to_owned(), response("Failed"));
    responses.insert("503".to_owned(), response("Unavailable"));
    let mut value = json!({ "operationId": operation.id, "tags": ["admin"], "summary": operation.summary });
    let conditions: &[&str] = if operation.tagged { &["ifMatch", "ifNoneMatch"] } else { &[] };
    let parameters: Vec<Value> =
        operation.query.iter().chain(conditions).map(|name| parameter(name)).collect();
    if !parameters.is_empty() {
        value["parameters"] = parameters.into();
    }
    if let Some(schema) = operation.body {
        value["requestBody"] =
            json!({ "required": true, "content": { JSON: { "schema": reference(schema) } } });
    }
    value["responses"] = responses.into();
    value
}

fn endpoint_at(endpoint: &Endpoint, is_below: bool) -> Value {
    let id = if is_below { format!("{}OfOrganization", endpoint.id) } else { endpoint.id.to_owned() };
    let mut responses = Map::new();
    let mut granted = content(JSON, &reference(endpoint.answer), "Done.");
    if endpoint.id == "token" {
        granted["headers"] = json!({ "DPoP-Nonce": { "schema": { "type": "string" } } });
    }
    responses.insert("200".to_owned(), granted);
    let refusals = [
        ("400", "Refused"),
        ("401", "InvalidClient"),
        ("404", "UnknownOrganization"),
        ("413", "Refused"),
        ("500", "Refused"),
        ("503", "TemporarilyUnavailable"),
    ];
    responses.extend(refusals.map(|(status, name)| (status.to_owned(), response(name))));
    let mut value = json!({
        "operationId": id, "tags": ["oauth"], "summary": endpoint.summary,
        "security": [{ "clientSecretBasic": [] }, {}],
    });
    if endpoint.id == "token" {
        value["parameters"] = json!([parameter("dpop")]);
    }
    let form = json!({ "application/x-www-form-urlencoded": { "schema": reference(endpoint.form) } });
    value["requestBody"] = json!({ "required": true, "content": form });
    value["responses"] = responses.into();
    path_item(if is_below { "/t/{organization}" } else { "" }, [("post".to_owned(), value)])
}

/// A page of a list.
fn list_of(schema: &str) -> Value {
    json!({
        "type": "object",
        "required": ["items", "next"],
        "properties": {
            "items": { "type": "array", "items": reference(schema) },
            "next": { "type": ["string", "null"] },
            "unreadable": { "type": "array", "items": reference("UnreadableItem") },
        },
    })
}

fn reference(schema: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{schema}") })
}

fn response(name: &str) -> Value {
    json!({ "$ref": format!("#/components/responses/{name}") })
}

fn parameter(name: &str) -> Value {
    json!({ "$ref": format!("#/components/parameters/{name}") })
}

fn content(media_type: &str, schema: &Value, description: &str) -> Value {
    json!({ "description": description, "content": { media_type: { "schema": schema } } })
}

fn header(description: &str, format: &str) -> Value {
    json!({ "description": description, "required": true, "schema": { "type": "string", "format": format } })
}

/// An entity tag, in a response.
fn tag() -> Value {
    json!({ "description": "For `If-Match` and `If-None-Match`.", "required": true, "schema": { "type": "string" } })
}

fn parameters() -> Value {
    let label = json!({ "type": "string", "minLength": 1, "maxLength": 128 });
    let name = json!({ "type": "string", "pattern": "^[a-z0-9][a-z0-9-]{0,62}$" });
    let client = json!({ "type": "string", "pattern": "^[A-Za-z0-9._~-]{1,128}$" });
    let presets: Vec<&str> = asserta_core::trust::preset::all().map(|preset| preset.name).collect();
    let in_path =
        |name: &str, schema: Value| json!({ "name": name, "in": "path", "required": true, "schema": schema });
    let in_header = |name: &str, description: &str| json!({ "name": name, "in": "header", "description": description, "schema": { "type": "string" } });
    let in_query = |name: &str, schema: Value| json!({ "name": name, "in": "query", "schema": schema });
    json!({
        "organization": in_path("organization", name),
        "issuer": in_path("issuer", label),
        "client": in_path("client_id", client),
        "preset": in_path("preset", json!({ "type": "string", "enum": presets })),
        "limit": in_query("limit", json!({ "type": "integer", "minimum": 1, "maximum": 100, "default": 100 })),
        "after": in_query("after", json!({ "type": "string", "description": "The `next` of the page before." })),
        "outcome": in_query("outcome", json!({ "enum": ["granted", "refused", "revoked"] })),
        "reason": in_query("reason", json!({ "type": "string" })),
        "clientId": in_query("client_id", json!({ "type": "string" })),
        "trustedIssuer": in_query("trusted_issuer", json!({ "type": "string" })),
        "rule": in_query("rule", json!({ "type": "string" })),
        "dryRun": in_query("dry_run", json!({ "type": "boolean", "default": false })),
        "against": in_query("against", json!({ "enum": ["activity"], "description": "Needs `dry_run=true`." })),
        "ifMatch": in_header("If-Match", "Only if this is what is there."),
        "ifNoneMatch": in_header("If-None-Match", "Only if this is not what is there; `*`: only if nothing is."),
        "dpop": { "name": "DPoP", "in": "header", "description": "A proof (RFC 9449).", "schema": { "type": "string" } },
    })
}

fn responses() -> Value {
    let problem = |description: &str| content(PROBLEM, &reference("Problem"), description);
    let refusal = |description: &str| content(JSON, &reference("TokenError"), description);
    let mut unauthorized = problem("The admin token is missing or wrong.");
    let mut unavailable = problem("The store does not answer, or a setting is unusable.");
    let mut refused = refusal("Refused (RFC 6749 section 5.2).");
    let mut client = refusal("The client does not authenticate.");
    let mut busy = refusal("Try again.");
    let mut nobody = refusal("There is no such organization.");
    let authenticate = json!({ "required": true, "schema": { "type": "string" } });
    let retry = json!({ "required": true, "schema": { "type": "integer" } });
    unauthorized["headers"] = json!({ "WWW-Authenticate": authenticate });
    unavailable["headers"] = json!({ "Retry-After": retry });
    refused["headers"] = json!({ "DPoP-Nonce": { "schema": { "type": "string" } } });
    client["headers"] = json!({ "WWW-Authenticate": authenticate });
    busy["headers"] = json!({ "Retry-After": retry });
    nobody["content"][PROBLEM] = json!({ "schema": reference("Problem") });
    json!({
        "Invalid": problem("The request can't be accepted; `field` names the member at fault."),
        "Unauthorized": unauthorized,
        "NotFound": problem("There is no such thing, or no admin API."),
        "NotModified": { "description": "It is what `If-None-Match` names.", "headers": { "ETag": tag() } },
        "PreconditionFailed": problem("What is there is not what `If-Match` or `If-None-Match` wants."),
        "Failed": problem("The request failed here; the log says why."),
        "Taken": problem("A name or an identifier is taken."),
        "TooLarge": problem("The body exceeds 64 KiB."),
        "UnsupportedMediaType": problem("The body must be application/json."),
        "Unavailable": unavailable,
        "Refused": refused,
        "InvalidClient": client,
        "UnknownOrganization": nobody,
        "TemporarilyUnavailable": busy,
    })
}
