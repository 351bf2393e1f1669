//! What withdraws a key holds in every instance, fetches are by address, and clocks heal (R48, R50 to R52).

mod world;

use std::future::Future as _;
use std::pin::pin;
use std::task::{Context, Waker};

use asserta_core::oauth::Reason;
use serde_json::json;
use world::fetched_keys::*;
use world::*;

fn turns(world: &World) -> usize {
    world.registry.entries.borrow().keys().filter(|key| key.starts_with("jwks-turn/")).count()
}

/// R48, R52: once one instance has stored a newer document, no other uses the older one, however long that is fresh.
#[test]
fn a_withdrawn_key_is_gone_everywhere() {
    let (world, old, new) = (World::default(), key(1), key(2));
    let client = register(&world.service());
    world.endpoint.serve(&jwks(&[&old, &new]), Some(86_400));
    let instances: Vec<_> = (0..3).map(|_| world.service()).collect();
    for instance in &instances {
        assert_eq!(run(exchange(instance, &client, &signed(&world, &old))), Ok(()));
    }
    world.advance(40);
    world.endpoint.serve(&jwks(&[&new]), Some(86_400));
    assert_eq!(run(exchange(&instances[0], &client, &signed(&world, &key(9)))), Err(Reason::KeyUnknown));
    assert_eq!(world.endpoint.fetches.get(), 2);
    for instance in &instances {
        assert_eq!(run(exchange(instance, &client, &signed(&world, &old))), Err(Reason::KeyUnknown));
        assert_eq!(run(exchange(instance, &client, &signed(&world, &new))), Ok(()));
    }
    assert_eq!(world.endpoint.fetches.get(), 2);
}

/// The same text again costs nobody what was parsed: the organization's counter stays.
#[test]
fn the_same_text_changes_nothing() {
    let (world, idp) = (World::default(), key(1));
    let service = world.service();
    let client = register(&service);
    world.endpoint.serve(&jwks(&[&idp]), Some(60));
    assert_eq!(run(exchange(&service, &client, &signed(&world, &idp))), Ok(()));
    let generation = || world.registry.entries.borrow().get("generation/default").cloned();
    let before = generation();
    world.advance(61);
    assert_eq!(run(exchange(&service, &client, &signed(&world, &idp))), Ok(()));
    run(service.after_response()).expect("done");
    assert_eq!((world.endpoint.fetches.get(), generation()), (2, before));
}

/// An issuer that is removed and registered again begins without a document, in every instance, and fetches at once.
#[test]
fn registered_again_begins_anew() {
    let (world, old, new) = (World::default(), key(1), key(2));
    let (one, other) = (world.service(), world.service());
    let client = register(&one);
    world.endpoint.serve(&jwks(&[&old, &new]), Some(86_400));
    for instance in [&one, &other] {
        assert_eq!(run(exchange(instance, &client, &signed(&world, &old))), Ok(()));
    }
    world.endpoint.serve(&jwks(&[&new]), Some(86_400));
    run(one.registry().remove_trusted_issuer(&default_organization(), "idp")).expect("removed");
    assert_eq!(run(exchange(&other, &client, &signed(&world, &old))), Err(Reason::IssuerUnknown));
    let trusted = issuer(json!({ "jwks_uri": URI, "replay": "allow" }));
    run(one.registry().create_trusted_issuer(&default_organization(), &trusted)).expect("registered");
    for instance in [&other, &one] {
        assert_eq!(run(exchange(instance, &client, &signed(&world, &new))), Ok(()));
        assert_eq!(run(exchange(instance, &client, &signed(&world, &old))), Err(Reason::KeyUnknown));
    }
    assert_eq!((world.endpoint.fetches.get(), world.clock.1.get()), (2, 0), "nobody waits");
}

/// Nothing cached outlives a minute, whatever became of the counter: the store is read again, the endpoint is not.
#[test]
fn a_document_is_read_again_after_a_minute() {
    let (world, idp) = (World::default(), key(1));
    let service = world.service();
    let client = register(&service);
    world.endpoint.serve(&jwks(&[&idp]), Some(86_400));
    assert_eq!(run(exchange(&service, &client, &signed(&world, &idp))), Ok(()));
    world.registry.entries.borrow_mut().remove("jwks/default/idp");
    world.endpoint.serve(&jwks(&[&key(2)]), None);
    world.advance(60);
    assert_eq!(run(exchange(&service, &client, &signed(&world, &idp))), Err(Reason::KeyUnknown));
}

/// R52: a corrected address has a fetch of its own at once.
#[test]
fn another_address_is_fetched_at_once() {
    let (world, idp) = (World::default(), key(1));
    let (one, other) = (world.service(), world.service());
    let client = register(&one);
    assert_eq!(run(exchange(&one, &client, &signed(&world, &idp))), Err(Reason::KeysUnavailable));
    world.endpoint.serve(&jwks(&[&idp]), None);
    let corrected = issuer(json!({ "jwks_uri": "https://idp.example/keys", "replay": "allow" }));
    run(one.registry().put_trusted_issuer(&default_organization(), "idp", &corrected)).expect("replaced");
    assert_eq!(run(exchange(&other, &client, &signed(&world, &idp))), Ok(()));
    assert_eq!((world.endpoint.fetches.get(), world.clock.1.get()), (2, 0), "nobody waits");
}

/// R52: where the instance that fetches is gone, those who wait find out once, and nobody waits after them.
#[test]
fn a_fetch_that_never_ends_is_waited_for_once() {
    let (world, idp) = (World::default(), key(1));
    let service = world.service();
    let client = register(&service);
    world.endpoint.serve(&jwks(&[&idp]), None);
    {
        let dying = world.service();
        let assertion = signed(&world, &idp);
        let mut exchanging = pin!(exchange(&dying, &client, &assertion));
        while world.endpoint.fetches.get() == 0 {
            assert!(exchanging.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
        }
    }
    assert_eq!(run(exchange(&service, &client, &signed(&world, &idp))), Err(Reason::KeysUnavailable));
    let waited = world.clock.1.get();
    assert!(waited > 0);
    for _ in 0..3 {
        let other = world.service();
        assert_eq!(run(exchange(&other, &client, &signed(&world, &idp))), Err(Reason::KeysUnavailable));
    }
    assert_eq!((world.clock.1.get(), world.endpoint.fetches.get()), (waited, 1));
    world.advance(30);
    assert_eq!(run(exchange(&service, &client, &signed(&world, &idp))), Ok(()));
}

/// R52: a key that changed without a `kid`, or under the same one, is fetched once, and the signature tried again.
#[test]
fn a_key_that_changed_in_secret() {
    let (world, old, new) = (World::default(), key(1), key(2));
    let (one, other) = (world.service(), world.service());
    let client = register(&one);
    world.endpoint.serve(&unnamed_jwks(&[&old]), Some(86_400));
    for instance in [&one, &other] {
        assert_eq!(run(exchange(instance, &client, &unnamed(&world, &old))), Ok(()));
    }
    world.endpoint.serve(&unnamed_jwks(&[&new]), Some(86_400));
    let refused = Err(Reason::SignatureInvalid);
    assert_eq!(run(exchange(&one, &client, &unnamed(&world, &new))), refused, "fetched in this window");
    assert_eq!(world.endpoint.fetches.get(), 1);
    world.advance(30);
    assert_eq!(run(exchange(&one, &client, &unnamed(&world, &new))), Ok(()));
    assert_eq!(run(exchange(&other, &client, &unnamed(&world, &new))), Ok(()));
    assert_eq!(run(exchange(&other, &client, &unnamed(&world, &old))), refused);
    assert_eq!(world.endpoint.fetches.get(), 2);
}

/// R52: whatever is sent, one fetch in 30 seconds, also across the seam of two windows.
#[test]
fn bad_signatures_cause_one_fetch_in_30_seconds() {
    let (world, idp, stranger) = (World::default(), key(1), key(2));
    let service = world.service();
    let client = register(&service);
    world.advance(29);
    world.endpoint.serve(&unnamed_jwks(&[&idp]), Some(86_400));
    for second in 0..91 {
        let assertions: Vec<_> = (0..5).map(|_| unnamed(&world, &stranger)).collect();
        let outcomes = run_all(assertions.iter().map(|assertion| exchange(&service, &client, assertion)));
        assert!(outcomes.iter().all(|outcome| *outcome == Err(Reason::SignatureInvalid)), "{outcomes:?}");
        assert_eq!(world.endpoint.fetches.get(), 1 + second / 30, "second {second}");
        world.advance(1);
    }
}

/// R51: a document that was fetched while the clock was a year ahead is fetched again when it is right.
#[test]
fn a_clock_that_was_ahead_heals() {
    const YEAR: u64 = 365 * 86_400;
    let (world, old, new) = (World::default(), key(1), key(2));
    let client = register(&world.service());
    world.advance(YEAR);
    world.endpoint.serve(&jwks(&[&old, &new]), None);
    assert_eq!(run(exchange(&world.service(), &client, &signed(&world, &old))), Ok(()));
    world.clock.0.set(START);
    world.endpoint.serve(&jwks(&[&new]), None);
    let service = world.service();
    assert_eq!(run(exchange(&service, &client, &signed(&world, &new))), Ok(()), "stale, for now");
    run(service.after_response()).expect("done");
    assert_eq!(run(exchange(&service, &client, &signed(&world, &old))), Err(Reason::KeyUnknown));

    // And where the endpoint is down when the clock is right again, for a day and no longer.
    world.advance(YEAR);
    run(exchange(&world.service(), &client, &signed(&world, &old))).expect_err("one more fetch");
    world.clock.0.set(START + 1000);
    world.endpoint.fail();
    let service = world.service();
    assert_eq!(run(exchange(&service, &client, &signed(&world, &new))), Ok(()));
    run(service.after_response()).expect("done");
    world.advance(86_400);
    assert_eq!(run(exchange(&service, &client, &signed(&world, &new))), Err(Reason::KeysUnavailable));
}

/// Turns do not pile up, and those that an instance left behind are deleted; also where the record that says when
/// can't be read (R74).
#[test]
fn turns_are_deleted() {
    let (world, idp) = (World::default(), key(1));
    let service = world.service();
    let client = register(&service);
    world.endpoint.serve(&jwks(&[&idp]), Some(60));
    for number in 0..40 {
        let key = format!("jwks-turn/default/{}/idp", START / 30 - 3 * (number + 1));
        world.registry.entries.borrow_mut().insert(key, vec![1; 8]);
    }
    world.registry.entries.borrow_mut().insert("next-turn-sweep".into(), b"?".to_vec());
    for _ in 0..6 {
        run(exchange(&service, &client, &signed(&world, &idp))).expect("granted");
        run(service.after_response()).expect("done");
        world.advance(90);
    }
    assert_eq!((world.endpoint.fetches.get(), turns(&world)), (6, 1));
}
