//! Token exchange (R90 to R93): another issuer's token in, an access token out.

mod partner;

use asserta_exchanger::documents::TOKEN_EXCHANGE;
use asserta_exchanger::{
    ACCESS_TOKEN, Error, Exchanger, ID_TOKEN, KeyDocument, MemoryStore, Options, TokenExchangeRequest,
};
use serde_json::json;

use partner::{PUBLIC_URL, Partner, exchanger};

/// An exchanger whose issuer lets the client `app` exchange tokens that name it in `sub`, and the client's secret.
fn exchanging(partner: &Partner) -> (Exchanger<MemoryStore>, String, String) {
    let (mut exchanger, _) = exchanger(partner, MemoryStore::default(), Options::new(PUBLIC_URL));
    let mut issuer = serde_json::to_value(partner.as_trusted_issuer()).expect("a document");
    // The partner's tokens have no other claim that could say it.
    issuer["token_exchange"] = json!({"actor_claim": "sub", "allowed_actors": ["alice"]});
    exchanger.replace_trusted_issuer("default", &issuer).expect("a good issuer");
    let metadata =
        json!({"grant_types": [TOKEN_EXCHANGE], "scope": "read", "audience": ["orders", "billing"]});
    let made = exchanger.register_application("default", &metadata).expect("a good application");
    (exchanger, made.application.client_id, made.client_secret)
}

fn reason(outcome: Result<asserta_exchanger::AccessToken, Error>) -> (String, String) {
    match outcome {
        Err(Error::Refused(refusal)) => (refusal.code, refusal.reason),
        other => panic!("{other:?}"),
    }
}

#[test]
fn r90_r92_a_token_and_who_acts() {
    let partner = Partner::new();
    let (mut exchanger, id, secret) = exchanging(&partner);
    let (subject, actor) =
        (partner.assertion("1"), partner.signed("https://partner.example", "service", "2"));
    let plain = TokenExchangeRequest::new(&subject, &id, &secret);
    let request = TokenExchangeRequest { actor_token: Some(&actor), audience: &["orders"], ..plain.clone() };
    let token = exchanger.exchange_token(&request).expect("granted");
    assert_eq!(token.issued_token_type.as_deref(), Some(ACCESS_TOKEN));
    assert!(exchanger.explain_token(&request).expect("explained").accepted);
    exchanger.exchange_token(&plain).expect("it is not used up");
}

/// R51: whatever call needs keys, they are fetched for it.
#[test]
fn r51_keys_are_fetched() {
    let partner = Partner::new();
    let (mut exchanger, id, secret) = exchanging(&partner);
    let mut issuer = serde_json::to_value(partner.with_endpoint()).expect("a document");
    issuer["token_exchange"] = json!({"actor_claim": "sub", "allowed_actors": ["alice"]});
    exchanger.replace_trusted_issuer("default", &issuer).expect("a good issuer");
    let subject = partner.assertion("1");
    let request = TokenExchangeRequest::new(&subject, &id, &secret);
    let mut fetched = Vec::new();
    let fetch = |uri: &str| {
        fetched.push(uri.to_owned());
        Ok::<_, std::io::Error>(KeyDocument { text: partner.jwks(), max_age: None })
    };
    let token = exchanger.fetching("default", fetch, |exchanger| exchanger.exchange_token(&request));
    token.expect("granted");
    assert_eq!(fetched, ["https://partner.example/jwks"]);
}

/// RFC 8693 section 2.1.
#[test]
fn r90_what_is_wanted_is_an_access_token() {
    let partner = Partner::new();
    let (mut exchanger, id, secret) = exchanging(&partner);
    let subject = partner.assertion("1");
    let plain = TokenExchangeRequest::new(&subject, &id, &secret);
    let good = TokenExchangeRequest { requested_token_type: Some(ACCESS_TOKEN), ..plain.clone() };
    exchanger.exchange_token(&good).expect("granted");
    let other = TokenExchangeRequest { requested_token_type: Some(ID_TOKEN), ..plain };
    assert_eq!(reason(exchanger.exchange_token(&other)).1, "token-type-unsupported");
    assert!(!exchanger.explain_token(&other).expect("explained").accepted);
}

#[test]
fn r91_r93_refusals() {
    let partner = Partner::new();
    let (mut exchanger, id, secret) = exchanging(&partner);
    let (subject, other) = (partner.assertion("1"), partner.signed("https://partner.example", "bob", "2"));
    let request = TokenExchangeRequest::new(&other, &id, &secret);
    let (code, why) = reason(exchanger.exchange_token(&request));
    assert_eq!((&*code, &*why), ("invalid_request", "consent-missing"));
    assert!(!exchanger.explain_token(&request).expect("explained").accepted);
    let good = TokenExchangeRequest::new(&subject, &id, &secret);
    let elsewhere = TokenExchangeRequest { audience: &["elsewhere"], ..good.clone() };
    assert_eq!(reason(exchanger.exchange_token(&elsewhere)).0, "invalid_target");
    let opaque = TokenExchangeRequest { subject_token_type: ACCESS_TOKEN, ..good.clone() };
    assert_eq!(reason(exchanger.exchange_token(&opaque)).1, "token-type-unsupported");
    let nobody = TokenExchangeRequest { client_id: None, client_secret: None, ..good };
    assert_eq!(reason(exchanger.exchange_token(&nobody)).0, "invalid_client");
}
