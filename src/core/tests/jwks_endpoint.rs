//! The life of a JWKS document (R51 to R53), with a clock that is moved by hand.

mod world;

use asserta_core::oauth::Reason;
use asserta_core::service::Service;
use serde_json::json;
use world::*;

struct Setting<'a> {
    world: &'a World,
    service: Service<&'a World>,
    client: asserta_core::service::NewApplication,
}

impl<'a> Setting<'a> {
    fn new(world: &'a World) -> Self {
        let service = world.service();
        let trusted = issuer(json!({ "jwks_uri": "https://idp.example/jwks", "replay": "allow" }));
        run(service.registry().create_trusted_issuer(&default_organization(), &trusted)).expect("registered");
        let client = run(service.registry().create_application(&default_organization(), metadata(json!({}))));
        Self { world, service, client: client.expect("registered") }
    }

    async fn exchange(&self, key: &asserta_core::jose::key::SigningKey) -> Result<(), Reason> {
        let assertion = assertion(key, self.world.clock.0.get(), json!({}));
        let outcome =
            self.service.exchange(&default_organization(), &request(&self.client, &assertion)).await;
        outcome.map(drop).map_err(|refusal| refusal.reason)
    }

    fn fetches(&self) -> u32 {
        self.world.endpoint.fetches.get()
    }
}

/// R52: many requests at once share one fetch, also across instances.
#[test]
fn one_fetch_for_many() {
    let (world, idp) = (World::default(), key(1));
    let setting = Setting::new(&world);
    world.endpoint.serve(&jwks(&[&idp]), None);
    let outcomes = run_all((0..50).map(|_| setting.exchange(&idp)));
    assert!(outcomes.iter().all(Result::is_ok), "{outcomes:?}");
    assert_eq!(setting.fetches(), 1);
}

/// R52: so many that the others' instances are kept do not wait for one issuer: they are told to come again.
#[test]
fn few_wait_for_one_fetch() {
    let (world, idp) = (World::default(), key(1));
    let setting = Setting::new(&world);
    world.endpoint.serve(&jwks(&[&idp]), None);
    let outcomes = run_all((0..100).map(|_| setting.exchange(&idp)));
    let count = |wanted| outcomes.iter().filter(|outcome| **outcome == wanted).count();
    assert_eq!((count(Ok(())), count(Err(Reason::KeysUnavailable))), (64, 36), "{outcomes:?}");
    assert_eq!(setting.fetches(), 1);
    assert_eq!(run(setting.exchange(&idp)), Ok(()), "the document is there");
}

/// R51: whoever was answered from a stale document does not wait for the request that fetches it again.
#[test]
fn nobody_waits_for_a_refresh() {
    let (world, idp) = (World::default(), key(1));
    let setting = Setting::new(&world);
    world.endpoint.serve(&jwks(&[&idp]), None);
    assert_eq!(run(setting.exchange(&idp)), Ok(()));
    world.advance(600);
    let instances: Vec<_> = (0..20).map(|_| world.service()).collect();
    let outcomes = run_all(instances.iter().map(async |instance| {
        let assertion = assertion(&idp, world.clock.0.get(), json!({}));
        let exchanged =
            instance.exchange(&default_organization(), &request(&setting.client, &assertion)).await;
        (exchanged.is_ok(), instance.after_response().await)
    }));
    assert!(outcomes.iter().all(|outcome| *outcome == (true, Ok(()))), "{outcomes:?}");
    assert_eq!((setting.fetches(), world.clock.1.get()), (2, 0));
}

/// R51: fresh for ten minutes or as the endpoint says, within bounds; then refreshed after the answer.
#[test]
fn freshness() {
    for (max_age, fresh) in [(None, 600), (Some(5), 60), (Some(1200), 1200), (Some(999_999), 86_400)] {
        let (world, idp) = (World::default(), key(1));
        let setting = Setting::new(&world);
        world.endpoint.serve(&jwks(&[&idp]), max_age);
        assert_eq!(run(setting.exchange(&idp)), Ok(()));
        world.advance(fresh - 1);
        assert_eq!(run(setting.exchange(&idp)), Ok(()));
        run(setting.service.after_response()).expect("done");
        assert_eq!(setting.fetches(), 1, "{max_age:?}");
        world.advance(1);
        assert_eq!(run(setting.exchange(&idp)), Ok(()), "served stale");
        assert_eq!(setting.fetches(), 1);
        run(setting.service.after_response()).expect("done");
        assert_eq!(setting.fetches(), 2, "{max_age:?}");
    }
}

/// R51: an outage is bridged for a day after the document stopped being fresh; then 503, never invalid_grant.
#[test]
fn outage() {
    let (world, idp) = (World::default(), key(1));
    let setting = Setting::new(&world);
    world.endpoint.serve(&jwks(&[&idp]), None);
    assert_eq!(run(setting.exchange(&idp)), Ok(()));
    world.endpoint.fail();
    for _ in 0..24 {
        world.advance(3600);
        assert_eq!(run(setting.exchange(&idp)), Ok(()));
        run(setting.service.after_response()).expect("done");
    }
    world.advance(600);
    assert_eq!(run(setting.exchange(&idp)), Err(Reason::KeysUnavailable));
    world.advance(30);
    world.endpoint.serve(&jwks(&[&idp]), None);
    assert_eq!(run(setting.exchange(&idp)), Ok(()), "recovers by itself");
}

/// R52: whatever strangers send, two fetches at most in 30 seconds.
#[test]
fn flood_of_unknown_kids() {
    let (world, idp) = (World::default(), key(1));
    let setting = Setting::new(&world);
    world.endpoint.serve(&jwks(&[&idp]), None);
    assert_eq!(run(setting.exchange(&idp)), Ok(()));
    world.advance(60);
    let before = setting.fetches();
    for second in 0..30 {
        let strangers: Vec<_> = (0..20).map(|number| key(100 + (second * 3 + number) as u8)).collect();
        let outcomes = run_all(strangers.iter().map(|stranger| setting.exchange(stranger)));
        assert!(outcomes.iter().all(|outcome| *outcome == Err(Reason::KeyUnknown)), "{outcomes:?}");
        world.advance(1);
    }
    assert!(setting.fetches() - before <= 2, "{} fetches", setting.fetches() - before);
    assert_eq!(run(setting.exchange(&idp)), Ok(()));
}

/// A rotation at the issuer refuses nobody: the new `kid` is fetched, and all who bring it wait for that.
#[test]
fn rotation_at_the_issuer() {
    let (world, old, new) = (World::default(), key(1), key(2));
    let setting = Setting::new(&world);
    world.endpoint.serve(&jwks(&[&old]), None);
    assert_eq!(run(setting.exchange(&old)), Ok(()));
    world.advance(45);
    world.endpoint.serve(&jwks(&[&old, &new]), None);
    let outcomes = run_all((0..20).map(|number| setting.exchange(if number % 2 == 0 { &new } else { &old })));
    assert!(outcomes.iter().all(Result::is_ok), "{outcomes:?}");
    assert_eq!(setting.fetches(), 2);
}

/// R52, R53: an empty or unreadable document keeps the last good one.
#[test]
fn bad_documents_keep_the_last_good_one() {
    let bad = ["", "<html>", "{}", r#"{"keys":[]}"#, r#"{"keys":[{"kty":"oct","k":"AAAA"}]}"#, "[1]"];
    for text in bad {
        let (world, idp) = (World::default(), key(1));
        let setting = Setting::new(&world);
        world.endpoint.serve(&jwks(&[&idp]), None);
        assert_eq!(run(setting.exchange(&idp)), Ok(()));
        world.endpoint.serve_text(text, None);
        world.advance(601);
        assert_eq!(run(setting.exchange(&idp)), Ok(()));
        run(setting.service.after_response()).expect("done");
        assert_eq!(setting.fetches(), 2);
        assert_eq!(run(setting.exchange(&idp)), Ok(()), "{text:?}");
    }
}

/// R51: no document was ever there: 503, one fetch in a window.
#[test]
fn never_reached() {
    let (world, idp) = (World::default(), key(1));
    let setting = Setting::new(&world);
    for _ in 0..5 {
        assert_eq!(run(setting.exchange(&idp)), Err(Reason::KeysUnavailable));
    }
    assert_eq!(setting.fetches(), 1);
}
