//! Who acts: what the actor's token must be, and what its issuer's policy says.

use asserta_core::oauth::{ErrorCode, Reason};
use serde_json::{Value, json};

use super::{OTHER, Scene, actor, overlay, typed};
use crate::world::{START, default_organization, issuer, jwks, key, run};

#[test]
fn r92_who_acts() {
    let scene = Scene::with(json!({}));
    let nested = |depth: usize| {
        (1..depth).fold(json!({ "sub": "one" }), |act, _| json!({ "sub": "next", "act": act }))
    };
    let named = json!({ "sub": "service", "iss": OTHER });
    let token = scene.verdict(&scene.subject(json!({})), Some(&actor(json!({})))).expect("granted");
    assert_eq!(token["act"], named);
    assert_eq!(token["sub"], "alice");
    for before in 1..=3 {
        let subject = scene.subject(json!({ "act": nested(before) }));
        let token = scene.verdict(&subject, Some(&actor(json!({})))).expect("granted");
        assert_eq!(token["act"], json!({ "sub": "service", "iss": OTHER, "act": nested(before) }));
    }
    // Without an actor token those before stay.
    let token = scene.verdict(&scene.subject(json!({ "act": nested(4) })), None).expect("granted");
    assert_eq!(token["act"], nested(4));
    let four = scene.subject(json!({ "act": nested(4) }));
    assert_eq!(scene.verdict(&four, Some(&actor(json!({})))), Err(Reason::ActorInvalid));
    for bad in [
        nested(5),
        json!("service"),
        json!([]),
        json!(7),
        json!({ "sub": "x", "act": null }),
        json!({ "sub": "x", "act": "y" }),
        json!({ "sub": "x", "level": 1e20 }),
    ] {
        let refusal = scene.exchange(&scene.subject(json!({ "act": bad }))).expect_err("refused");
        assert_eq!(
            (refusal.reason, refusal.code),
            (Reason::ActorInvalid, ErrorCode::InvalidRequest),
            "{bad}"
        );
    }
}

#[test]
fn r93_a_bad_actor_token() {
    let scene = Scene::with(json!({}));
    let subject = scene.subject(json!({}));
    let rest = json!({ "iss": OTHER, "sub": "service", "aud": "https://as.example", "exp": START + 60 });
    for (token, cause) in [
        ("no-jwt".to_owned(), Reason::AssertionMalformed),
        (actor(json!({ "iss": "https://unknown.example" })), Reason::IssuerUnknown),
        (actor(json!({ "aud": "https://elsewhere.example" })), Reason::AudienceMismatch),
        (actor(json!({ "exp": START - 600 })), Reason::Expired),
        (actor(json!({ "sub": "" })), Reason::SubjectInvalid),
        (typed(&key(2), "at+jwt", &rest), Reason::TypeNotAllowed),
        (typed(&key(3), "JWT", &rest), Reason::KeyUnknown),
    ] {
        let refusal = scene.exchange_for(&subject, &token).expect_err("refused");
        assert_eq!(refusal.reason, Reason::ActorTokenRefused);
        assert_eq!(refusal.code, ErrorCode::InvalidRequest);
        assert_eq!(refusal.cause.as_deref(), Some(cause.sentence()));
        assert_eq!(scene.verdict(&subject, Some(&token)), Err(Reason::ActorTokenRefused));
    }
    // R36: whatever proof there is.
    let refusal = scene.exchange_for(&subject, &actor(json!({ "cnf": { "jkt": "x" } }))).expect_err("bound");
    assert_eq!(refusal.reason, Reason::ActorTokenRefused);
    assert!(refusal.cause.is_some_and(|cause| cause.contains("cnf") && !cause.contains("proof")));
    assert!(scene.exchange_for(&subject, &actor(json!({ "aud": scene.client_id() }))).is_ok());
    assert!(scene.exchange_for(&subject, &actor(json!({}))).is_ok(), "it is not used up");
    assert!(scene.exchange_for(&subject, &actor(json!({}))).is_ok());
}

/// R93: an issuer speaks for actors no more than for subjects.
#[test]
fn r93_the_actors_issuer_has_a_policy() {
    let scene = Scene::with(json!({}));
    let (subject, token) = (scene.subject(json!({})), actor(json!({ "team": "blue" })));
    let other = |members: Value| {
        let mut document =
            json!({ "name": "other", "issuer": OTHER, "jwks": jwks(&[&key(2)]), "token_exchange": {} });
        overlay(&mut document, &members);
        run(scene.service().registry().put_trusted_issuer(
            &default_organization(),
            "other",
            &issuer(document),
        ))
        .expect("replaced");
        scene.verdict(&subject, Some(&token)).map(drop)
    };
    let blue = json!([{ "claim": "team", "equals": "blue" }]);
    let red = json!([{ "claim": "team", "equals": "red" }]);
    assert_eq!(other(json!({ "subjects": ["service"], "claims": blue })), Ok(()));
    assert_eq!(other(json!({ "rules": [{ "name": "blue", "claims": blue }] })), Ok(()));
    // What it could be exchanged for does not matter.
    assert_eq!(other(json!({ "scopes": ["nothing"] })), Ok(()));
    for refused in [
        json!({ "subjects": ["another"] }),
        json!({ "claims": red }),
        json!({ "rules": [{ "name": "red", "claims": red }] }),
        json!({ "rules": [{ "name": "blue", "claims": blue, "mode": "audit" }] }),
        json!({ "enabled": false }),
        json!({ "token_exchange": null }),
        json!({ "max_lifetime": 60 }),
    ] {
        assert_eq!(other(refused.clone()), Err(Reason::ActorTokenRefused), "{refused}");
    }
}
