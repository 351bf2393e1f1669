//! An issuer whose keys are fetched, and what it signs.

use asserta_core::jose::base64url;
use asserta_core::jose::key::SigningKey;
use asserta_core::oauth::Reason;
use asserta_core::ports::Ports;
use asserta_core::service::{NewApplication, Service};
use serde_json::{Value, json};

use super::*;

pub const URI: &str = "https://idp.example/jwks";

pub fn register<P: Ports>(service: &Service<P>) -> NewApplication {
    let trusted = issuer(json!({ "jwks_uri": URI, "replay": "allow" }));
    run(service.registry().create_trusted_issuer(&default_organization(), &trusted)).expect("registered");
    run(service.registry().create_application(&default_organization(), metadata(json!({}))))
        .expect("registered")
}

pub async fn exchange<P: Ports>(
    service: &Service<P>,
    client: &NewApplication,
    assertion: &str,
) -> Result<(), Reason> {
    let outcome = service.exchange(&default_organization(), &request(client, assertion)).await;
    outcome.map(drop).map_err(|refusal| refusal.reason)
}

pub fn signed(world: &World, key: &SigningKey) -> String {
    assertion(key, world.clock.0.get(), json!({}))
}

/// An assertion that names no key.
pub fn unnamed(world: &World, key: &SigningKey) -> String {
    let text = signed(world, key);
    let claims = text.split('.').nth(1).expect("claims");
    let header = base64url::encode(json!({ "alg": "EdDSA" }).to_string().as_bytes());
    let input = format!("{header}.{claims}");
    let signature = base64url::encode(&key.sign(input.as_bytes(), &[0; 32]));
    format!("{input}.{signature}")
}

/// The keys without a `kid`.
pub fn unnamed_jwks(keys: &[&SigningKey]) -> Value {
    let mut document = jwks(keys);
    for key in document["keys"].as_array_mut().expect("an array") {
        key.as_object_mut().expect("an object").remove("kid");
    }
    document
}
