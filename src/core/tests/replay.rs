//! An assertion works once (R45): whatever URL we are reached by, however long it is valid, whatever the clocks say.

mod world;

use asserta_core::jose::key::SigningAlgorithm;
use asserta_core::oauth::Reason;
use asserta_core::service::{NewApplication, Service, Settings};
use serde_json::{Value, json as document};
use world::*;

struct Installation<'a> {
    world: &'a World,
    service: Service<&'a World>,
    client: NewApplication,
}

impl<'a> Installation<'a> {
    fn new(world: &'a World, policy: Value) -> Self {
        let (service, organization) = (world.service(), default_organization());
        let mut trusted = document!({ "jwks": jwks(&[&key(1)]) });
        trusted.as_object_mut().expect("an object").extend(policy.as_object().expect("an object").clone());
        run(service.registry().create_trusted_issuer(&organization, &issuer(trusted))).expect("registered");
        let client = run(service.registry().create_application(&organization, metadata(document!({}))))
            .expect("registered");
        Self { world, service, client }
    }

    fn exchange(&self, claims: Value) -> Result<(), Reason> {
        self.exchange_at(&self.service, claims)
    }

    fn exchange_at(&self, service: &Service<&World>, claims: Value) -> Result<(), Reason> {
        let assertion = assertion(&key(1), self.world.clock.0.get(), claims);
        let request = request(&self.client, &assertion);
        run(service.exchange(&default_organization(), &request)).map(drop).map_err(|refusal| refusal.reason)
    }
}

/// R45: the organization counts, not the URL by which we are reached: neither its change nor nodes that differ in it
/// let an assertion work again.
#[test]
fn used_under_another_public_url() {
    for jti in [document!("1"), Value::Null] {
        let world = World::default();
        let installation = Installation::new(&world, document!({ "alias": "https://alias.example" }));
        let urls = ["https://as.example", "http://as.example", "https://other.example"];
        for aud in [document!(urls), document!("https://alias.example")] {
            let claims = document!({ "aud": aud, "jti": jti, "exp": START + 300, "for": aud.to_string() });
            let claims = if jti.is_null() {
                claims
            } else {
                let mut claims = claims;
                claims["jti"] = aud.to_string().into();
                claims
            };
            for (round, url) in urls.iter().enumerate() {
                let settings = Settings::new(url, SigningAlgorithm::Es256, false).expect("a good URL");
                let node = Service::new(&world, settings);
                let expected = if round == 0 { Ok(()) } else { Err(Reason::Replayed) };
                assert_eq!(installation.exchange_at(&node, claims.clone()), expected, "{url} {aud}");
            }
        }
    }
}

/// R43, R45: `max_lifetime` may be two days; a `jti` stays used under whatever `exp` it comes back, at whatever moment.
#[test]
fn jwt_id_of_a_long_life() {
    let long = 172_800;
    for (first, second) in [
        (300, long),
        (long, 300),
        (7000, 7300),
        (7300, 7000),
        (90_000, long),
        (long, 90_000),
        (long, long - 1),
    ] {
        for later in [0, 200, 6500, 80_000, 169_000] {
            let world = World::default();
            let installation = Installation::new(&world, document!({ "max_lifetime": long }));
            assert_eq!(installation.exchange(document!({ "exp": START + first })), Ok(()));
            if later > first {
                continue;
            }
            world.advance(later);
            let now = START + later;
            let expiry = now + second;
            let reads = world.replay.reads.get();
            assert_eq!(
                installation.exchange(document!({ "exp": expiry })),
                Err(Reason::Replayed),
                "{first} {second} {later}"
            );
            let reads = world.replay.reads.get() - reads;
            assert!(reads <= 5, "{reads} reads: {first} {second} {later}");
            assert_eq!(installation.exchange(document!({ "exp": expiry, "jti": "2" })), Ok(()));
            assert_eq!(
                installation.exchange(document!({ "exp": expiry, "jti": "2" })),
                Err(Reason::Replayed)
            );
        }
    }
}

/// R45: with a common `max_lifetime` it costs no more writes than one, and no more reads than before.
#[test]
fn what_an_exchange_costs() {
    let world = World::default();
    let installation = Installation::new(&world, document!({}));
    let (reads, marks) = (world.replay.reads.get(), world.replay.entries.borrow().len());
    assert_eq!(installation.exchange(document!({})), Ok(()));
    assert!(world.replay.reads.get() - reads <= 2);
    assert_eq!(world.replay.entries.borrow().len() - marks, 1);
}

/// R43: two days at most.
#[test]
fn the_longest_lifetime() {
    let world = World::default();
    let installation = Installation::new(&world, document!({}));
    let with = |lifetime: u32| issuer(document!({ "jwks": jwks(&[&key(1)]), "max_lifetime": lifetime }));
    let put = |lifetime| {
        run(installation.service.registry().put_trusted_issuer(
            &default_organization(),
            "idp",
            &with(lifetime),
        ))
    };
    assert_eq!(put(172_800), Ok(false));
    assert!(put(172_801).is_err());
    assert_eq!(installation.exchange(document!({ "exp": START + 172_860 })), Ok(()));
    let longer = document!({ "exp": START + 172_861, "jti": "2" });
    assert_eq!(installation.exchange(longer), Err(Reason::LifetimeTooLong));
}

/// Sweeps as often as a minute has, by a clock that is wrong by `error`, for so many minutes of the true time.
fn sweep_with_a_wrong_clock(world: &World, error: i64, minutes: u64) {
    for _ in 0..minutes {
        let truth = world.clock.0.get();
        world.clock.0.set(truth.saturating_add_signed(error));
        // Many instances, and more often than is due.
        for _ in 0..10 {
            run(world.service().spent().sweep()).expect("swept");
            run(world.service().after_response()).expect("done");
        }
        world.clock.0.set(truth + 60);
        run(world.service().spent().sweep()).expect("swept");
        run(world.service().after_response()).expect("done");
    }
}

/// R45: a node whose clock is two hours ahead for as long as it likes, or a year for six minutes, or behind, deletes
/// nothing that is still valid; and once its clock is right, what has passed is deleted again.
#[test]
fn wrong_clocks_delete_no_live_mark() {
    let (hour, year) = (3600, 365 * 86_400);
    for (error, minutes) in [
        (2 * hour, 50),
        (2 * hour - 1, 50),
        (hour, 50),
        (year, 5),
        (3 * hour, 5),
        (-2 * hour, 50),
        (-year, 50),
    ] {
        // Begun by a right clock, long in use, or begun by the wrong one.
        for before in [0, 1, 300] {
            let world = World::default();
            let installation = Installation::new(&world, document!({}));
            for _ in 0..before {
                let id = world.clock.0.get();
                assert_eq!(installation.exchange(document!({ "jti": id.to_string() })), Ok(()));
                run(world.service().after_response()).expect("done");
                world.advance(60);
            }
            let claims = document!({ "exp": world.clock.0.get() + 3600, "jti": "live" });
            assert_eq!(installation.exchange(claims.clone()), Ok(()));
            sweep_with_a_wrong_clock(&world, error, minutes);
            let case = format!("{error} s for {minutes} minutes, after {before}");
            assert_eq!(installation.exchange(claims), Err(Reason::Replayed), "{case}");

            let ends = world.clock.0.get() + 24 * 3600;
            while world.clock.0.get() < ends {
                run(world.service().after_response()).expect("done");
                world.advance(60);
            }
            assert!(world.replay.entries.borrow().is_empty(), "swept again: {case}");
        }
    }
}

/// R74: what a sweep keeps about itself and can't be read is begun anew.
#[test]
fn unreadable_records_of_the_sweep() {
    let world = World::default();
    let installation = Installation::new(&world, document!({}));
    assert_eq!(installation.exchange(document!({})), Ok(()));
    for key in ["next-sweep", "sweep-horizon"] {
        world.registry.entries.borrow_mut().insert(key.into(), b"?".to_vec());
    }
    for _ in 0..24 * 60 {
        run(world.service().after_response()).expect("done");
        world.advance(60);
    }
    assert!(world.replay.entries.borrow().is_empty());
}
