//! The workloads of a trust domain, and the applications that they are.

use asserta_core::client_auth::{ClientAssertionType, Presented};
use asserta_core::grants::TokenRequest;
use asserta_core::jose::key::{SigningAlgorithm, SigningKey};
use asserta_core::oauth::{ErrorCode, Reason, Refusal};
use asserta_core::service::Explanation;
use serde_json::{Value, json};

use super::keyed_clients::{AS, claims_of_token, granted, overlay, signed_jwt};
use super::*;

pub const DOMAIN: &str = "prod.example.org";
pub const WORKLOAD: &str = "spiffe://prod.example.org/ns/prod/sa/orders";
pub const SPIRE: &str = "https://oidc.example.org";

/// What signs JWT-SVIDs: Ed25519 may not (JWT-SVID section 2.1).
pub fn authority(seed: u8) -> SigningKey {
    SigningKey::generate(SigningAlgorithm::Es256, &[seed; 32])
}

/// A bundle of these keys.
pub fn bundle(keys: &[&SigningKey]) -> Value {
    let mut set = jwks(keys);
    for key in set["keys"].as_array_mut().expect("keys") {
        key["use"] = "jwt-svid".into();
    }
    set
}

/// Registers the issuer of the trust domain, or replaces it, with members over good ones.
pub fn put_spire(world: &World, members: Value) {
    let mut document = json!({
        "name": "spire", "issuer": SPIRE, "trust_domain": DOMAIN, "jwks": bundle(&[&authority(5)]), "replay": "allow",
        "clock_skew": 0,
    });
    overlay(&mut document, &members);
    let service = world.service();
    run(service.registry().put_trusted_issuer(&default_organization(), "spire", &issuer(document)))
        .expect("registered");
}

/// A world that trusts the issuer of the assertions, whose key is `key(1)`, and that of the trust domain.
pub fn with_spire() -> World {
    let world = keyed_clients::trusting();
    put_spire(&world, json!({}));
    world
}

/// Registers an application for the workload, with these members over good ones.
pub fn register_workload(world: &World, members: Value) -> String {
    let mut document = json!({
        "token_endpoint_auth_method": "private_key_jwt",
        "client_assertion_issuer": "spire", "client_assertion_subject": WORKLOAD,
    });
    overlay(&mut document, &members);
    let service = world.service();
    let made = run(service.registry().create_application(&default_organization(), metadata(document)));
    made.expect("registered").application.client_id().to_owned()
}

/// A JWT-SVID as SPIRE makes it, of this key and with members over good ones: neither `iss` nor `jti`.
pub fn svid_of(key: &SigningKey, header: Value, claims: Value) -> String {
    let mut whole_header = json!({ "alg": key.algorithm().name(), "kid": key.kid(), "typ": "JWT" });
    overlay(&mut whole_header, &header);
    let mut whole = json!({ "sub": WORKLOAD, "aud": [AS], "iat": START, "exp": START + 300 });
    overlay(&mut whole, &claims);
    signed_jwt(key, &whole_header, &whole)
}

pub fn svid(claims: Value) -> String {
    svid_of(&authority(5), json!({}), claims)
}

/// The claims of the token.
pub fn ask_as(world: &World, presented: Presented, jti: &str) -> Result<Value, Refusal> {
    let request = TokenRequest::jwt_bearer(presented, &granted(jti), None, None).expect("short enough");
    claims_of_token(world, &request)
}

pub fn by_svid(client_id: &str, svid: &str) -> Presented {
    Presented::jwt_svid(Some(client_id), svid).expect("short enough")
}

pub fn outcome(world: &World, presented: Presented, jti: &str) -> Result<(), (Reason, ErrorCode)> {
    ask_as(world, presented, jti).map(drop).map_err(|refusal| (refusal.reason, refusal.code))
}

pub fn explain_svid(world: &World, client_id: Option<&str>, svid: &str) -> Explanation {
    let (service, spiffe) = (world.service(), ClientAssertionType::JwtSpiffe);
    run(service.explain_client(&default_organization(), spiffe, svid, client_id)).expect("explained")
}

/// The check that refuses first, and what it saw.
pub fn first_failure(explained: &Explanation) -> (&str, &str) {
    let failed = explained.checks.iter().find(|step| !step.passed).expect("one fails");
    assert_eq!(failed.reason, Some("client-assertion-refused"));
    (failed.check, &failed.saw)
}
