//! Our own keys: what rotating them and another algorithm do, on nodes that need not agree (R73).

mod world;

use std::collections::BTreeMap;

use asserta_core::application::ApplicationMetadata;
use asserta_core::jose::base64url;
use asserta_core::jose::key::SigningAlgorithm;
use asserta_core::service::{NewApplication, Service, Settings};
use serde_json::{Value, json};
use world::*;

const DAY: u64 = 86_400;

fn node(world: &World, algorithm: SigningAlgorithm) -> Service<&World> {
    Service::new(world, Settings::new("https://as.example/", algorithm, false).expect("a good URL"))
}

fn client(world: &World) -> NewApplication {
    let trusted = issuer(json!({ "jwks": jwks(&[&key(1)]), "replay": "allow" }));
    let (service, organization) = (world.service(), default_organization());
    run(service.registry().create_trusted_issuer(&organization, &trusted)).expect("registered");
    let document: ApplicationMetadata = metadata(json!({ "access_token_lifetime": DAY }));
    run(service.registry().create_application(&organization, document)).expect("registered")
}

/// The `kid` of the key that signs now.
fn signs(world: &World, service: &Service<&World>, client: &NewApplication) -> String {
    let assertion = assertion(&key(1), world.clock.0.get(), json!({}));
    let issued = run(service.exchange(&default_organization(), &request(client, &assertion)));
    let token = issued.expect("granted").token;
    let header = base64url::decode(token.split('.').next().expect("a header")).expect("base64url");
    let header: Value = serde_json::from_slice(&header).expect("JSON");
    header["kid"].as_str().expect("a kid").into()
}

fn kids(service: &Service<&World>) -> Vec<String> {
    let set = run(service.signing_keys().jwks(&default_organization())).expect("keys");
    let set: Value = serde_json::from_slice(&set).expect("JSON");
    let keys = set["keys"].as_array().expect("an array").iter();
    keys.map(|key| key["kid"].as_str().expect("a kid").into()).collect()
}

fn rotate(service: &Service<&World>) {
    run(service.signing_keys().rotate(&default_organization())).expect("rotated");
}

/// The first key signs before its own beginning where a clock was ahead that made it, and then it stays.
#[test]
fn r73_rotating_keeps_the_key_that_signs() {
    for ahead in [0, 2, 3600, 5 * DAY] {
        for algorithm in [SigningAlgorithm::Es256, SigningAlgorithm::EdDsa] {
            let world = World::default();
            let client = client(&world);
            world.advance(ahead);
            let first = kids(&world.service());
            world.clock.0.set(START);
            assert_eq!(signs(&world, &world.service(), &client), first[0], "{ahead} s ahead");
            let service = node(&world, algorithm);
            rotate(&service);
            rotate(&service);
            let both = kids(&service);
            assert_eq!((both.len(), &both[0]), (2, &first[0]), "{ahead} s ahead");
            assert_eq!(signs(&world, &service, &client), first[0], "{ahead} s ahead");
            world.advance(600);
            assert_eq!(signs(&world, &service, &client), both[1], "{ahead} s ahead");
            world.advance(DAY);
            rotate(&service);
            assert_eq!(kids(&service)[..2], both);
            world.advance(1);
            rotate(&service);
            assert!(!kids(&service).contains(&first[0]), "after its last token");
        }
    }
}

/// A clock that is behind another one by less than a minute drops nothing that signs by that one.
#[test]
fn r73_rotating_by_a_clock_that_is_behind() {
    let world = World::default();
    let (service, client) = (world.service(), client(&world));
    kids(&service);
    rotate(&service);
    world.advance(600);
    let second = signs(&world, &service, &client);
    world.clock.0.set(START + 570);
    rotate(&service);
    assert!(kids(&service).contains(&second));
}

/// Nodes with different algorithms take nothing from each other, however often each is asked.
#[test]
fn r73_nodes_with_different_algorithms() {
    let world = World::default();
    let client = client(&world);
    let nodes = [node(&world, SigningAlgorithm::Es256), node(&world, SigningAlgorithm::EdDsa)];
    let signing = || nodes.each_ref().map(|node| signs(&world, node, &client));
    let first = kids(&nodes[0]);
    let both = kids(&nodes[1]);
    assert_eq!((both.len(), &both[0]), (2, &first[0]));
    for _ in 0..20 {
        for node in &nodes {
            assert_eq!(kids(node), both);
        }
        world.advance(29);
        assert_eq!(signing(), [first[0].clone(), first[0].clone()]);
    }
    world.advance(20);
    assert_eq!(signing(), [both[0].clone(), both[1].clone()], "each with its own");
    world.advance(3 * DAY);
    assert_eq!((signing().to_vec(), kids(&nodes[0])), (both.clone(), both.clone()), "they stay");

    // A rotation on one of them renews the key of the other, too.
    rotate(&nodes[0]);
    assert_eq!(signing().to_vec(), both);
    let four = kids(&nodes[1]);
    assert_eq!((four.len(), &four[..2]), (4, &both[..]));
    world.advance(600);
    assert_eq!(signing().to_vec(), four[2..]);
    assert_eq!((kids(&nodes[0]), kids(&nodes[1])), (four.clone(), four.clone()));
    world.advance(DAY + 1);
    rotate(&nodes[1]);
    assert_eq!(kids(&nodes[0])[..2], four[2..], "those of before are gone");
    let added = world.events.1.borrow().iter().filter(|event| event["event"] == "signing-key-added").count();
    assert_eq!(added, 6);
}

/// Whatever nodes of different settings do, and when: a key is published before it signs, unless it is the very first, and
/// for as long as a token of it is good.
#[test]
fn r73_whatever_nodes_do() {
    let world = World::default();
    let client = client(&world);
    let nodes = [SigningAlgorithm::Es256, SigningAlgorithm::EdDsa].map(|one| node(&world, one));
    let mut published: BTreeMap<String, u64> = BTreeMap::new();
    let mut signed: BTreeMap<String, u64> = BTreeMap::new();
    let mut seed: u64 = 7;
    let mut random = |below: u64| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (seed >> 33) % below
    };
    for _ in 0..600 {
        let pauses = [1, 30, 299, 301, 599, 601, 3600, DAY / 3, DAY + 1];
        world.advance(pauses[usize::try_from(random(9)).expect("small")]);
        let now = world.clock.0.get();
        let node = &nodes[usize::try_from(random(2)).expect("small")];
        match random(8) {
            0 => rotate(node),
            1..4 => {
                let is_first = published.is_empty();
                let kid = signs(&world, node, &client);
                let since = published.get(&kid).copied();
                assert!(is_first || since.is_some_and(|since| since + 300 <= now), "{since:?} {now}");
                signed.insert(kid, now);
            }
            _ => {}
        }
        let kids = kids(node);
        for kid in &kids {
            published.entry(kid.clone()).or_insert(now);
        }
        for (kid, last) in &signed {
            assert!(kids.contains(kid) || last + DAY < now, "its last token is {} s old", now - last);
        }
    }
}
