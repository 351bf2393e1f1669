//! Exchange without a client (R29): who gets what, who is refused how, and what an organization knows of it.

mod grants;
mod labels;
mod stores;
#[path = "../world/mod.rs"]
mod world;

use asserta_core::client_auth::Client;
use asserta_core::field::FieldError;
use asserta_core::grants::TokenRequest;
use asserta_core::jose::base64url;
use asserta_core::oauth::{ErrorCode, Reason, Refusal};
use asserta_core::organization::OrganizationId;
use asserta_core::service::{RegistryError, TrustDocument};
use serde_json::{Value, json};
use world::{START, World, assertion, default_organization, issuer, jwks, key, run};

const LABEL: &str = "ci-job";

/// A rule without a client, with these members over good ones; null takes one away.
fn rule(members: Value) -> Value {
    let mut rule = json!({ "name": "ci", "client": "none", "client_id": LABEL, "subjects": ["alice"], "scopes": ["deploy"] });
    for (name, value) in members.as_object().expect("an object") {
        if value.is_null() {
            rule.as_object_mut().expect("an object").remove(name);
        } else {
            rule[name] = value.clone();
        }
    }
    rule
}

fn put(world: &World, document: Value) -> Result<bool, RegistryError> {
    let issuer = issuer(document);
    run(world.service().registry().put_trusted_issuer(&default_organization(), &issuer.name, &issuer))
}

/// The issuer of the assertions, with these members.
fn with(members: Value) -> World {
    let world = World::default();
    register(&world, members);
    world
}

fn register(world: &World, members: Value) {
    let mut document = json!({ "jwks": jwks(&[&key(1)]) });
    document.as_object_mut().expect("an object").append(&mut members.as_object().expect("members").clone());
    put(world, document).expect("registered");
}

fn with_rules(rules: Value) -> World {
    with(json!({ "rules": rules }))
}

/// The claims of the token that is issued without a client.
fn ask(world: &World, client_id: Option<&str>, scope: Option<&str>, claims: Value) -> Result<Value, Refusal> {
    ask_of(world, &default_organization(), client_id, scope, &assertion(&key(1), START, claims))
}

fn ask_of(
    world: &World,
    organization: &OrganizationId,
    client_id: Option<&str>,
    scope: Option<&str>,
    assertion: &str,
) -> Result<Value, Refusal> {
    let request =
        TokenRequest::jwt_bearer(Client::nothing(client_id), assertion, scope, None).expect("short enough");
    let issued = run(world.service().exchange(organization, &request))?;
    let claims = issued.token.split('.').nth(1).and_then(|text| base64url::decode(text).ok());
    let mut claims: Value = serde_json::from_slice(&claims.expect("claims")).expect("JSON");
    claims["expires_in"] = issued.expires_in.into();
    Ok(claims)
}

fn refused(world: &World, client_id: Option<&str>, claims: Value) -> (Reason, ErrorCode) {
    let refusal = ask(world, client_id, None, claims).expect_err("refused");
    (refusal.reason, refusal.code)
}

fn lists_none(world: &World) -> bool {
    run(world.service().registry().offered(&default_organization())).expect("known").without_client
}

fn seed(client_id: &str) -> TrustDocument {
    let application = json!({ "client_id": client_id, "client_secret": "s".repeat(43) });
    document(json!([{ "name": "default", "applications": [application] }])).expect("a good document")
}

fn document(organizations: Value) -> Result<TrustDocument, FieldError> {
    TrustDocument::parse(json!({ "organizations": organizations }).to_string().as_bytes(), false)
}
