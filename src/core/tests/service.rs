//! The service over a world in memory: an exchange, replay, registrations side by side.

mod world;

use asserta_core::client_auth::{Presented, PresentedBy};
use asserta_core::grants::TokenRequest;
use asserta_core::json;
use asserta_core::oauth::Reason;
use asserta_core::service::{NewApplication, Page, RegistryError, TrustDocument};
use serde_json::json as document;
use world::*;

/// The claims of a token.
fn claims(token: &str) -> serde_json::Value {
    let payload = token.split('.').nth(1).expect("three segments");
    let bytes = asserta_core::jose::base64url::decode(payload).expect("base64url");
    serde_json::from_slice(&bytes).expect("JSON")
}

/// R60, R62, R45: a token for an assertion, once.
#[test]
fn exchange_once() {
    let (world, idp) = (World::default(), key(1));
    let service = world.service();
    let organization = default_organization();
    let trusted = issuer(document!({ "jwks": jwks(&[&idp]), "claim_mappings": { "mail": "email" } }));
    run(service.registry().create_trusted_issuer(&organization, &trusted)).expect("registered");
    let client = run(service.registry().create_application(&organization, metadata(document!({}))))
        .expect("registered");

    let assertion = assertion(&idp, START, document!({ "mail": "a@example" }));
    let token = run(service.exchange(&organization, &request(&client, &assertion))).expect("a token");
    assert_eq!(token.expires_in, 3600);
    assert_eq!(token.scope.as_deref(), Some("read write"));
    let claims = claims(&token.token);
    assert_eq!(claims["iss"], "https://as.example");
    assert_eq!(claims["sub"], "alice");
    assert_eq!(claims["email"], "a@example");
    assert_eq!(claims["assertion_issuer"], ISSUER);

    let again = run(service.exchange(&organization, &request(&client, &assertion)));
    assert_eq!(again.map_err(|refusal| refusal.reason), Err(Reason::Replayed));
}

/// R45: 64 exchanges of one assertion, interleaved on 4 instances: exactly one succeeds.
#[test]
fn one_of_64() {
    let (world, idp) = (World::default(), key(1));
    let services = [world.service(), world.service(), world.service(), world.service()];
    let organization = default_organization();
    run(services[0]
        .registry()
        .create_trusted_issuer(&organization, &issuer(document!({ "jwks": jwks(&[&idp]) }))))
    .expect("registered");
    let client = run(services[0].registry().create_application(&organization, metadata(document!({}))))
        .expect("registered");
    let assertion = assertion(&idp, START, document!({}));
    let request = request(&client, &assertion);
    let exchanges = (0..64).map(|number| services[number % 4].exchange(&organization, &request));
    let outcomes = run_all(exchanges);
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1);
    let replayed = |reason| reason == Reason::Replayed;
    assert_eq!(outcomes.iter().filter_map(|o| o.as_ref().err()).filter(|r| replayed(r.reason)).count(), 63);
}

/// R45: a `jti` stays used when it comes back with another `exp`, in whichever order.
#[test]
fn jwt_id_with_another_expiry() {
    for lifetimes in [[300, 3600], [3600, 300], [10, 3650]] {
        let (world, idp) = (World::default(), key(1));
        let service = world.service();
        let organization = default_organization();
        run(service
            .registry()
            .create_trusted_issuer(&organization, &issuer(document!({ "jwks": jwks(&[&idp]) }))))
        .expect("registered");
        let client = run(service.registry().create_application(&organization, metadata(document!({}))))
            .expect("registered");
        let outcomes = lifetimes.map(|lifetime| {
            let assertion = assertion(&idp, START, document!({ "exp": START + lifetime }));
            run(service.exchange(&organization, &request(&client, &assertion)))
                .map_err(|refusal| refusal.reason)
        });
        assert!(outcomes[0].is_ok(), "{lifetimes:?}");
        assert_eq!(outcomes[1].as_ref().err(), Some(&Reason::Replayed), "{lifetimes:?}");
    }
}

/// R45: a used assertion stays used when its issuer's `clock_skew` is changed, to the end of what is then its life.
#[test]
fn used_under_another_clock_skew() {
    // Between the ends of the lives of such assertions begins another hour, and with it another bucket.
    let expiry = START + 3300;
    for (before, after) in [(60, 600), (600, 60), (0, 600)] {
        for (jwt_id, moment) in
            [None, Some("1")].into_iter().flat_map(|id| [(id, START), (id, expiry + after - 1)])
        {
            let (world, idp) = (World::default(), key(1));
            let service = world.service();
            let organization = default_organization();
            let with_skew = |skew: u64| issuer(document!({ "jwks": jwks(&[&idp]), "clock_skew": skew }));
            run(service.registry().create_trusted_issuer(&organization, &with_skew(before)))
                .expect("registered");
            let client = run(service.registry().create_application(&organization, metadata(document!({}))))
                .expect("registered");
            let assertion = assertion(&idp, START, document!({ "exp": expiry, "jti": jwt_id }));
            let exchange = || {
                let exchanged = run(service.exchange(&organization, &request(&client, &assertion)));
                exchanged.map(drop).map_err(|refusal| refusal.reason)
            };
            assert_eq!(exchange(), Ok(()));
            run(service.registry().put_trusted_issuer(&organization, "idp", &with_skew(after)))
                .expect("replaced");
            world.advance(moment - START);
            run(service.spent().sweep()).expect("swept");
            assert_eq!(exchange(), Err(Reason::Replayed), "{jwt_id:?}, {before} to {after}, at {moment}");
        }
    }
}

/// R21: a client that is unknown, has a wrong secret or is disabled costs as many reads of the store, also where the
/// known ones are kept already: a store in the network would tell by the time.
#[test]
fn every_failed_client_costs_the_same_reads() {
    let world = World::default();
    let (service, organization) = (world.service(), default_organization());
    let create = |document| {
        run(service.registry().create_application(&organization, metadata(document))).expect("made")
    };
    let (known, disabled) = (create(document!({})), create(document!({ "enabled": false })));
    let post = |client_id: &str, secret: &str| {
        let credentials = Presented::secret(client_id, secret, PresentedBy::Basic);
        let request = TokenRequest::jwt_bearer(credentials, "a.b.c", None, None).expect("short enough");
        let before = world.registry.reads.get();
        let refused = run(service.exchange(&organization, &request)).map(drop);
        (refused.map_err(|refusal| refusal.reason), world.registry.reads.get() - before)
    };
    let id = |client: &NewApplication| client.application.client_id().to_owned();
    for round in 0..3 {
        let unknown = post("unknown", secret(&known));
        assert_eq!(unknown, (Err(Reason::ClientUnauthenticated), 2), "round {round}");
        assert_eq!(post(&id(&known), secret(&disabled)), unknown, "wrong secret, round {round}");
        assert_eq!(post(&id(&disabled), secret(&disabled)), unknown, "disabled, round {round}");
    }
    // Whoever is right costs no such read once it is kept.
    assert_eq!(post(&id(&known), secret(&known)), (Err(Reason::AssertionMalformed), 1));
}

/// The replay store is bounded: after the expiry and a sweep it is empty.
#[test]
fn sweep() {
    let (world, idp) = (World::default(), key(1));
    let service = world.service();
    let organization = default_organization();
    run(service
        .registry()
        .create_trusted_issuer(&organization, &issuer(document!({ "jwks": jwks(&[&idp]) }))))
    .expect("registered");
    let client = run(service.registry().create_application(&organization, metadata(document!({}))))
        .expect("registered");
    for number in 0..100 {
        let assertion = assertion(&idp, START, document!({ "jti": number.to_string() }));
        run(service.exchange(&organization, &request(&client, &assertion))).expect("a token");
    }
    assert_eq!(world.replay.entries.borrow().len(), 100);
    assert_eq!(run(service.spent().sweep()), Ok(0));
    let mut swept = 0;
    for _ in 0..6 {
        world.advance(3600);
        swept += run(service.spent().sweep()).expect("swept");
    }
    assert_eq!(swept, 100);
    assert!(world.replay.entries.borrow().is_empty());
}

/// A sweep is shared by all instances, looks at a bounded number of keys, and goes on a second later.
#[test]
fn sweep_after_an_answer() {
    let world = World::default();
    let fill = |count: usize, bucket: u64| {
        for number in 0..count {
            let key = format!("r/{bucket:012}/{number:05}");
            world.replay.entries.borrow_mut().insert(key, 1_i64.to_le_bytes().into());
        }
    };
    let left = || world.replay.entries.borrow().len();
    let after_response = || run(world.service().after_response()).expect("done");
    let horizon = document!({ "version": 1, "horizon": START - 7200, "moved": START });
    let horizon = horizon.to_string().into_bytes();
    world.registry.entries.borrow_mut().insert("sweep-horizon".into(), horizon);
    fill(250, START / 3600 - 2);
    fill(1000, START / 3600 - 1);
    after_response();
    assert_eq!(left(), 1150, "ten pages at once");
    after_response();
    assert_eq!(left(), 1150, "another instance does not sweep at the same second");
    world.advance(1);
    after_response();
    world.advance(1);
    after_response();
    assert_eq!(left(), 1000);
    let before = world.replay.pages.get();
    for _ in 0..59 {
        after_response();
        world.advance(1);
    }
    assert_eq!(world.replay.pages.get(), before, "nobody looks for a minute");
    world.advance(1);
    after_response();
    assert_eq!(world.replay.pages.get(), before + 1, "what is valid is not read through");
    let told = world.events.0.borrow();
    assert_eq!(*told, ["Swept { deleted: 100 }", "Swept { deleted: 100 }", "Swept { deleted: 50 }"]);
}

/// A sweep that fails is known to each instance until one succeeds; exchanges go on.
#[test]
fn sweep_that_fails() {
    let world = World::default();
    let is_failing = || run(world.service().spent().is_sweep_failing()).expect("it answers");
    assert!(!is_failing());
    world.replay.unlistable.set(true);
    assert!(run(world.service().after_response()).is_err());
    assert!(is_failing());
    assert!(
        world.events.0.borrow().iter().any(|event| event.starts_with("MaintenanceFailed { what: \"sweep\""))
    );
    world.advance(59);
    assert_eq!(run(world.service().after_response()), Ok(()), "it is not tried again within the minute");
    assert!(is_failing());
    world.advance(1);
    world.replay.unlistable.set(false);
    run(world.service().after_response()).expect("it is tried again after a minute");
    assert!(!is_failing());
}

/// R70: a store that fails means refuse, and the assertion still works when it answers again.
#[test]
fn broken_stores() {
    let (world, idp) = (World::default(), key(1));
    let service = world.service();
    let organization = default_organization();
    run(service
        .registry()
        .create_trusted_issuer(&organization, &issuer(document!({ "jwks": jwks(&[&idp]) }))))
    .expect("registered");
    let client = run(service.registry().create_application(&organization, metadata(document!({}))))
        .expect("registered");
    let assertion = assertion(&idp, START, document!({}));
    let exchange = || run(service.exchange(&organization, &request(&client, &assertion)));
    for store in [&world.registry, &world.replay] {
        store.broken.set(true);
        assert_eq!(exchange().map_err(|refusal| refusal.reason), Err(Reason::StoreUnavailable));
        store.broken.set(false);
    }
    assert!(exchange().is_ok());
}

/// Of two registrations of one name, and of two of one issuer value, exactly one succeeds.
#[test]
fn registrations_side_by_side() {
    let (world, idp) = (World::default(), key(1));
    let services = [world.service(), world.service()];
    let organization = default_organization();
    let one = |name: &str, value: &str| {
        let mut issuer = issuer(document!({ "jwks": jwks(&[&idp]) }));
        (issuer.name, issuer.issuer) = (name.into(), value.into());
        issuer
    };
    let pairs = [
        ([one("a", "https://1"), one("a", "https://2")], RegistryError::NameTaken),
        ([one("b", "https://3"), one("c", "https://3")], RegistryError::IssuerTaken("b".into())),
    ];
    for (pair, loss) in pairs {
        let registrations = pair
            .iter()
            .zip(&services)
            .map(|(issuer, service)| service.registry().create_trusted_issuer(&organization, issuer));
        let outcomes = run_all(registrations);
        assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1, "{outcomes:?}");
        assert_eq!(outcomes.iter().filter_map(|outcome| outcome.as_ref().err()).next(), Some(&loss));
    }
    let names = run(services[0].registry().trusted_issuers(&organization, &Page::default())).expect("a list");
    assert_eq!(names.items.len(), 2);
    let left = world.registry.entries.borrow().keys().filter(|key| key.starts_with("lock/")).count();
    assert_eq!(left, 0, "locks are given back");
}

/// A holder that died holds the lock up for less than two quarters of a minute.
#[test]
fn lock_of_a_dead_holder() {
    let (world, idp) = (World::default(), key(1));
    let service = world.service();
    let organization = default_organization();
    let key = format!("lock/default/{}", START / 15);
    world.registry.entries.borrow_mut().insert(key, 1_i64.to_le_bytes().into());
    let trusted = issuer(document!({ "jwks": jwks(&[&idp]) }));
    assert_eq!(
        run(service.registry().create_trusted_issuer(&organization, &trusted)),
        Err(RegistryError::Busy)
    );
    world.advance(15 + 5);
    assert_eq!(run(service.registry().create_trusted_issuer(&organization, &trusted)), Ok(()));
    assert!(!world.registry.entries.borrow().keys().any(|key| key.starts_with("lock/")));
}

/// A change of a registration is seen by every instance at once, whatever it had parsed before.
#[test]
fn changes_are_seen_at_once() {
    let (world, idp) = (World::default(), key(1));
    let services = [world.service(), world.service()];
    let organization = default_organization();
    let trusted = issuer(document!({ "jwks": jwks(&[&idp]), "replay": "allow" }));
    run(services[0].registry().create_trusted_issuer(&organization, &trusted)).expect("registered");
    let client = run(services[0].registry().create_application(&organization, metadata(document!({}))))
        .expect("registered");
    let assertion = assertion(&idp, START, document!({}));
    let exchange = |number: usize| {
        let outcome = run(services[number].exchange(&organization, &request(&client, &assertion)));
        outcome.map(drop).map_err(|refusal| refusal.reason)
    };
    assert_eq!((exchange(0), exchange(1)), (Ok(()), Ok(())));
    let disabled = issuer(document!({ "jwks": jwks(&[&idp]), "enabled": false }));
    run(services[0].registry().put_trusted_issuer(&organization, "idp", &disabled)).expect("replaced");
    assert_eq!(exchange(1), Err(Reason::IssuerUnknown));
    run(services[1].registry().remove_application(&organization, client.application.client_id()))
        .expect("removed");
    assert_eq!(exchange(0), Err(Reason::ClientUnauthenticated));
}

/// R73: a new key is published before it signs; an old one stays until its last token has expired.
#[test]
fn signing_key_rotation() {
    let world = World::default();
    let service = world.service();
    let organization = default_organization();
    let kids = || {
        let set: serde_json::Value =
            serde_json::from_slice(&run(service.signing_keys().jwks(&organization)).expect("keys"))
                .expect("JSON");
        set["keys"].as_array().expect("an array").iter().map(|key| key["kid"].to_string()).collect::<Vec<_>>()
    };
    let first = kids();
    assert_eq!(first.len(), 1);
    let infos = run(service.signing_keys().rotate(&organization)).expect("rotated");
    assert!(infos[1].signs_from > START, "published before it signs");
    assert_eq!(infos[0].signs_until, Some(infos[1].signs_from));
    assert_eq!(kids()[0], first[0]);
    world.advance(86_400 + 601 + 1);
    run(service.signing_keys().rotate(&organization)).expect("rotated");
    assert!(!kids().contains(&first[0]), "dropped after its last token");
}

/// A seed document is applied as a whole, and again without effect.
#[test]
fn seed_document() {
    let (world, idp) = (World::default(), key(1));
    let service = world.service();
    let seed = document!({ "organizations": [{
        "name": "acme",
        "trusted_issuers": [{ "name": "idp", "issuer": ISSUER, "jwks": jwks(&[&idp]) }],
        "applications": [{ "client_id": "app", "client_secret": "s".repeat(43), "grant_types":
            ["urn:ietf:params:oauth:grant-type:jwt-bearer"] }],
    }]});
    let parsed = TrustDocument::parse(seed.to_string().as_bytes(), false).map_err(|error| error.to_string());
    let parsed = parsed.expect("a good document");
    let first = run(service.registry().apply(&parsed)).expect("applied");
    assert_eq!((first.created, first.replaced, first.unchanged), (3, 0, 0));
    let again = run(service.registry().apply(&parsed)).expect("applied");
    assert_eq!((again.created, again.replaced, again.unchanged), (0, 0, 3));

    let bad = seed.to_string().replace("\"client_secret\"", "\"client_sekret\"");
    let error = TrustDocument::parse(bad.as_bytes(), false).map(drop).expect_err("an unknown member");
    assert!(error.to_string().contains("client_sekret"), "{error}");
    assert!(json::parse(b"{}").is_ok());
}

/// R75: a decision is one event, whoever asks for it.
#[test]
fn r75_a_decision_is_one_event() {
    let world = World::default();
    let service = world.service();
    let registered = issuer(document!({ "jwks": jwks(&[&key(1)]) }));
    run(service.registry().create_trusted_issuer(&default_organization(), &registered)).expect("registered");
    let new = run(service.registry().create_application(&default_organization(), metadata(document!({}))))
        .expect("new");
    let request = request(&new, &assertion(&key(1), START, document!({})));
    for granted in [true, false] {
        assert_eq!(run(service.exchange(&default_organization(), &request)).is_ok(), granted);
    }
    let told = world.events.0.borrow();
    let outcomes: Vec<_> = told.iter().filter(|event| event.starts_with("Exchange")).collect();
    assert!(
        outcomes.len() == 2 && outcomes[0].contains("Granted") && outcomes[1].contains("Replayed"),
        "{told:?}"
    );
}
