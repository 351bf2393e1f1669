//! What the policy is told.

use asserta_core::client_auth::{Client, Presented, PresentedBy};
use asserta_core::grants::TokenRequest;
use asserta_core::grants::token_exchange::Parameters;
use asserta_core::oauth::{ErrorCode, Reason};
use serde_json::json;

use super::{Guarded, claims_of};
use crate::world::{ISSUER, START, assertion, default_organization, key, run, secret};

/// R87: it knows what an engineer would ask for, and nothing that it could be tricked by: the claims are verified.
#[test]
fn r87_what_it_is_told() {
    let rules = json!([
        { "name": "other", "subjects": ["bob"] },
        { "name": "ci", "scopes": ["read", "write"], "access_token_lifetime": 600 },
    ]);
    let (guarded, client) = Guarded::of(
        json!({ "rules": rules }),
        json!({ "audience": ["https://a.example", "https://b.example"] }),
    );
    guarded.ask(&client, Some("read"), json!({ "hd": ["x", 1] })).expect("granted");
    let mut asked = guarded.asked();
    let claims = asked["claims"].take();
    assert_eq!(
        asked,
        json!({
            "organization": "default",
            "grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer",
            "client_id": client.application.client_id(),
            "has_client": true,
            "trusted_issuer": "idp",
            "rule": "ci",
            "subject": "alice",
            "actor": null,
            "claims": null,
            "scope": "read",
            "audience": ["https://a.example", "https://b.example"],
            "lifetime": 600,
            "now": START,
        })
    );
    assert_eq!((&claims["hd"], &claims["iss"]), (&json!(["x", 1]), &json!(ISSUER)));
}

/// R87, R92, R93: of a token exchange it knows who acts; what it refuses is `invalid_request`, and nothing is used up.
#[test]
fn r87_what_it_is_told_of_a_token_exchange() {
    let grant = "urn:ietf:params:oauth:grant-type:token-exchange";
    let exchange = json!({ "actor_claim": "azp", "allowed_actors": ["web"], "replay": "once" });
    let (guarded, client) =
        Guarded::of(json!({ "token_exchange": exchange }), json!({ "grant_types": [grant] }));
    let credentials =
        || Presented::secret(client.application.client_id(), secret(&client), PresentedBy::Basic);
    let subject = assertion(&key(1), START, json!({ "azp": "web", "act": { "sub": "first" } }));
    let actor = assertion(&key(1), START, json!({ "sub": "service", "jti": "a" }));
    let jwt = Some("urn:ietf:params:oauth:token-type:jwt");
    let parameters = Parameters {
        subject_token: Some(&subject),
        subject_token_type: jwt,
        actor_token: Some(&actor),
        actor_token_type: jwt,
        ..Parameters::default()
    };
    let ask = || {
        let request = TokenRequest::token_exchange(credentials(), &parameters).expect("short enough");
        run(guarded.service().exchange(&default_organization(), &request))
    };
    guarded.denies("not-this-actor");
    let refusal = ask().expect_err("refused");
    assert_eq!((refusal.reason, refusal.code), (Reason::PolicyDenied, ErrorCode::InvalidRequest));
    assert_eq!(guarded.marks(), 0);
    guarded.narrows(Some(&["read"]), Some(r#"{"team":"blue"}"#), Some(60));
    let token = claims_of(&ask().expect("granted"));
    assert_eq!((&token["scope"], &token["team"]), (&json!("read"), &json!("blue")));
    let asked = guarded.asked();
    let act = json!({ "sub": "service", "iss": ISSUER, "act": { "sub": "first" } });
    assert_eq!(
        (&asked["grant_type"], &asked["actor"], &asked["claims"]["azp"]),
        (&json!(grant), &act, &json!("web"))
    );
    assert_eq!(token["act"], act);
    guarded.narrows(None, Some(r#"{"act":{"sub":"another"}}"#), None);
    assert!(ask().is_err(), "the actor is not the policy's to name");
}

/// R29, R87: without a client the label stands for it.
#[test]
fn r87_what_it_is_told_without_a_client() {
    let rule = json!({ "name": "ci", "client": "none", "client_id": "job", "subjects": ["alice"], "scopes": ["deploy"] });
    let (guarded, _) = Guarded::of(json!({ "rules": [rule] }), json!({}));
    let text = assertion(&key(1), START, json!({}));
    let request = TokenRequest::jwt_bearer(Client::nothing(None), &text, None, None).expect("short enough");
    run(guarded.service().exchange(&default_organization(), &request)).expect("granted");
    let asked = guarded.asked();
    assert_eq!(
        [&asked["client_id"], &asked["has_client"], &asked["scope"], &asked["lifetime"]],
        [&json!("job"), &json!(false), &json!("deploy"), &json!(3600)]
    );
}
