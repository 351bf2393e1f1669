//! A document whose fetch began before its owner's keys were forgotten is nobody's (R48, R52).

mod world;

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Waker};

use asserta_core::oauth::Reason;
use asserta_core::ports::FetchProblem;
use serde_json::json;
use world::fetched_keys::*;
use world::*;

/// Takes steps until so many documents were asked for.
fn until_asked<T>(world: &World, mut future: Pin<&mut impl Future<Output = T>>, fetches: u32) {
    while world.endpoint.fetches.get() < fetches {
        assert!(future.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    }
}

fn remove_and_register_again(world: &World) {
    let (service, organization) = (world.service(), default_organization());
    run(service.registry().remove_trusted_issuer(&organization, "idp")).expect("removed");
    let again = issuer(json!({ "jwks_uri": URI, "replay": "allow" }));
    run(service.registry().create_trusted_issuer(&organization, &again)).expect("registered again");
}

/// Whatever second of the window it began in: also where that window is over.
#[test]
fn r48_a_fetch_from_before_the_issuer_was_registered_again() {
    for second in [0, 29] {
        let (world, old, new) = (World::default(), key(1), key(2));
        world.advance(second);
        let (one, other) = (world.service(), world.service());
        let client = register(&one);
        world.endpoint.serve(&jwks(&[&old]), Some(86_400));
        let assertion = signed(&world, &old);
        let mut slow = Box::pin(exchange(&one, &client, &assertion));
        until_asked(&world, slow.as_mut(), 1);
        world.advance(1);
        remove_and_register_again(&world);
        assert_eq!(run(slow), Err(Reason::KeysUnavailable), "second {second}");
        world.endpoint.serve(&jwks(&[&new]), Some(86_400));
        assert_eq!(run(exchange(&other, &client, &signed(&world, &new))), Ok(()), "second {second}");
        assert_eq!(run(exchange(&other, &client, &signed(&world, &old))), Err(Reason::KeyUnknown));
    }
}

/// Another request has the turn by then, which is called the same; its own fetch brings nothing.
#[test]
fn r48_a_fetch_from_before_in_the_turn_of_another_request() {
    let (world, old, new) = (World::default(), key(1), key(2));
    let (one, other) = (world.service(), world.service());
    let client = register(&one);
    world.endpoint.serve(&jwks(&[&old]), Some(86_400));
    let (by_old, by_new) = (signed(&world, &old), signed(&world, &new));
    let mut slow = Box::pin(exchange(&one, &client, &by_old));
    until_asked(&world, slow.as_mut(), 1);
    remove_and_register_again(&world);
    let mut after = Box::pin(exchange(&other, &client, &by_new));
    until_asked(&world, after.as_mut(), 2);
    assert_eq!(run(slow), Err(Reason::KeysUnavailable));
    world.endpoint.fail_at(URI, FetchProblem::Status(500));
    assert_eq!(run(after), Err(Reason::KeysUnavailable));
    for instance in [&one, &other, &world.service()] {
        assert_eq!(run(exchange(instance, &client, &by_old)), Err(Reason::KeysUnavailable));
    }
}

/// Whenever it is forgotten, up to the last step of the fetch.
#[test]
fn r48_forgotten_at_any_step_of_the_fetch() {
    let (mut steps, mut is_over) = (0, false);
    while !is_over {
        let (world, old) = (World::default(), key(1));
        let (one, other) = (world.service(), world.service());
        let client = register(&one);
        // It is there, so that the exchange takes no lock.
        run(one.signing_keys().list(&default_organization())).expect("made");
        world.endpoint.serve(&jwks(&[&old]), Some(86_400));
        let assertion = signed(&world, &old);
        let mut slow = Box::pin(exchange(&one, &client, &assertion));
        until_asked(&world, slow.as_mut(), 1);
        for _ in 0..steps {
            is_over |= slow.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_ready();
            if is_over {
                break;
            }
        }
        remove_and_register_again(&world);
        if !is_over {
            // It may be granted: it began before.
            _ = run(slow);
        }
        world.endpoint.fail_at(URI, FetchProblem::Status(500));
        let refused = run(exchange(&other, &client, &assertion));
        assert_eq!(refused, Err(Reason::KeysUnavailable), "step {steps}");
        steps += 1;
    }
    assert!(steps > 25, "{steps} steps");
}

/// R54: the metadata says that the keys are elsewhere, and then that they are where they were.
#[test]
fn r54_a_fetch_from_before_the_metadata_changed() {
    const OPENID: &str = "https://idp.example/.well-known/openid-configuration";
    let metadata_of = |uri: &str| json!({ "issuer": ISSUER, "jwks_uri": uri }).to_string();
    let (world, old, new) = (World::default(), key(1), key(2));
    world.advance(20);
    let (one, other, organization) = (world.service(), world.service(), default_organization());
    let client = register(&one);
    let discovered = issuer(json!({ "discovery": true, "replay": "allow" }));
    run(one.registry().put_trusted_issuer(&organization, "idp", &discovered)).expect("put");
    world.endpoint.serve_at(OPENID, &metadata_of(URI));
    world.endpoint.serve_at(URI, &jwks(&[&old]).to_string());
    let assertion = signed(&world, &old);
    let mut slow = Box::pin(exchange(&one, &client, &assertion));
    until_asked(&world, slow.as_mut(), 2);
    world.advance(15);
    let check = || run(other.check_issuer_keys(&organization, "idp")).expect("checked");
    let elsewhere = "https://keys.example/jwks";
    world.endpoint.serve_at(OPENID, &metadata_of(elsewhere));
    world.endpoint.serve_at(elsewhere, &jwks(&[&new]).to_string());
    assert_eq!(check().usable, 1);
    assert_eq!(run(slow), Err(Reason::KeysUnavailable));
    let report = run(other.report_issuer_keys(&organization, "idp")).expect("listed");
    assert_eq!(report.keys[0].kid.as_deref(), Some(new.kid()));
}

/// R27: the keys of an application are forgotten in the same way.
#[test]
fn r27_a_fetch_from_before_the_application_was_removed() {
    use world::keyed_clients::{ask, good, granted, request_by_key, trusting};
    for second in [0, 29] {
        let world = trusting();
        world.advance(second);
        let id = "app1";
        let document = json!({ "organizations": [{ "name": "default", "applications": [{
            "client_id": id, "token_endpoint_auth_method": "private_key_jwt", "jwks_uri": URI,
            "grant_types": ["urn:ietf:params:oauth:grant-type:jwt-bearer"],
        }] }] });
        let document = asserta_core::service::TrustDocument::parse(document.to_string().as_bytes(), false);
        let document = document.map_err(|error| error.to_string()).expect("a document");
        let (one, organization) = (world.service(), default_organization());
        run(one.registry().apply(&document)).expect("applied");
        world.endpoint.serve(&jwks(&[&key(2)]), Some(86_400));
        let request = request_by_key(None, &good(id, "1"), &granted("1"));
        let mut slow = Box::pin(one.exchange(&organization, &request));
        until_asked(&world, slow.as_mut(), 1);
        world.advance(1);
        run(world.service().registry().remove_application(&organization, id)).expect("removed");
        run(world.service().registry().apply(&document)).expect("applied again");
        assert_eq!(run(slow).map(drop).map_err(|refusal| refusal.reason), Err(Reason::KeysUnavailable));
        world.endpoint.serve(&jwks(&[&key(4)]), Some(86_400));
        ask(&world, None, &good(id, "2"), &granted("2")).expect_err("withdrawn");
    }
}
