//! Clients that authenticate by key (R27), in place of a secret.

mod partner;

use asserta_exchanger::documents::{JWT_BEARER, NewApplication, TrustedIssuer};
use asserta_exchanger::{
    Error, ExchangeRequest, Exchanger, KeyDocument, KeyOwner, KeysNeeded, MemoryStore, Options,
    RegistryError, TokenRequest,
};
use serde_json::{Value, json};

use partner::{PUBLIC_URL, Partner, exchanger};

fn register(exchanger: &mut Exchanger<MemoryStore>, member: &str, keys: Value) -> NewApplication {
    let mut metadata = json!({"grant_types": [JWT_BEARER], "token_endpoint_auth_method": "private_key_jwt"});
    metadata[member] = keys;
    let made = exchanger.register_application("default", &metadata).expect("a good application");
    assert_eq!(made.client_secret, "", "it has no secret");
    made
}

#[test]
fn r27_a_key_in_place_of_a_secret() {
    let (partner, client) = (Partner::new(), Partner::new());
    let (mut exchanger, _) = exchanger(&partner, MemoryStore::default(), Options::new(PUBLIC_URL));
    let jwks: Value = serde_json::from_str(&client.jwks()).expect("JSON");
    let app = register(&mut exchanger, "jwks", jwks);
    let id = app.application.client_id.as_str();
    let (first, second) = (partner.assertion("1"), partner.assertion("2"));
    let once = client.signed(id, id, "1");
    assert!(exchanger.explain_client("default", &once, None).expect("explained").accepted);
    exchanger.exchange(&ExchangeRequest::by_key(&first, &once)).expect("granted");
    let Err(Error::Refused(refusal)) = exchanger.exchange(&ExchangeRequest::by_key(&second, &once)) else {
        panic!("R27: used before")
    };
    assert_eq!((&*refusal.code, &*refusal.reason), ("invalid_client", "client-assertion-refused"));
    assert!(refusal.cause.is_some_and(|cause| cause.contains("used before")));
    let fresh = client.signed(id, id, "2");
    let both =
        ExchangeRequest { client_assertion: Some(&fresh), ..ExchangeRequest::new(&second, id, "secret") };
    assert!(
        matches!(exchanger.exchange(&both), Err(Error::Invalid(invalid)) if invalid.field == "client_assertion")
    );
    exchanger.exchange(&ExchangeRequest::by_key(&second, &fresh)).expect("granted");
}

#[test]
fn r28_a_jwt_svid_in_place_of_a_secret() {
    let (partner, domain) = (Partner::new(), Partner::new());
    let (mut exchanger, _) = exchanger(&partner, MemoryStore::default(), Options::new(PUBLIC_URL));
    let spire = TrustedIssuer {
        name: "spire".into(),
        issuer: "https://oidc.example.org".into(),
        trust_domain: Some("prod.example.org".into()),
        ..domain.as_trusted_issuer()
    };
    exchanger.replace_trusted_issuer("default", &spire).expect("a good issuer");
    let workload = "spiffe://prod.example.org/orders";
    let metadata = json!({
        "grant_types": [JWT_BEARER], "token_endpoint_auth_method": "private_key_jwt",
        "client_assertion_issuer": "spire", "client_assertion_subject": workload,
    });
    let app = exchanger.register_application("default", &metadata).expect("a good application");
    let id = app.application.client_id.as_str();
    let svid = domain.svid(workload);
    assert!(exchanger.explain_svid("default", &svid, Some(id)).expect("explained").accepted);
    assert!(!exchanger.explain_client("default", &svid, Some(id)).expect("explained").accepted);
    let mut token = String::new();
    for jti in ["1", "2"] {
        let assertion = partner.assertion(jti);
        let issued = exchanger.exchange(&ExchangeRequest::by_svid(&assertion, id, &svid));
        token = issued.expect("granted, and again").token;
    }
    let assertion = partner.assertion("3");
    let as_another_type =
        ExchangeRequest { client_id: Some(id), ..ExchangeRequest::by_key(&assertion, &svid) };
    assert!(matches!(exchanger.exchange(&as_another_type), Err(Error::Refused(_))));
    assert!(exchanger.introspect(&TokenRequest::by_svid(&token, id, &svid)).expect("told").active);
}

#[test]
fn r27_r51_whose_keys_are_needed() {
    let (partner, client) = (Partner::new(), Partner::new());
    let (mut exchanger, _) = exchanger(&partner, MemoryStore::default(), Options::new(PUBLIC_URL));
    let app = register(&mut exchanger, "jwks_uri", "https://app.example/jwks".into());
    let id = app.application.client_id.as_str();
    let (assertion, signed) = (partner.assertion("1"), client.signed(id, id, "1"));
    let request = ExchangeRequest::by_key(&assertion, &signed);
    let Err(Error::KeysNeeded(needed)) = exchanger.exchange(&request) else { panic!("R51") };
    assert!(matches!(&needed.owner, KeyOwner::Application(owner) if owner == id));
    let document = KeyDocument { text: client.jwks(), max_age: None };
    assert_eq!(exchanger.supply_keys("default", &needed, &document).ok(), Some(1));
    exchanger.exchange(&request).expect("granted");
}

#[test]
fn what_went_wrong_is_said_in_words() {
    let said = |error: Error| error.to_string();
    let owner = KeyOwner::Application("orders".into());
    let needed = KeysNeeded { owner, kind: "jwks".into(), uri: "https://orders.example/keys".into() };
    let sentence = "the keys of the application orders are needed: https://orders.example/keys";
    assert_eq!(said(Error::KeysNeeded(needed)), sentence);
    let busy = "another registration of this organization is in progress";
    assert_eq!(said(Error::Registry(RegistryError::Busy)), busy);
    let unreadable = RegistryError::RecordUnreadable("organization/acme: is no JSON".into());
    assert_eq!(said(Error::Registry(unreadable)), "organization/acme: is no JSON");
}
