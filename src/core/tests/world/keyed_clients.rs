//! Applications that authenticate with a JWT of their own key, and what they ask for.

use asserta_core::client_auth::Presented;
use asserta_core::grants::TokenRequest;
use asserta_core::jose::base64url;
use asserta_core::jose::key::SigningKey;
use asserta_core::oauth::{ErrorCode, Reason, Refusal};
use asserta_core::service::RegistryError;
use serde_json::{Value, json};

use super::*;

pub const AS: &str = "https://as.example";
pub const REFUSED: (Reason, ErrorCode) = (Reason::ClientAssertionRefused, ErrorCode::InvalidClient);

/// A world that trusts the issuer of the assertions, whose key is `key(1)`.
pub fn trusting() -> World {
    let world = World::default();
    let trusted = issuer(json!({ "jwks": jwks(&[&key(1)]) }));
    run(world.service().registry().create_trusted_issuer(&default_organization(), &trusted))
        .expect("trusted");
    world
}

/// Registers an application that authenticates by key, with these members.
pub fn register(world: &World, members: Value) -> Result<String, RegistryError> {
    let mut document = json!({ "token_endpoint_auth_method": "private_key_jwt" });
    overlay(&mut document, &members);
    let registered =
        run(world.service().registry().create_application(&default_organization(), metadata(document)))?;
    assert!(registered.client_secret.is_none(), "it has no secret");
    Ok(registered.application.client_id().to_owned())
}

/// The same with the key `key(2)`.
pub fn client(world: &World) -> String {
    register(world, json!({ "jwks": jwks(&[&key(2)]) })).expect("registered")
}

/// Lays members over others; null takes one away.
pub fn overlay(document: &mut Value, members: &Value) {
    let document = document.as_object_mut().expect("an object");
    for (name, value) in members.as_object().expect("an object") {
        if value.is_null() {
            document.remove(name);
        } else {
            document.insert(name.clone(), value.clone());
        }
    }
}

/// A client assertion of this key, with members over good ones.
pub fn client_assertion(key: &SigningKey, client_id: &str, header: Value, claims: Value) -> String {
    let mut whole_header = json!({ "alg": key.algorithm().name(), "kid": key.kid() });
    overlay(&mut whole_header, &header);
    let mut whole = json!({ "iss": client_id, "sub": client_id, "aud": AS, "exp": START + 300, "jti": "c" });
    overlay(&mut whole, &claims);
    signed_jwt(key, &whole_header, &whole)
}

/// A JWT of these.
pub fn signed_jwt(key: &SigningKey, header: &Value, claims: &Value) -> String {
    let input = [header, claims].map(|part| base64url::encode(part.to_string().as_bytes())).join(".");
    let signature = base64url::encode(&key.sign(input.as_bytes(), &[0; 32]));
    format!("{input}.{signature}")
}

pub fn good(client_id: &str, jti: &str) -> String {
    client_assertion(&key(2), client_id, json!({}), json!({ "jti": jti }))
}

/// The grant's assertion, with this `jti`.
pub fn granted(jti: &str) -> String {
    assertion(&key(1), START, json!({ "jti": jti }))
}

pub fn request_by_key(client_id: Option<&str>, client_assertion: &str, assertion: &str) -> TokenRequest {
    let presented = Presented::assertion(client_id, client_assertion).expect("short enough");
    TokenRequest::jwt_bearer(presented, assertion, None, None).expect("short enough")
}

/// The claims of the token.
pub fn ask(
    world: &World,
    client_id: Option<&str>,
    client_assertion: &str,
    assertion: &str,
) -> Result<Value, Refusal> {
    let request = request_by_key(client_id, client_assertion, assertion);
    claims_of_token(world, &request)
}

/// The claims of the token that this request gets.
pub fn claims_of_token(world: &World, request: &TokenRequest) -> Result<Value, Refusal> {
    let issued = run(world.service().exchange(&default_organization(), request))?;
    let claims = issued.token.split('.').nth(1).and_then(|text| base64url::decode(text).ok());
    Ok(serde_json::from_slice(&claims.expect("claims")).expect("JSON"))
}

pub fn refused(
    world: &World,
    client_id: Option<&str>,
    client_assertion: &str,
    jti: &str,
) -> (Reason, ErrorCode) {
    let refusal = ask(world, client_id, client_assertion, &granted(jti)).expect_err("refused");
    (refusal.reason, refusal.code)
}
