//! Revocation of all tokens of an application or an issuer, by an administrator (R112).

use asserta_core::client_auth::{Presented, PresentedBy};
use asserta_core::grants::TokenRequest;
use asserta_core::grants::token_exchange::{Parameters, TokenType};
use asserta_core::oauth::{GrantType, Reason};
use asserta_core::organization::OrganizationId;
use asserta_core::resource::{Guard, Introspection, Outcome, Request, Settings};
use asserta_core::service::RegistryError;
use asserta_core::tokens::RevocationRequest;
use serde_json::{Value, json};

use super::{API, Installation, claims_of, refused};
use crate::world::{START, World, assertion, issuer, jwks, key, run, secret};

/// R112: all that an application or an issuer got before a time; what it gets later is good.
#[test]
fn r112_all_of_an_application_or_an_issuer() {
    for by_issuer in [true, false] {
        let world = World::default();
        let installation = Installation::new(&world);
        let (client, other) = (installation.client(), installation.client());
        let elsewhere = world.service();
        let id = client.application.client_id().to_owned();
        let (old, of_other) = (installation.token_of(&client), installation.token_of(&other));
        // The other instance knows that nothing is revoked.
        assert_eq!(installation.look_up_at(&elsewhere, &client, &old).expect("answered")["active"], true);
        world.advance(10);
        let young = installation.token_of(&client);
        let whose = if by_issuer { json!({ "trusted_issuer": "idp" }) } else { json!({ "client_id": id }) };
        let mut document = whose.clone();
        document["issued_before"] = json!(START + 10);
        let made = installation.revoke_all(document.clone()).expect("revoked");
        assert_eq!((made.issued_before, made.expires_at), (START + 10, START + 10 + 86_400));
        assert_eq!(installation.last_event()["event"], "all-revoked");
        for service in [&installation.service, &elsewhere] {
            let is_active = |client, token| {
                installation.look_up_at(service, client, token).expect("answered")["active"] == true
            };
            assert!(!is_active(&client, &old) && is_active(&client, &young));
            assert_eq!(is_active(&other, &of_other), !by_issuer);
        }
        // No time: all of this second, too. An earlier time takes nothing back.
        let made = installation.revoke_all(whose).expect("revoked");
        assert_eq!(made.issued_before, START + 11);
        document["issued_before"] = json!(1);
        assert_eq!(installation.revoke_all(document).expect("known").issued_before, START + 11);
        assert!(!installation.is_active(&client, &young));
        assert_eq!(installation.listed(), [made]);
        world.advance(1);
        let newest = installation.token_of(&client);
        assert!(installation.is_active(&client, &newest));
    }
}

/// R92, R112: with all of an issuer fall the tokens with which its subjects act for others. Who acted before them is history.
#[test]
fn r112_who_acts_by_an_issuers_word() {
    let world = World::default();
    let installation = Installation::new(&world);
    let (registry, services) = (installation.service.registry(), "https://services.example");
    let consenting = issuer(json!({ "jwks": jwks(&[&key(1)]), "token_exchange": {} }));
    run(registry.put_trusted_issuer(&installation.organization, "idp", &consenting)).expect("put");
    let document = json!({
        "name": "services", "issuer": services, "jwks": jwks(&[&key(2)]), "token_exchange": {},
    });
    run(registry.create_trusted_issuer(&installation.organization, &issuer(document))).expect("trusted");
    let client = installation.register(json!({ "grant_types": [GrantType::TokenExchange.name()] }));
    let id = client.application.client_id();
    let exchanged = |claims: Value, actor: Option<&str>| {
        let subject = assertion(&key(1), START, claims);
        let jwt = Some(TokenType::Jwt.name());
        let parameters = Parameters {
            subject_token: Some(&subject),
            subject_token_type: jwt,
            actor_token: actor,
            actor_token_type: actor.and(jwt),
            ..Parameters::default()
        };
        let credentials = Presented::secret(id, secret(&client), PresentedBy::Basic);
        let request = TokenRequest::token_exchange(credentials, &parameters).expect("a request");
        run(installation.service.exchange(&installation.organization, &request)).expect("granted").token
    };
    let actor = assertion(&key(2), START, json!({ "iss": services, "sub": "orders" }));
    let acts = json!({ "sub": "orders", "iss": services });
    let by_actor = exchanged(json!({ "aud": id }), Some(&actor));
    let carried_over = exchanged(json!({ "aud": id, "act": acts }), None);
    let acted_before = exchanged(json!({ "aud": id, "act": { "sub": "x", "act": acts } }), None);
    let nobody = exchanged(json!({ "aud": id, "act": { "sub": "x" } }), None);
    installation.revoke_all(json!({ "trusted_issuer": "services" })).expect("revoked");
    for (token, is_active) in [(by_actor, false), (carried_over, false), (acted_before, true), (nobody, true)]
    {
        assert_eq!(installation.is_active(&client, &token), is_active, "{}", claims_of(&token));
    }
}

/// R112, R120: a guard that asks takes no token any more that was revoked, by its client or with all of an application, although
/// it has passed before.
#[test]
fn r112_a_guard_that_asks() {
    let world = World::default();
    let installation = Installation::new(&world);
    let client = installation.client();
    let claims = claims_of(&installation.token_of(&client));
    let issuer = claims["iss"].as_str().expect("an issuer");
    let settings = Settings::parse(issuer, API, "", None, true).expect("good settings");
    let mut guard = Guard::new(settings);
    let now = || installation.world.clock.0.get();
    let keys = run(installation.service.signing_keys().jwks(&installation.organization)).expect("keys");
    guard.supply_keys(Some(&keys), None, now());
    let mut reason = |token: &str| {
        let authorization = format!("Bearer {token}");
        let authorization: &[&str] = &[&authorization];
        let request = Request { method: "GET", target: "/", authorization, dpop: &[] };
        let outcome = guard.check(&request, Introspection::NotAsked, now());
        assert!(matches!(outcome, Outcome::IntrospectionNeeded(_)), "{outcome:?}");
        let told = installation.look_up(&client, token).expect("answered").to_string();
        match guard.check(&request, Introspection::Response(told.as_bytes()), now()) {
            Outcome::Passed(_) => None,
            Outcome::Challenge(challenge) => Some(challenge.reason.name()),
            other => panic!("{other:?}"),
        }
    };
    let (one, other) = (installation.token_of(&client), installation.token_of(&client));
    assert_eq!((reason(&one), reason(&other)), (None, None));
    installation.revoke(&client, &one).expect("revoked");
    assert_eq!((reason(&one), reason(&other)), (Some("not-active"), None));
    installation.revoke_all(json!({ "client_id": client.application.client_id() })).expect("revoked");
    assert_eq!(reason(&other), Some("not-active"));
    world.advance(1);
    assert_eq!(reason(&installation.token_of(&client)), None);
}

/// R112: it goes with the last token that it can concern.
#[test]
fn r112_it_expires() {
    let world = World::default();
    let installation = Installation::new(&world);
    let client = installation.register(json!({ "audience": API, "access_token_lifetime": 86_400 }));
    let token = installation.token_of(&client);
    installation.revoke_all(json!({ "client_id": client.application.client_id() })).expect("revoked");
    let records =
        || world.registry.entries.borrow().keys().filter(|key| key.starts_with("revocation/")).count();
    let tend = |hours: u64| {
        for _ in 0..hours {
            world.advance(3600);
            _ = installation.token_of(&client);
            run(installation.service.after_response()).expect("swept");
        }
    };
    tend(23);
    assert!(!installation.is_active(&client, &token));
    assert_eq!((installation.listed().len(), records()), (1, 1));
    tend(2);
    assert!(!installation.is_active(&client, &token), "it has expired");
    assert_eq!(installation.listed(), []);
    tend(48);
    assert_eq!(records(), 0);
}

/// R112: what can't be meant is refused with the member at fault.
#[test]
fn r112_refused() {
    let world = World::default();
    let installation = Installation::new(&world);
    for (document, field) in [
        (json!({}), "trusted_issuer"),
        (json!({ "trusted_issuer": "idp", "client_id": "a" }), "trusted_issuer"),
        (json!({ "trusted_issuer": "nobody" }), "trusted_issuer"),
        (json!({ "client_id": "not one!" }), "client_id"),
        (json!({ "client_id": "a", "issued_before": START + 61 }), "issued_before"),
        (json!({ "client_id": "a", "issued_before": u64::MAX }), "issued_before"),
    ] {
        match installation.revoke_all(document.clone()) {
            Err(RegistryError::Invalid(error)) => assert_eq!(error.field, field, "{document}"),
            other => panic!("{document}: {other:?}"),
        }
    }
    assert_eq!(installation.listed(), []);
    // Clocks differ a little, and who was removed can be meant.
    installation.revoke_all(json!({ "client_id": "gone", "issued_before": START + 60 })).expect("revoked");
    let nobody = OrganizationId::parse("nobody").expect("a name");
    let request: RevocationRequest = serde_json::from_value(json!({ "client_id": "a" })).expect("a request");
    let unknown = run(installation.service.revoke_all(&nobody, &request));
    assert_eq!(unknown, Err(RegistryError::OrganizationUnknown));
}

/// R70, R112: a revocation that was answered holds in every instance, wherever the store failed before.
#[test]
fn r112_wherever_the_store_fails() {
    for step in 0..60 {
        let world = World::default();
        let installation = Installation::new(&world);
        let client = installation.client();
        let elsewhere = world.service();
        let token = installation.token_of(&client);
        assert_eq!(installation.look_up_at(&elsewhere, &client, &token).expect("answered")["active"], true);
        world.registry.fails_after.set(Some(step));
        let whose = json!({ "client_id": client.application.client_id() });
        let made = installation.revoke_all(whose.clone());
        world.registry.fails_after.set(None);
        if made.is_err() {
            world.advance(20);
            installation.revoke_all(whose).expect("at the second time");
        }
        for service in [&installation.service, &elsewhere] {
            let told = installation.look_up_at(service, &client, &token).expect("answered");
            assert_eq!(told, json!({ "active": false }), "after {step} steps");
        }
    }
}

/// R74, R112: a revocation that can't be read refuses what it concerns, and nothing else.
#[test]
fn r74_r112_a_revocation_that_can_not_be_read() {
    let world = World::default();
    let installation = Installation::new(&world);
    let (client, other) = (installation.client(), installation.client());
    let (token, of_other) = (installation.token_of(&client), installation.token_of(&other));
    let whose = json!({ "client_id": client.application.client_id(), "issued_before": 1 });
    installation.revoke_all(whose.clone()).expect("revoked");
    let key = format!("revocation/default/client/{}", client.application.client_id());
    world.registry.entries.borrow_mut().insert(key, b"{".to_vec());
    assert_eq!(refused(installation.look_up(&client, &token)).0, Reason::StoreUnavailable);
    assert!(installation.is_active(&other, &of_other));
    // Made anew, it can be read.
    installation.revoke_all(whose).expect("revoked");
    assert!(installation.is_active(&client, &token));
}
