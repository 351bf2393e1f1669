//! What introspection tells, and whom (R110).

use asserta_core::client_auth::{Presented, PresentedBy};
use asserta_core::grants::TokenQuestion;
use asserta_core::jose::base64url;
use asserta_core::jose::key::{SigningAlgorithm, SigningKey};
use asserta_core::oauth::{ErrorCode, Reason};
use asserta_core::organization::OrganizationId;
use serde_json::{Value, json};

use super::{API, Installation, claims_of, refused};
use crate::world::{START, World, assertion, jwks, key, run, secret};

/// The token with this header and these claims over its own, signed by a key of somebody else, under the same `kid`.
fn forged(token: &str, header: &Value, claims: &Value, key: &SigningKey) -> String {
    let part = |index: usize, over: &Value| {
        let text = token.split('.').nth(index).and_then(|text| base64url::decode(text).ok()).expect("a part");
        let mut whole: Value = serde_json::from_slice(&text).expect("JSON");
        for (name, value) in over.as_object().expect("an object") {
            whole[name] = value.clone();
        }
        base64url::encode(whole.to_string().as_bytes())
    };
    let input = format!("{}.{}", part(0, header), part(1, claims));
    let signature = base64url::encode(&key.sign(input.as_bytes(), &[0; 32]));
    format!("{input}.{signature}")
}

/// R110: what is told of a token to the client that has it and to a resource that it is for; to others nothing.
#[test]
fn r110_told_to_whom_it_concerns() {
    let world = World::default();
    let installation = Installation::new(&world);
    let client = installation.client();
    let resource =
        installation.register(json!({ "grant_types": [], "audience": [API, "https://other.example"] }));
    let stranger = installation.register(json!({ "audience": "https://third.example" }));
    let without_audience = installation.register(json!({}));
    let token = installation.token_of(&client);
    let claims = claims_of(&token);
    let expected = json!({
        "active": true, "iss": "https://as.example", "sub": "alice", "aud": API,
        "client_id": client.application.client_id(), "scope": "read write",
        "iat": START, "exp": START + 3600, "jti": claims["jti"], "token_type": "Bearer",
    });
    assert_eq!(installation.look_up(&client, &token), Ok(expected.clone()));
    assert_eq!(installation.look_up(&resource, &token), Ok(expected));
    for other in [&stranger, &without_audience] {
        assert!(!installation.is_active(other, &token));
        assert_eq!(installation.last_event()["cause"], "of-other-client");
    }
    // A token for our own issuer is nobody's but its client's.
    let own = installation.token_of(&without_audience);
    assert!(installation.is_active(&without_audience, &own));
    assert!(!installation.is_active(&client, &own));
}

/// R110: whatever is no valid token of ours is not active, and nobody is told why.
#[test]
fn r110_never_active() {
    let world = World::default();
    let installation = Installation::new(&world);
    let client = installation.client();
    let token = installation.token_of(&client);
    let (head, signature) = token.rsplit_once('.').expect("dots");
    let of_issuer = assertion(&key(1), START, json!({}));
    let same_kid = SigningKey::generate(SigningAlgorithm::Es256, &[9; 32]);
    for (bad, why) in [
        (String::new(), "malformed"),
        ("abc".to_owned(), "malformed"),
        (format!("{token} "), "malformed"),
        (format!("{head}."), "malformed"),
        (of_issuer, "of-other-type"),
        (forged(&token, &json!({ "typ": "JWT" }), &json!({}), &same_kid), "of-other-type"),
        (forged(&token, &json!({ "typ": "AT+JWT" }), &json!({}), &same_kid), "of-other-type"),
        (forged(&token, &json!({}), &json!({ "exp": START + 9999 }), &same_kid), "foreign"),
        (forged(&token, &json!({ "kid": "unknown" }), &json!({}), &same_kid), "foreign"),
        (forged(&token, &json!({ "alg": "EdDSA" }), &json!({}), &key(1)), "foreign"),
        (format!("{head}.{}", signature.chars().rev().collect::<String>()), ""),
    ] {
        assert!(!installation.is_active(&client, &bad), "{bad}");
        let event = installation.last_event();
        assert!(why.is_empty() || event["cause"] == why, "{bad}: {event}");
        assert_eq!((&event["event"], &event["outcome"]), (&json!("introspection"), &json!("inactive")));
    }
    world.advance(3599);
    assert!(installation.is_active(&client, &token));
    world.advance(1);
    assert!(!installation.is_active(&client, &token), "it has expired, to the second");
    assert_eq!(installation.last_event()["cause"], "expired");
}

/// R110: a key that no longer signs is still ours (R73); a token of another organization is not ours there.
#[test]
fn r110_our_keys_and_our_organization() {
    let world = World::default();
    let installation = Installation::new(&world);
    let client = installation.client();
    let token = installation.token_of(&client);
    run(installation.service.signing_keys().rotate(&installation.organization)).expect("rotated");
    world.advance(601);
    let newer = installation.token_of(&client);
    assert_ne!(token.split('.').next(), newer.split('.').next(), "another kid");
    for token in [&token, &newer] {
        assert!(installation.is_active(&client, token));
    }
    let acme = OrganizationId::parse("acme").expect("a name");
    run(installation.service.registry().put_organization(&acme, None)).expect("new");
    let other = Installation { world: &world, service: world.service(), organization: acme };
    let there = other.client();
    assert!(!other.is_active(&there, &newer));
    assert_eq!(other.revoke(&there, &newer), Ok(()), "it knows no such token");
    assert!(installation.is_active(&client, &newer));
    assert_eq!(refused(other.look_up(&client, &newer)).1, ErrorCode::InvalidClient);
}

/// R110, R111: whoever does not authenticate learns and changes nothing.
#[test]
fn r110_r111_the_client_authenticates() {
    let world = World::default();
    let installation = Installation::new(&world);
    let client = installation.client();
    let token = installation.token_of(&client);
    let id = client.application.client_id();
    let (basic, post) = (PresentedBy::Basic, PresentedBy::Post);
    let by_key = installation.register(json!({
        "token_endpoint_auth_method": "private_key_jwt", "jwks": jwks(&[&key(2)]),
    }));
    let by_key = by_key.application.client_id();
    for (id, secret, by) in [
        (by_key, "", basic),
        (by_key, secret(&client), basic),
        (id, "wrong", basic),
        ("nobody", secret(&client), basic),
        (id, secret(&client), post),
    ] {
        let question = TokenQuestion::new(Presented::secret(id, secret, by), &token);
        let unauthenticated = (Reason::ClientUnauthenticated, ErrorCode::InvalidClient);
        assert_eq!(
            refused(run(installation.service.introspect(&installation.organization, &question))),
            unauthenticated
        );
        assert_eq!(
            refused(run(installation.service.revoke(&installation.organization, &question))),
            unauthenticated
        );
    }
    let event = installation.last_event();
    assert_eq!((&event["outcome"], &event["status"]), (&json!("client-unauthenticated"), &json!(401)));
    assert!(installation.is_active(&client, &token));
}

/// R27, R110, R111: a client assertion authenticates once here, too, whichever endpoint takes it.
#[test]
fn r27_r110_a_client_assertion_works_once() {
    let world = World::default();
    let installation = Installation::new(&world);
    let by_key = installation.register(json!({
        "token_endpoint_auth_method": "private_key_jwt", "jwks": jwks(&[&key(2)]), "audience": API,
    }));
    let token = installation.token_of(&installation.client());
    let id = by_key.application.client_id();
    let question = |jti: &str| {
        let claims = json!({ "iss": id, "sub": id, "jti": jti });
        let presented = Presented::assertion(None, &assertion(&key(2), START, claims)).expect("short enough");
        TokenQuestion::new(presented, &token)
    };
    let (service, organization) = (&installation.service, &installation.organization);
    assert!(run(service.introspect(organization, &question("1"))).expect("answered").is_active());
    let again = (Reason::ClientAssertionRefused, ErrorCode::InvalidClient);
    assert_eq!(refused(run(service.introspect(organization, &question("1")))), again);
    assert_eq!(refused(run(service.revoke(organization, &question("1")))), again);
    assert_eq!(
        refused(run(service.revoke(organization, &question("2")))),
        (Reason::TokenOfOtherClient, ErrorCode::UnauthorizedClient)
    );
}

/// R28, R110: a trusted issuer vouches for a resource that has neither secret nor key.
#[test]
fn r28_r110_by_the_word_of_a_trusted_issuer() {
    let world = World::default();
    let installation = Installation::new(&world);
    let federated = installation.register(json!({
        "token_endpoint_auth_method": "private_key_jwt", "audience": API,
        "client_assertion_issuer": "idp", "client_assertion_subject": "pod",
    }));
    let token = installation.token_of(&installation.client());
    let ask = |sub: &str, jti: &str| {
        let vouched = assertion(&key(1), START, json!({ "sub": sub, "jti": jti }));
        let id = Some(federated.application.client_id());
        let presented = Presented::assertion(id, &vouched).expect("short enough");
        let question = TokenQuestion::new(presented, &token);
        run(installation.service.introspect(&installation.organization, &question))
    };
    assert!(ask("pod", "1").expect("answered").is_active());
    let failed = (Reason::ClientAssertionRefused, ErrorCode::InvalidClient);
    assert_eq!((refused(ask("pod", "1")), refused(ask("other", "2"))), (failed, failed));
}
