//! What becomes of a token after it was issued: introspection and revocation.

mod partner;

use asserta_exchanger::{Error, ExchangeRequest, Exchanger, MemoryStore, Options, Page, TokenRequest};
use serde_json::json;

use partner::{PUBLIC_URL, Partner, exchanger};

/// R110, R111: revoked in one instance, it is inactive in the other one.
#[test]
fn r110_r111_a_token_is_looked_up_and_revoked() {
    let (partner, store) = (Partner::new(), MemoryStore::default());
    let (mut exchanger, app) = exchanger(&partner, store.clone(), Options::new(PUBLIC_URL));
    let mut elsewhere = Exchanger::new(store, Options::new(PUBLIC_URL)).expect("it starts");
    let (id, secret) = (app.application.client_id.as_str(), app.client_secret.as_str());
    let assertion = partner.assertion("one");
    let token = exchanger.exchange(&ExchangeRequest::new(&assertion, id, secret)).expect("granted").token;

    let request = TokenRequest::new(&token, id, secret);
    let told = elsewhere.introspect(&request).expect("answered");
    assert!(told.active);
    assert_eq!((&told.claims["client_id"], &told.claims["token_type"]), (&json!(id), &json!("Bearer")));

    let other = exchanger.register_application("default", &json!({})).expect("registered");
    let others = TokenRequest::new(&token, &other.application.client_id, &other.client_secret);
    assert!(!exchanger.introspect(&others).expect("answered").active);
    let Err(Error::Refused(refusal)) = exchanger.revoke(&others) else { panic!("R111") };
    assert_eq!((&*refusal.code, &*refusal.reason), ("unauthorized_client", "token-of-other-client"));
    let Err(Error::Refused(refusal)) = exchanger.introspect(&TokenRequest::new(&token, id, "wrong")) else {
        panic!("R110")
    };
    assert_eq!(refusal.code, "invalid_client");

    exchanger.revoke(&request).expect("revoked");
    exchanger.revoke(&TokenRequest { token: "unknown", ..request.clone() }).expect("no error");
    let told = elsewhere.introspect(&request).expect("answered");
    assert!(!told.active && told.claims.is_empty());
}

/// R112: all that an application got, in every instance.
#[test]
fn r112_all_of_an_application() {
    let (partner, store) = (Partner::new(), MemoryStore::default());
    let (mut exchanger, app) = exchanger(&partner, store, Options::new(PUBLIC_URL));
    let (id, secret) = (app.application.client_id.as_str(), app.client_secret.as_str());
    let assertion = partner.assertion("one");
    let token = exchanger.exchange(&ExchangeRequest::new(&assertion, id, secret)).expect("granted").token;
    let made = exchanger.revoke_all("default", &json!({ "client_id": id })).expect("revoked");
    assert_eq!(made.expires_at, made.issued_before + 86_400);
    assert!(!exchanger.introspect(&TokenRequest::new(&token, id, secret)).expect("answered").active);
    assert_eq!(exchanger.revocations("default", &Page::first()).expect("listed").items, [made]);
    let Err(Error::Invalid(error)) = exchanger.revoke_all("default", &json!({})) else { panic!("R112") };
    assert_eq!(error.field, "trusted_issuer");
}
