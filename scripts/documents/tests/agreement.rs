//! The schema takes what core takes, and refuses what core refuses but for what only reading shows.

use asserta_core::service::TrustDocument;
use jsonschema::Validator;
use serde_json::{Value, json};

const KEY: &str = include_str!("../../../src/core/tests/certificates/p256.pub.pem");

/// What core finds by reading the text itself.
const CORE_ALONE: &[(&str, &str)] = &[
    (
        "algorithms",
        "must allow an algorithm of the registered keys, or nothing is ever verified (R47): ES256",
    ),
    ("allow_private", "is for keys that are fetched: by jwks_uri or discovery"),
    ("authorization_endpoint", "must be a URL"),
    ("authorization_endpoint", "must be a URL with a host"),
    ("certificate", "empty"),
    ("certificate", FOR_KEYS),
    ("certificate", "neither a PEM block nor base64 of DER"),
    ("certificate", "neither an X.509 certificate nor a public key"),
    ("client_assertion_issuer", FOR_KEYS),
    ("client_assertion_subject", FOR_KEYS),
    ("client_secret", "must have 32 to 256 bytes; it should hold 256 random bits (openssl rand -hex 32)"),
    ("discovery", "must be a URL"),
    ("discovery", "must be a URL with a host"),
    ("jwks", FOR_KEYS),
    ("jwks", "not a JWK set: there is no array keys"),
    ("jwks_ca", "is for keys that are fetched: by jwks_uri or discovery"),
    ("jwks_uri", FOR_KEYS),
    ("jwks_uri", "must be a URL"),
    ("jwks_uri", "must be a URL with a host"),
    ("protected_resources", "must be a URL"),
    ("protected_resources", "must be a URL with a host"),
    ("scopes", "must be one scope (RFC 6749 section 3.3)"),
    ("scopes_supported", "must be one scope (RFC 6749 section 3.3)"),
    ("service_documentation", "must be a URL"),
    ("service_documentation", "must be a URL with a host"),
    ("token_endpoint_auth_signing_alg", FOR_KEYS),
];

/// What an application may not have whose method is another one.
const FOR_KEYS: &str = "is for applications with token_endpoint_auth_method private_key_jwt";

fn issuer() -> Value {
    json!({ "name": "partner", "issuer": "https://partner.example", "certificate": KEY })
}

fn application() -> Value {
    json!({ "client_id": "app-1", "client_secret_sha256": "ab".repeat(32) })
}

fn document(issuer: Value, application: Value) -> Value {
    json!({ "organizations": [
        { "name": "acme", "trusted_issuers": [issuer], "applications": [application] }
    ] })
}

/// Values of every kind, around every limit.
fn values() -> Vec<Value> {
    let mut values =
        vec![json!(null), json!(true), json!(false), json!(1.5), json!({}), json!({"a": "b"}), json!([])];
    values.extend([-1, 0, 1, 29, 30, 600, 601, 86_400, 86_401, 172_800, 172_801].map(Value::from));
    let grant = "urn:ietf:params:oauth:grant-type:jwt-bearer";
    let texts = [
        "",
        "x",
        "a b",
        "https://x.example/jwks",
        "RS256",
        "HS256",
        "any",
        "once",
        "client_secret_post",
        grant,
    ];
    values.extend(texts.map(Value::from));
    values.extend(
        [128, 129, 256, 257, 1024, 1025, 2048, 2049, 4096, 4097].map(|length| "x".repeat(length).into()),
    );
    values.extend(["ab", "zz"].map(|pair| pair.repeat(32).into()));
    for element in texts.map(Value::from) {
        values.push(json!([element]));
    }
    values.extend(
        [17, 33, 1001]
            .map(|count| Value::Array((0..count).map(|number| format!("x{number}").into()).collect())),
    );
    values.push((0..33).map(|number| (number.to_string(), json!(number.to_string()))).collect());
    for condition in [
        json!({"claim": "a", "equals": 1}),
        json!({"claim": "a", "equals": [1]}),
        json!({"claim": "a", "equals": null}),
        json!({"claim": "a", "one_of": []}),
        json!({"claim": "a", "one_of": ["a", true]}),
        json!({"claim": "a", "contains": "a", "equals": null}),
        json!({"claim": "a", "present": true}),
        json!({"claim": "a", "equals": 1, "present": true}),
        json!({"claim": "", "present": true}),
        json!({"claim": "a"}),
        json!({"claim": "a", "present": true, "more": 1}),
        json!({"claim": "a", "glob": "x*"}),
        json!({"claim": "a", "glob": ""}),
        json!({"claim": "a", "prefix": "x"}),
        json!({"claim": "a", "prefix": "x".repeat(1025)}),
        json!({"claim": "a", "all_of": ["a", 1]}),
        json!({"claim": "a", "all_of": []}),
        json!({"claim": "a", "at_least": 1.5, "at_most": null}),
        json!({"claim": "a", "at_most": "1"}),
        json!({"claim": "a", "not": {"equals": 1}}),
        json!({"claim": "a", "not": {"equals": 1}, "present": true}),
        json!({"claim": "a", "not": {"present": true}}),
        json!({"claim": "a", "not": {}}),
    ] {
        values.push(json!([{"name": "r", "claims": [condition]}]));
        values.push(json!([condition]));
    }
    for rule in [
        json!({"name": "r"}),
        json!({"name": ""}),
        json!({"subjects": ["a"]}),
        json!({"name": "r", "colour": "red"}),
        json!({"name": "r", "mode": "audit"}),
        json!({"name": "r", "mode": "watch"}),
        json!({"name": "r", "subjects": ["a"], "scopes": ["b"], "applications": ["app"], "audience": "https://a.example"}),
        json!({"name": "r", "applications": []}),
        json!({"name": "r", "audience": []}),
        json!({"name": "r", "access_token_lifetime": 30}),
        json!({"name": "r", "access_token_lifetime": 29}),
        json!({"name": "r", "claim_mappings": {"a": "b"}}),
    ] {
        values.push(json!([rule]));
    }
    values.extend(
        [64, 65].map(|count| (0..count).map(|number| json!({"name": format!("r{number}")})).collect()),
    );
    values
}

fn members(schema: &Value, name: &str) -> Vec<String> {
    let members = schema["$defs"][name]["properties"].as_object().expect("an object");
    members.keys().cloned().chain(["colour".to_owned()]).collect()
}

#[test]
fn a_document_may_name_its_schema() {
    let schema = asserta_core::schema::of_registrations();
    let document = json!({ "$schema": "./registrations.schema.json", "organizations": [] });
    assert!(jsonschema::draft202012::is_valid(&schema, &document));
    TrustDocument::parse(document.to_string().as_bytes(), false).expect("it is left aside");
}

#[test]
fn the_schema_takes_what_core_takes() {
    let schema = asserta_core::schema::of_registrations();
    let validator = jsonschema::draft202012::new(&schema).expect("a schema");
    let mut core_alone = Vec::new();
    let mut tried = 0;
    let mut compare = |member: &str, value: &Value, document: &Value| {
        tried += 1;
        let by_core = TrustDocument::parse(document.to_string().as_bytes(), false);
        match (by_core, validator.is_valid(document)) {
            (Ok(_), false) => panic!(
                "{member}: core takes {value}, and the schema does not: {}",
                told(&validator, document)
            ),
            (Err(error), true) => core_alone.push((member.to_owned(), error.problem)),
            (Ok(_), true) | (Err(_), false) => {}
        }
    };
    for member in members(&schema, "TrustedIssuer") {
        for value in values() {
            let mut changed = issuer();
            if ["jwks", "jwks_uri", "discovery"].contains(&member.as_str()) {
                changed["certificate"] = Value::Null;
            }
            changed[&member] = value.clone();
            compare(&member, &value, &document(changed, application()));
        }
        let mut without = issuer();
        without.as_object_mut().expect("an object").remove(&member);
        compare(&member, &Value::Null, &document(without, application()));
    }
    for member in members(&schema, "TrustDocumentApplication") {
        for value in values() {
            let mut changed = application();
            if member == "client_secret" {
                changed["client_secret_sha256"] = Value::Null;
            }
            changed[&member] = value.clone();
            compare(&member, &value, &document(issuer(), changed));
        }
    }
    for member in members(&schema, "StatedMetadata") {
        for value in values() {
            let mut stated = document(issuer(), application());
            stated["organizations"][0]["metadata"] = json!({ (member.as_str()): value });
            compare(&member, &value, &stated);
        }
    }
    assert!(tried > 2000, "{tried} documents");
    core_alone.sort();
    core_alone.dedup();
    let core_alone: Vec<_> =
        core_alone.iter().map(|(member, problem)| (member.as_str(), problem.as_str())).collect();
    assert_eq!(core_alone, CORE_ALONE);
}

fn told(validator: &Validator, document: &Value) -> String {
    validator.iter_errors(document).map(|error| format!("{}: {error}", error.instance_path())).collect()
}
