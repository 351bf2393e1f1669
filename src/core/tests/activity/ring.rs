//! The ring of an organization's records: what it keeps apart, and what disturbs it.

use std::collections::BTreeSet;

use asserta_core::organization::OrganizationId;
use asserta_core::service::ActivityQuery;

use super::{Party, records, service};
use crate::world::{START, World, request, run, run_all};

const RECORDS: usize = 224;
const STRANGERS: usize = 32;

/// The ring is bounded, and has the last decisions.
#[test]
fn the_ring_goes_round() {
    let world = World::default();
    let party = Party::new(&world, "default");
    // Instances that serve one request each, as some hosts have them.
    for _ in 0..RECORDS + 30 {
        party.exchange(&world, &service(&world));
        world.advance(1);
    }
    assert_eq!(records(&world), RECORDS);
    let all = party.all(&service(&world));
    assert_eq!(all.len(), RECORDS);
    let times: Vec<u64> = all.iter().map(|one| one.time).collect();
    let last = START + RECORDS as u64 + 29;
    assert_eq!(times, (last + 1 - RECORDS as u64..=last).rev().collect::<Vec<_>>());
}

/// A record whose slot has gone to another one is not written over it.
#[test]
fn a_record_that_was_overwritten_is_not_written_again() {
    let world = World::default();
    let (party, idle) = (Party::new(&world, "default"), service(&world));
    party.exchange(&world, &idle);
    for _ in 0..RECORDS {
        world.advance(1);
        party.exchange(&world, &service(&world));
    }
    party.exchange(&world, &idle);
    let all = party.all(&idle);
    assert_eq!(records(&world), RECORDS);
    // The last one took its own first with it, in place of the oldest of the others.
    assert_eq!(all.len(), RECORDS + 1);
}

/// Instances of one store write beside each other, and organizations never see each other's.
#[test]
fn instances_and_organizations_do_not_mix() {
    let world = World::default();
    let parties = ["default", "acme", "acme-2"].map(|name| Party::new(&world, name));
    let services = [service(&world), service(&world), service(&world)];
    for round in 0..10 {
        let requests: Vec<_> = (0..9)
            .map(|number| {
                let party = &parties[number / 3];
                (party, request(&party.client, &party.assertion(&world)), &services[number % 3])
            })
            .collect();
        run_all(requests.iter().map(|(party, request, service)| async {
            service.exchange(&party.organization, request).await.expect("a token");
            service.after_response().await.expect("done");
        }));
        world.advance(round % 3);
    }
    world.advance(2);
    for service in &services {
        run(service.after_response()).expect("done");
    }
    for party in &parties {
        let all = party.all(&services[0]);
        assert_eq!(all.len(), 30, "{}", party.organization);
        assert!(all.iter().all(|one| one.client_id.as_deref() == Some(party.client_id())));
        let tokens: BTreeSet<_> = all.iter().map(|one| &one.jti_sha256).collect();
        assert_eq!(tokens.len(), 30, "each once");
    }
    let unknown = OrganizationId::parse("nobody").expect("a name");
    run(services[0].activity().list(&unknown, &ActivityQuery::default())).expect_err("there is none");
}

/// What strangers send is written every two seconds however much it is, is counted, and overwrites nothing but its like.
#[test]
fn strangers_flush_out_nothing() {
    let world = World::default();
    let (party, service) = (Party::new(&world, "default"), service(&world));
    party.exchange(&world, &service);
    let increments = || {
        let entries = world.registry.entries.borrow();
        let count = entries.get("activity-count/default/strangers").cloned().unwrap_or_else(|| vec![0; 8]);
        i64::from_le_bytes(count.try_into().expect("8 bytes"))
    };
    for _ in 0..STRANGERS + 8 {
        for _ in 0..50 {
            party.intrude(&world, &service);
        }
        world.advance(2);
    }
    let written = increments();
    assert!(written <= STRANGERS as i64 + 9, "{written} records in {} seconds", 2 * (STRANGERS + 8));
    assert!(records(&world) <= STRANGERS + 1);
    let page = party.page(&service, "outcome=granted");
    assert_eq!(page.items.len(), 1, "what a client did is still there");
    assert!(page.dropped > 500, "{}", page.dropped);
    assert!(party.all(&service).len() <= STRANGERS * 16 + 1);
}

/// Decisions about organizations that nobody has registered leave nothing, in the store or in memory.
#[test]
fn unknown_organizations_leave_nothing() {
    let world = World::default();
    let (party, service) = (Party::new(&world, "default"), service(&world));
    for number in 0..300 {
        let organization = OrganizationId::parse(&format!("nobody-{number}")).expect("a name");
        let request = request(&party.client, &party.assertion(&world));
        run(service.exchange(&organization, &request)).expect_err("unknown");
        service.tell_refused(&organization, asserta_core::oauth::Reason::WrongMediaType, 1);
        run(service.after_response()).expect("done");
    }
    assert_eq!(records(&world), 0);
    service.tell_refused(&party.organization, asserta_core::oauth::Reason::WrongMediaType, 1);
    assert_eq!(party.all(&service)[0].reason.as_deref(), Some("wrong-media-type"));
}

/// More organizations than there is room for: what waits is written, and nothing grows.
#[test]
fn many_organizations() {
    let world = World::default();
    let service = service(&world);
    let parties: Vec<Party> = (0..260).map(|number| Party::new(&world, &format!("o{number}"))).collect();
    for party in parties.iter().chain(&parties) {
        let request = request(&party.client, &party.assertion(&world));
        run(service.exchange(&party.organization, &request)).expect("a token");
    }
    run(service.after_response()).expect("done");
    assert!(records(&world) >= 256);
    for party in &parties {
        party.exchange(&world, &service);
    }
    assert!(records(&world) <= 780, "one of each decision at most");
    // One that finds all places taken by what waits is lost, and makes room.
    let seen = parties.iter().filter(|party| !party.page(&service, "limit=1").items.is_empty()).count();
    assert!(seen >= 259, "{seen}");
}

/// A store that fails costs the log what waited, and says how much; nothing else.
#[test]
fn a_store_that_fails() {
    let world = World::default();
    let (party, service) = (Party::new(&world, "default"), service(&world));
    party.exchange(&world, &service);
    world.advance(2);
    let request = request(&party.client, &party.assertion(&world));
    run(service.exchange(&party.organization, &request)).expect("a token");
    world.registry.broken.set(true);
    run(service.after_response()).expect_err("the store fails");
    world.registry.broken.set(false);
    world.advance(2);
    party.exchange(&world, &service);
    world.advance(2);
    let page = party.page(&service, "");
    assert_eq!((page.items.len(), page.dropped), (2, 1));
    // A record that can't be read is told, and left out (R74).
    let key = "activity/default/clients/1";
    assert!(world.registry.entries.borrow_mut().insert(key.into(), b"{".to_vec()).is_some());
    assert_eq!(party.page(&service, "").items.len(), 1);
    assert!(world.events.0.borrow().iter().any(|told| told.contains(key)));
}

/// A clock that was set back keeps nothing waiting.
#[test]
fn a_clock_that_was_wrong() {
    let world = World::default();
    let (party, service) = (Party::new(&world, "default"), service(&world));
    world.advance(100_000);
    party.exchange(&world, &service);
    world.clock.0.set(START);
    party.exchange(&world, &service);
    assert_eq!(world.registry.entries.borrow().keys().filter(|key| key.starts_with("activity/")).count(), 1);
    let stored = world.registry.entries.borrow()["activity/default/clients/1"].clone();
    assert_eq!(String::from_utf8(stored).expect("JSON").matches("granted").count(), 2);
}
