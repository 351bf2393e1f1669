//! What has expired is deleted also where the store takes nothing else, and it is told.

mod world;

use serde_json::json as document;
use world::*;

/// R70: a full store takes deletions alone. What has expired goes all the same, without a write, as soon as elsewhere; and it
/// is told.
#[test]
fn a_full_store_is_swept() {
    let world = World::default();
    let service = world.service();
    let fill = |bucket: u64| {
        for number in 0..250 {
            let key = format!("r/{bucket:012}/{number:05}");
            world.replay.entries.borrow_mut().insert(key, 1_i64.to_le_bytes().into());
        }
    };
    let left = || world.replay.entries.borrow().len();
    let horizon = document!({ "version": 1, "horizon": START - 7200, "moved": START });
    let horizon = horizon.to_string().into_bytes();
    world.registry.entries.borrow_mut().insert("sweep-horizon".into(), horizon);
    fill(START / 3600 - 2);
    // Not before the horizon has moved by four hours, which can't be written.
    fill(START / 3600 + 2);
    world.registry.full.set(true);
    world.replay.full.set(true);
    for expected in [400, 300, 250] {
        run(service.after_response()).expect("nothing is left undone");
        assert_eq!(left(), expected);
        assert_eq!(run(service.spent().is_sweep_failing()), Ok(true));
        world.advance(1);
    }
    let told = world.events.0.borrow().len();
    run(service.after_response()).expect("done");
    assert_eq!(world.events.0.borrow().len(), told, "nothing is tried again within the minute");
    for _ in 0..4 * 60 {
        assert_eq!(left(), 250);
        world.advance(60);
        run(service.after_response()).expect("done");
    }
    assert_eq!(run(service.spent().is_sweep_failing()), Ok(true));
    for _ in 0..2 * 60 {
        world.advance(60);
        run(service.after_response()).expect("done");
    }
    assert_eq!(left(), 0, "the horizon moves in memory");
    let told = |what: &str| world.events.0.borrow().iter().filter(|event| event.starts_with(what)).count();
    assert!(told("MaintenanceFailed { what: \"sweep\", cause: \"the store takes no writes") > 300);
    // With room again it is written, and nothing fails.
    world.registry.full.set(false);
    world.replay.full.set(false);
    world.advance(60);
    run(service.after_response()).expect("done");
    assert_eq!(run(service.spent().is_sweep_failing()), Ok(false));
    assert_eq!(run(world.service().spent().is_sweep_failing()), Ok(false));
}

/// What an instance alone knows of a sweep that failed does not last where others have swept since.
#[test]
fn another_instance_sweeps_again() {
    let world = World::default();
    let (one, other) = (world.service(), world.service());
    world.registry.full.set(true);
    run(one.after_response()).expect("done");
    assert_eq!(run(one.spent().is_sweep_failing()), Ok(true));
    world.registry.full.set(false);
    for _ in 0..4 {
        world.advance(30);
        run(other.after_response()).expect("done");
        run(one.after_response()).expect("done");
    }
    assert_eq!(run(one.spent().is_sweep_failing()), Ok(false));
    // Where the store took word of it, the word of another instance holds at once.
    world.advance(60);
    world.replay.unlistable.set(true);
    assert!(run(one.after_response()).is_err());
    assert_eq!(run(one.spent().is_sweep_failing()), Ok(true));
    world.replay.unlistable.set(false);
    world.advance(60);
    run(other.after_response()).expect("swept");
    assert_eq!(run(one.spent().is_sweep_failing()), Ok(false));
}

/// A refresh that fails keeps nothing from being swept.
#[test]
fn a_refresh_that_fails_keeps_no_sweep() {
    let (world, idp) = (World::default(), key(1));
    let (service, organization) = (world.service(), default_organization());
    world.endpoint.serve(&jwks(&[&idp]), Some(60));
    let trusted = issuer(document!({ "jwks_uri": "https://idp.example/jwks", "replay": "allow" }));
    run(service.registry().create_trusted_issuer(&organization, &trusted)).expect("registered");
    let client = run(service.registry().create_application(&organization, metadata(document!({}))))
        .expect("registered");
    let exchange = || {
        let assertion = assertion(&idp, world.clock.0.get(), document!({}));
        run(service.exchange(&organization, &request(&client, &assertion))).map(drop)
    };
    exchange().expect("granted");
    run(service.after_response()).expect("done");
    world.advance(90);
    exchange().expect("granted with stale keys");
    let swept = "r/000000000000/00000";
    world.replay.entries.borrow_mut().insert(swept.into(), 1_i64.to_le_bytes().into());
    let horizon = document!({ "version": 1, "horizon": START - 7200, "moved": START });
    world.registry.entries.borrow_mut().insert("sweep-horizon".into(), horizon.to_string().into_bytes());
    world.registry.full.set(true);
    assert!(run(service.after_response()).is_err(), "the refresh is told");
    assert!(!world.replay.entries.borrow().contains_key(swept));
}
