//! A node whose store is slow, and whose turn to change registrations runs out before it is done.

mod world;

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use asserta_core::service::RegistryError;
use serde_json::json;
use world::*;

/// Takes so many steps, or all, of which each takes so many milliseconds.
fn slowly<T>(
    world: &World,
    mut future: Pin<&mut impl Future<Output = T>>,
    steps: u64,
    each: u64,
) -> Option<T> {
    for step in 0..steps {
        if let Poll::Ready(value) = future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            return Some(value);
        }
        world.advance((step + 1) * each / 1000 - step * each / 1000);
    }
    None
}

/// What another node has acknowledged meanwhile is not undone.
#[test]
fn a_turn_that_runs_out_undoes_nothing() {
    let (mut over, mut refused) = (0, 0);
    for (step, each) in (0..30).flat_map(|step| [900, 1300, 2000].map(|each| (step, each))) {
        let (world, organization) = (World::default(), default_organization());
        let (one, other) = (world.service(), world.service());
        let new = run(one.registry().create_application(&organization, metadata(json!({})))).expect("new");
        let id = new.application.client_id();
        // The second before the quarter is over that a turn is called by.
        world.advance(14);
        let mut renewed = Box::pin(one.registry().renew_secret(&organization, id));
        let mut answer = slowly(&world, renewed.as_mut(), step, each);
        let disabled = metadata(json!({ "enabled": false }));
        let acknowledged = run(other.registry().replace_application(&organization, id, disabled)).is_ok();
        if answer.is_none() {
            answer = slowly(&world, renewed.as_mut(), 1000, each);
            over += usize::from(acknowledged);
        }
        refused += usize::from(answer.expect("an answer").is_err());
        let application = run(other.registry().application(&organization, id)).expect("there");
        assert!(!acknowledged || !application.metadata().enabled, "step {step} of {each} ms");
    }
    assert!(over > 0 && refused > 0, "{over} {refused}");
}

/// Of two issuers of one value at most one is registered.
#[test]
fn a_turn_that_runs_out_registers_nothing() {
    for (step, each) in (0..30).flat_map(|step| [900, 1300, 2000].map(|each| (step, each))) {
        let (world, organization) = (World::default(), default_organization());
        let (one, other) = (world.service(), world.service());
        let named = |name: &str| issuer(json!({ "name": name, "jwks": jwks(&[&key(1)]) }));
        let (first, second) = (named("a"), named("b"));
        world.advance(14);
        let mut slow = Box::pin(one.registry().create_trusted_issuer(&organization, &first));
        let mut answer = slowly(&world, slow.as_mut(), step, each);
        let fast = run(other.registry().create_trusted_issuer(&organization, &second));
        if answer.is_none() {
            answer = slowly(&world, slow.as_mut(), 1000, each);
        }
        let answers = [answer.expect("an answer"), fast];
        assert!(
            answers.iter().filter(|answer| answer.is_ok()).count() <= 1,
            "step {step} of {each} ms: {answers:?}"
        );
        for refused in answers.into_iter().filter_map(Result::err) {
            let is_fair = matches!(refused, RegistryError::IssuerTaken(_) | RegistryError::Busy);
            assert!(is_fair, "step {step} of {each} ms: {refused:?}");
        }
        world.advance(30);
        let left = ["a", "b"].map(|name| run(other.registry().trusted_issuer(&organization, name)).is_ok());
        assert!(left != [true, true], "step {step} of {each} ms");
    }
}

/// A document that takes longer than a turn is applied in several.
#[test]
fn a_long_document_takes_several_turns() {
    let (world, organization) = (World::default(), default_organization());
    let service = world.service();
    let issuers: Vec<_> = (0..20)
        .map(|number| {
            let value = format!("https://{number}.example");
            json!({ "name": format!("i{number}"), "issuer": value, "jwks": jwks(&[&key(1)]) })
        })
        .collect();
    let document = json!({ "organizations": [{ "name": "default", "trusted_issuers": issuers }] });
    let document = asserta_core::service::TrustDocument::parse(document.to_string().as_bytes(), false);
    let document = document.map_err(|error| error.to_string()).expect("a document");
    world.advance(14);
    let mut applying = Box::pin(service.registry().apply(&document));
    let report = slowly(&world, applying.as_mut(), 1000, 130).expect("an answer");
    assert_eq!(report.map(|report| report.created), Ok(20));
    assert!(world.clock.0.get() > START + 30, "{}", world.clock.0.get() - START);
    assert!(run(service.registry().trusted_issuer(&organization, "i19")).is_ok());
}
