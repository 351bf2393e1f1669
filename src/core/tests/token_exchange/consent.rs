//! Whose tokens are exchanged, and for whom: the word of the issuer, and whom the token means.

use asserta_core::grants::TokenRequest;
use asserta_core::json::{self, JsonError};
use asserta_core::oauth::{ErrorCode, GrantType, Reason};
use asserta_core::trust::{Issuer, TrustedIssuer};
use serde_json::{Value, json};

use super::{OTHER, Scene, actor};
use crate::world::{ISSUER, START, assertion, default_organization, issuer, jwks, key, run};

#[test]
fn r90_a_token_for_the_client_is_exchanged() {
    let scene = Scene::with(json!({}));
    let token = scene.verdict(&scene.subject(json!({})), None).expect("granted");
    assert_eq!([&token["sub"], &token["assertion_issuer"]], ["alice", ISSUER]);
    assert_eq!(token["client_id"], scene.client_id());
    assert!(token.get("act").is_none() && token.get("may_act").is_none());
    // With others beside the client, too.
    let several = scene.subject(json!({ "aud": ["https://as.example", scene.client_id()] }));
    assert!(scene.exchange(&several).is_ok());
}

#[test]
fn r90_without_the_issuers_word_nothing_is_exchanged() {
    let scene = Scene::new(json!({ "token_exchange": null }), json!({}));
    assert_eq!(scene.verdict(&scene.subject(json!({})), None), Err(Reason::ExchangeNotAllowed));
    // A disabled issuer is as good as unknown.
    let scene = Scene::new(json!({ "enabled": false }), json!({}));
    let refusal = scene.exchange(&scene.subject(json!({}))).expect_err("refused");
    assert_eq!((refusal.reason, refusal.code), (Reason::IssuerUnknown, ErrorCode::InvalidRequest));
}

#[test]
fn r24_the_application_needs_the_grant() {
    let scene = Scene::new(json!({}), json!({ "grant_types": [GrantType::JwtBearer.name()] }));
    let refusal = scene.exchange(&scene.subject(json!({}))).expect_err("refused");
    assert_eq!((refusal.reason, refusal.code), (Reason::GrantNotAllowed, ErrorCode::UnauthorizedClient));
    // And the other way round.
    let scene = Scene::with(json!({}));
    let request = TokenRequest::jwt_bearer(scene.credentials(), &scene.subject(json!({})), None, None);
    let refusal = run(scene.service().exchange(&default_organization(), &request.expect("small")));
    assert_eq!(refusal.expect_err("refused").reason, Reason::GrantNotAllowed);
}

#[test]
fn r91_nobody_meant_the_client() {
    let scene =
        Scene::with(json!({ "allow_may_act": true, "actor_claim": "azp", "allowed_actors": ["web"] }));
    for claims in [
        json!({ "aud": "https://as.example" }),
        json!({ "aud": "https://as.example", "azp": "mobile" }),
        json!({ "aud": "https://as.example", "azp": ["web"] }),
        json!({ "aud": "https://as.example", "azp": "web2" }),
        json!({ "aud": "https://as.example", "may_act": { "sub": "somebody" } }),
        json!({ "aud": "https://as.example", "may_act": {} }),
        json!({ "aud": "https://as.example", "may_act": "service" }),
    ] {
        let refused = scene.verdict(&scene.subject(claims.clone()), None);
        assert_eq!(refused, Err(Reason::ConsentMissing), "{claims}");
    }
    // For somebody else altogether.
    let refused = scene.verdict(&scene.subject(json!({ "aud": "another-client" })), None);
    assert_eq!(refused, Err(Reason::AudienceMismatch));
}

#[test]
fn r91_the_issuers_claim_names_who_got_it() {
    let us = json!({ "aud": "https://as.example" });
    let scene = Scene::with(json!({ "actor_claim": "azp", "allowed_actors": ["web", "mobile"] }));
    for azp in ["web", "mobile"] {
        let mut claims = us.clone();
        claims["azp"] = azp.into();
        assert!(scene.verdict(&scene.subject(claims), None).is_ok(), "{azp}");
    }
    let scene = Scene::with(json!({ "actor_claim": "/client/id", "allowed_actors": ["web"] }));
    let mut claims = us;
    claims["client"] = json!({ "id": "web" });
    assert!(scene.verdict(&scene.subject(claims), None).is_ok());
}

#[test]
fn r91_may_act() {
    let scene = Scene::with(json!({ "allow_may_act": true }));
    let id = scene.client_id().to_owned();
    let subject = |may_act: &Value| scene.subject(json!({ "aud": "https://as.example", "may_act": may_act }));
    // Of the client.
    for (may_act, is_good) in [
        (json!({ "client_id": id }), true),
        (json!({ "client_id": id, "iss": "https://as.example" }), true),
        (json!({ "sub": id }), true),
        (json!({ "sub": id, "iss": "https://as.example" }), true),
        (json!({ "sub": id, "client_id": id }), true),
        (json!({ "sub": id, "iss": ISSUER }), false),
        (json!({ "client_id": id, "iss": ISSUER }), false),
        (json!({ "client_id": "another" }), false),
        (json!({ "client_id": "another", "sub": id }), false),
        (json!({ "client_id": [id] }), false),
        (json!({ "sub": id, "iss": null }), false),
        (json!({ "client_id": null, "sub": id }), false),
    ] {
        let verdict = scene.verdict(&subject(&may_act), None).map(drop);
        let wanted = if is_good { Ok(()) } else { Err(Reason::ConsentMissing) };
        assert_eq!(verdict, wanted, "{may_act}");
    }
    // Of the actor: without an `iss` it is one of the subject token's own issuer.
    let own = assertion(&key(1), START, json!({ "sub": "service", "jti": "own" }));
    for (may_act, token, is_good) in [
        (json!({ "sub": "service", "iss": OTHER }), actor(json!({})), true),
        (json!({ "sub": "service" }), own.clone(), true),
        (json!({ "sub": "service", "iss": ISSUER }), own.clone(), true),
        (json!({ "sub": "service", "iss": OTHER, "client_id": id }), actor(json!({})), true),
        (json!({ "sub": "service" }), actor(json!({})), false),
        (json!({ "sub": "service", "iss": OTHER }), own, false),
        (json!({ "sub": "another", "iss": OTHER }), actor(json!({})), false),
        (json!({ "sub": "service", "iss": OTHER, "client_id": "another" }), actor(json!({})), false),
        // The client, whom it names, does not bring another actor along.
        (json!({ "client_id": id }), actor(json!({})), false),
        (json!({ "sub": id }), actor(json!({})), false),
        (json!({ "sub": id, "iss": "https://as.example" }), actor(json!({})), false),
        (json!({ "sub": id, "client_id": id }), actor(json!({})), false),
        (json!({ "sub": "another", "iss": OTHER, "client_id": id }), actor(json!({})), false),
    ] {
        let verdict = scene.verdict(&subject(&may_act), Some(&token)).map(drop);
        let wanted = if is_good { Ok(()) } else { Err(Reason::ConsentMissing) };
        assert_eq!(verdict, wanted, "{may_act}");
    }
    // Whom it names is meant, whoever the token is for.
    let for_client = json!({ "aud": id, "may_act": { "client_id": "another" } });
    assert_eq!(scene.verdict(&scene.subject(for_client.clone()), None), Err(Reason::ConsentMissing));
    // Where the issuer's word does not count for that, it says nothing.
    let deaf = Scene::with(json!({}));
    assert!(deaf.verdict(&deaf.subject(json!({ "may_act": { "client_id": "another" } })), None).is_ok());
    let scene = Scene::with(json!({}));
    let claims = json!({ "aud": "https://as.example", "may_act": { "client_id": scene.client_id() } });
    assert_eq!(scene.verdict(&scene.subject(claims), None), Err(Reason::ConsentMissing));
}

/// R91: the members of a registration.
#[test]
fn r91_registration() {
    let parse = |exchange: Value| {
        let document = issuer(json!({ "jwks": jwks(&[&key(1)]), "token_exchange": exchange }));
        Issuer::parse(document, false).map(drop).map_err(|error| error.field)
    };
    assert_eq!(parse(json!({})), Ok(()));
    assert_eq!(parse(json!({ "actor_claim": "azp", "allowed_actors": ["web"], "replay": "once" })), Ok(()));
    let (claim, actors) = ("token_exchange.actor_claim", "token_exchange.allowed_actors");
    let many: Vec<String> = (0..101).map(|number| format!("a{number}")).collect();
    for (exchange, field) in [
        (json!({ "actor_claim": "azp" }), claim),
        (json!({ "actor_claim": "azp", "allowed_actors": [] }), claim),
        (json!({ "actor_claim": "", "allowed_actors": ["a"] }), claim),
        (json!({ "actor_claim": "/a~2", "allowed_actors": ["a"] }), claim),
        (json!({ "allowed_actors": ["a"] }), actors),
        (json!({ "actor_claim": "azp", "allowed_actors": [""] }), actors),
        (json!({ "actor_claim": "azp", "allowed_actors": many }), actors),
    ] {
        assert_eq!(parse(exchange.clone()), Err(field.into()), "{exchange}");
    }
    for (exchange, path) in [
        (json!({ "actors": 1 }), "token_exchange.actors"),
        (json!({ "replay": "twice" }), "token_exchange.replay"),
        (json!({ "allow_may_act": "yes" }), "token_exchange.allow_may_act"),
        (json!({ "allowed_actors": "a" }), "token_exchange.allowed_actors"),
    ] {
        let document = json!({ "name": "idp", "issuer": ISSUER, "token_exchange": exchange }).to_string();
        match json::from_slice::<TrustedIssuer>(document.as_bytes()) {
            Err(JsonError::Member { path: found, .. }) => assert_eq!(found, path),
            other => panic!("{path}: {other:?}"),
        }
    }
}
