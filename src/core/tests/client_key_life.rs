//! The life of an application's keys, which is that of an issuer's (R50 to R53).

mod world;

use asserta_core::oauth::{ErrorCode, Reason};
use serde_json::json;
use world::keyed_clients::*;
use world::*;

const URI: &str = "https://app.example/jwks";

/// A world with an application whose keys are fetched.
fn fetching() -> (World, String) {
    let world = trusting();
    let id = register(&world, json!({ "jwks_uri": URI })).expect("registered");
    (world, id)
}

/// R27, R50 to R52: the keys of an endpoint, one fetch for many, and a newer one where the `kid` is unknown.
#[test]
fn r27_r51_r52_keys_of_an_endpoint() {
    let (world, id) = fetching();
    world.endpoint.serve(&jwks(&[&key(2)]), None);
    let service = world.service();
    let organization = default_organization();
    let requests: Vec<_> = (0..20)
        .map(|n: u32| n.to_string())
        .map(|jti| request_by_key(None, &good(&id, &jti), &granted(&jti)))
        .collect();
    let outcomes = run_all(requests.iter().map(|request| service.exchange(&organization, request)));
    assert!(outcomes.iter().all(Result::is_ok), "{outcomes:?}");
    assert_eq!(world.endpoint.asked(), [URI]);
    let event = world.events.1.borrow().iter().find(|event| event["event"] == "keys-fetched").cloned();
    let event = event.expect("told");
    assert_eq!((&event["client_id"], &event["keys"]), (&json!(id), &json!(1)));
    assert!(event.get("trusted_issuer").is_none(), "{event}");

    world.advance(45);
    world.endpoint.serve(&jwks(&[&key(2), &key(4)]), None);
    let rotated = |jti: &str| client_assertion(&key(4), &id, json!({}), json!({ "jti": jti }));
    let now = world.clock.0.get();
    let later = |jti: &str| assertion(&key(1), now, json!({ "jti": jti }));
    assert!(ask(&world, None, &rotated("r1"), &later("r1")).is_ok());
    // R52: strangers cause no further fetch in this window.
    world.endpoint.asked();
    for number in 0..10 {
        let stranger = client_assertion(&key(50 + number), &id, json!({}), json!({ "jti": "s" }));
        let refusal = ask(&world, None, &stranger, &later("s")).expect_err("unknown key");
        assert_eq!((refusal.reason, refusal.code), REFUSED);
    }
    assert!(world.endpoint.asked().is_empty());
}

/// R51: keys that can't be had are 503, never a success and never a failure of the client; stale ones serve for a day.
#[test]
fn r51_keys_that_do_not_come() {
    let (world, id) = fetching();
    let at = |jti: &str| {
        let now = world.clock.0.get();
        let claims = json!({ "jti": jti, "exp": now + 300 });
        let presented = client_assertion(&key(2), &id, json!({}), claims);
        let outcome = ask(&world, None, &presented, &assertion(&key(1), now, json!({ "jti": jti })));
        outcome.map(drop).map_err(|refusal| (refusal.reason, refusal.code))
    };
    let unavailable = Err((Reason::KeysUnavailable, ErrorCode::TemporarilyUnavailable));
    assert_eq!(at("1"), unavailable);
    let event = world.events.1.borrow().iter().find(|event| event["event"] == "keys-failed").cloned();
    assert_eq!(event.expect("told")["client_id"], id.as_str());
    assert!(world.replay.entries.borrow().is_empty());
    world.advance(30);
    world.endpoint.serve(&jwks(&[&key(2)]), None);
    assert_eq!(at("1"), Ok(()));
    world.endpoint.fail();
    world.advance(86_400);
    assert_eq!(at("2"), Ok(()), "stale");
    world.advance(601);
    assert_eq!(at("3"), unavailable);
}

/// R51: a stale document is refreshed after the response, as an issuer's is.
#[test]
fn r51_a_stale_document_is_refreshed() {
    let (world, id) = fetching();
    world.endpoint.serve(&jwks(&[&key(2)]), None);
    let service = world.service();
    let exchange = |jti: &str| {
        let now = world.clock.0.get();
        let presented = client_assertion(&key(2), &id, json!({}), json!({ "jti": jti, "exp": now + 300 }));
        let grant = assertion(&key(1), now, json!({ "jti": jti }));
        run(service.exchange(&default_organization(), &request_by_key(None, &presented, &grant))).is_ok()
    };
    assert!(exchange("1"));
    world.advance(600);
    assert!(exchange("2"));
    assert_eq!(world.endpoint.fetches.get(), 1);
    run(service.after_response()).expect("done");
    assert_eq!(world.endpoint.fetches.get(), 2);
}

/// R52: another address, and the end of an application, leave nothing of the keys of before.
#[test]
fn r52_keys_go_with_their_application() {
    let (world, id) = fetching();
    world.endpoint.serve(&jwks(&[&key(2)]), None);
    assert!(ask(&world, None, &good(&id, "1"), &granted("1")).is_ok());
    let stored = || {
        let entries = world.registry.entries.borrow();
        entries.keys().filter(|key| key.starts_with("client-jwks/") || key.starts_with("jwks-turn/")).count()
    };
    assert!(stored() > 0);
    let elsewhere = metadata(
        json!({ "token_endpoint_auth_method": "private_key_jwt", "jwks_uri": "https://app.example/new" }),
    );
    world.endpoint.serve(&jwks(&[&key(4)]), None);
    let registry = world.service();
    run(registry.registry().replace_application(&default_organization(), &id, elsewhere)).expect("replaced");
    assert_eq!(stored(), 0);
    assert_eq!(refused(&world, None, &good(&id, "2"), "2"), REFUSED, "the old key");
    let new = client_assertion(&key(4), &id, json!({}), json!({ "jti": "3" }));
    assert!(ask(&world, None, &new, &granted("2")).is_ok(), "a turn of its own at once");
    run(registry.registry().remove_application(&default_organization(), &id)).expect("removed");
    assert_eq!(stored(), 0);
    assert_eq!(refused(&world, None, &good(&id, "4"), "4"), REFUSED);
}

/// R48, R52: an issuer of the name of an application, with the same address, has its own document and its own turn.
#[test]
fn r52_an_issuer_of_the_same_name_shares_nothing() {
    let (world, id) = fetching();
    world.endpoint.serve(&jwks(&[&key(2)]), None);
    let same = issuer(json!({ "name": id, "issuer": "https://same.example", "jwks_uri": URI }));
    run(world.service().registry().create_trusted_issuer(&default_organization(), &same))
        .expect("registered");
    let grant = assertion(&key(2), START, json!({ "iss": "https://same.example", "jti": "1" }));
    let (service, organization) = (world.service(), default_organization());
    let one = request_by_key(None, &good(&id, "1"), &grant);
    assert!(run(service.exchange(&organization, &one)).is_ok());
    assert_eq!(world.endpoint.asked(), [URI, URI]);
    run(service.registry().remove_trusted_issuer(&organization, &id)).expect("removed");
    assert!(ask(&world, None, &good(&id, "2"), &granted("2")).is_ok());
    assert!(world.endpoint.asked().is_empty(), "the application's document is still there");
}
