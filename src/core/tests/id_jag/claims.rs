//! What an ID-JAG must say to be exchanged, once (R37).

use asserta_core::client_auth::Client;
use asserta_core::grants::TokenRequest;
use asserta_core::oauth::{ErrorCode, Reason};
use serde_json::{Value, json};

use super::{RESOURCE, Scene, TYP, put};
use crate::world::{default_organization, run};

/// R37: it is exchanged, and works once; for the application's audience where it names no resource.
#[test]
fn r37_it_is_exchanged_once() {
    let scene = Scene::new(json!({}));
    let id_jag = scene.id_jag(Some(TYP), json!({}));
    let token = scene.ask(&id_jag, None, &[]).expect("granted");
    assert_eq!([&token["sub"], &token["scope"], &token["told"]], ["alice", "read write", "read write"]);
    assert_eq!(token["client_id"], scene.client_id());
    assert_eq!(token["aud"], json!([RESOURCE, "https://other.example"]));
    assert_eq!(token.get("act"), None);
    assert_eq!(scene.ask(&id_jag, None, &[]).expect_err("used").reason, Reason::Replayed);
}

/// R37: once, also of a record that says otherwise, as no registration may.
#[test]
fn r37_once_whatever_the_record_says() {
    let scene = Scene::new(json!({}));
    let key = "trusted-issuer/default/idp";
    let record = scene.world.registry.entries.borrow()[key].clone();
    let mut record: Value = serde_json::from_slice(&record).expect("JSON");
    record["replay"] = "allow".into();
    scene.world.registry.entries.borrow_mut().insert(key.into(), record.to_string().into_bytes());
    let id_jag = scene.id_jag(Some(TYP), json!({}));
    let asked = [scene.ask(&id_jag, None, &[]), scene.ask(&id_jag, None, &[])];
    assert!(asked.iter().filter(|asked| asked.is_ok()).count() <= 1);
}

/// R34, R35, R37: an issuer of ID-JAGs has nothing else accepted, and nobody else's are.
#[test]
fn r37_typ() {
    let scene = Scene::new(json!({}));
    for (typ, passes) in [
        (Some("Application/OAuth-ID-JAG+JWT"), true),
        (None, false),
        (Some("JWT"), false),
        (Some("at+jwt"), false),
        (Some("oauth-id-jag"), false),
        (Some("oauth-id-jag+jwt;x=1"), false),
    ] {
        let asked = scene.ask(&scene.id_jag(typ, json!({})), None, &[]);
        let verdict = asked.as_ref().map(drop).map_err(|refusal| refusal.reason);
        assert_eq!(verdict, if passes { Ok(()) } else { Err(Reason::TypeNotAllowed) }, "{typ:?}");
    }
    let ordinary = Scene::new(json!({ "profile": "jwt-bearer" }));
    assert_eq!(ordinary.refused(json!({})), Reason::TypeNotAllowed);
    assert!(ordinary.ask(&ordinary.id_jag(None, json!({})), None, &[]).is_ok());
}

/// R37: `aud` is our issuer identifier alone.
#[test]
fn r37_audience() {
    let scene = Scene::new(json!({}));
    let us = "https://as.example";
    assert!(scene.exchange(json!({ "aud": [us] }), None, &[]).is_ok());
    for aud in [
        json!([us, us]),
        json!([us, "https://other.example"]),
        json!("https://as.example/"),
        json!("https://as.example/oauth2/token"),
        json!(["https://as.example/oauth2/token"]),
        json!(RESOURCE),
    ] {
        assert_eq!(scene.refused(json!({ "aud": aud })), Reason::AudienceMismatch, "{aud}");
    }
    assert_eq!(scene.refused(json!({ "aud": [] })), Reason::AudienceInvalid);
}

/// R37: what must be there, and for whom it is.
#[test]
fn r37_claims() {
    let scene = Scene::new(json!({}));
    for (claims, reason) in [
        (json!({ "jti": null }), Reason::JwtIdInvalid),
        (json!({ "iat": null }), Reason::IssuedAtInvalid),
        (json!({ "exp": null }), Reason::ExpiryInvalid),
        (json!({ "sub": null }), Reason::SubjectInvalid),
        (json!({ "client_id": null }), Reason::OtherClient),
        (json!({ "client_id": "other" }), Reason::OtherClient),
        (json!({ "client_id": "" }), Reason::OtherClient),
        (json!({ "client_id": [scene.client_id()] }), Reason::OtherClient),
        (json!({ "cnf": { "jkt": "x" } }), Reason::AssertionBound),
        (json!({ "authorization_details": [] }), Reason::AuthorizationInvalid),
        (json!({ "authorization_details": [{ "type": "x" }] }), Reason::AuthorizationInvalid),
    ] {
        assert_eq!(scene.refused(claims.clone()), reason, "{claims}");
        assert_eq!(reason.code(), ErrorCode::InvalidGrant);
    }
}

/// R29, R37: a client authenticates, whatever other issuers allow.
#[test]
fn r37_never_without_a_client() {
    let scene = Scene::new(json!({}));
    let rule = json!({ "name": "ci", "client": "none", "client_id": "ci", "subjects": ["alice"], "scopes": ["read"] });
    let other =
        json!({ "name": "ci", "issuer": "https://ci.example", "profile": "jwt-bearer", "rules": [rule] });
    put(&scene.world, other).expect("registered");
    for client_id in [None, Some("ci"), Some(scene.client_id())] {
        let id_jag = scene.id_jag(Some(TYP), json!({ "client_id": client_id.unwrap_or("ci") }));
        let request =
            TokenRequest::jwt_bearer(Client::nothing(client_id), &id_jag, None, None).expect("short enough");
        let refusal =
            run(scene.world.service().exchange(&default_organization(), &request)).expect_err("refused");
        assert_eq!(refusal.reason, Reason::IssuerUnknown, "{client_id:?}");
    }
}
