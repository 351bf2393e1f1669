//! Revocation of a token by its client (R111).

use asserta_core::oauth::{ErrorCode, Reason};
use serde_json::json;

use super::{Installation, refused};
use crate::world::{START, World, run};

/// R111: a client takes back its own token, and it is gone in every instance at once; another's lives on.
#[test]
fn r111_revoked_everywhere_at_once() {
    let world = World::default();
    let installation = Installation::new(&world);
    let (client, other) = (installation.client(), installation.client());
    let (token, sibling) = (installation.token_of(&client), installation.token_of(&client));
    let elsewhere = world.service();
    assert_eq!(installation.look_up_at(&elsewhere, &client, &token).expect("answered")["active"], true);

    let refusal = refused(installation.revoke(&other, &token));
    assert_eq!(refusal, (Reason::TokenOfOtherClient, ErrorCode::UnauthorizedClient));
    assert!(installation.is_active(&client, &token));

    assert_eq!(installation.revoke(&client, &token), Ok(()));
    let event = installation.last_event();
    assert_eq!((&event["event"], &event["outcome"]), (&json!("revocation"), &json!("revoked")));
    assert!(event["jti_sha256"].is_string() && !event.to_string().contains("alice"), "{event}");
    for service in [&installation.service, &elsewhere, &world.service()] {
        let told = installation.look_up_at(service, &client, &token).expect("answered");
        assert_eq!(told, json!({ "active": false }));
    }
    assert!(installation.is_active(&client, &sibling), "no more than the one");
    // What is revoked, or unknown, can be revoked.
    for token in [token.as_str(), "abc", ""] {
        assert_eq!(installation.revoke(&client, token), Ok(()));
    }
    assert_eq!(installation.last_event()["outcome"], "nothing-to-revoke");
}

/// R111: the mark stays until the token has expired, and is swept then like every other.
#[test]
fn r111_the_mark_is_swept() {
    let world = World::default();
    let installation = Installation::new(&world);
    let client = installation.client();
    let token = installation.token_of(&client);
    assert_eq!(installation.revoke(&client, &token), Ok(()));
    let marks = || world.replay.entries.borrow().len();
    let before = marks();
    while world.clock.0.get() < START + 3600 - 60 {
        world.advance(60);
        run(installation.service.after_response()).expect("swept");
        assert!(!installation.is_active(&client, &token));
    }
    assert_eq!(marks(), before);
    for _ in 0..200 {
        world.advance(3600);
        run(installation.service.after_response()).expect("swept");
    }
    assert_eq!(marks(), 0);
}

/// R70, R110, R111: where the store fails, nobody is told that a token is active, or that it is revoked.
#[test]
fn r70_r110_r111_a_store_that_fails() {
    let world = World::default();
    let installation = Installation::new(&world);
    let client = installation.client();
    let token = installation.token_of(&client);
    world.replay.broken.set(true);
    let unavailable = (Reason::StoreUnavailable, ErrorCode::TemporarilyUnavailable);
    assert_eq!(refused(installation.look_up(&client, &token)), unavailable);
    assert_eq!(refused(installation.revoke(&client, &token)), unavailable);
    world.replay.broken.set(false);
    assert!(installation.is_active(&client, &token));
}
