//! What a record holds, when it is written, and how much of a lasting load is.

use asserta_core::client_auth::{Presented, PresentedBy};
use asserta_core::grants::TokenQuestion;
use asserta_core::service::{NewApplication, TrustDocument};
use serde_json::json;

use super::{Party, records, service};
use crate::world::{START, World, assertion, metadata, request, run, secret};

/// R75: the log has what the event has, the newest first, and can be asked for a part of it.
#[test]
fn r75_what_is_recorded() {
    let world = World::default();
    let (party, service) = (Party::new(&world, "default"), service(&world));
    party.exchange(&world, &service);
    world.advance(5);
    party.intrude(&world, &service);
    world.advance(5);
    let stale = request(&party.client, &assertion(&party.idp, START - 9000, json!({})));
    run(service.exchange(&party.organization, &stale)).expect_err("expired");
    let all = party.all(&service);
    let seen: Vec<_> =
        all.iter().map(|one| (one.time, one.outcome.as_str(), one.reason.as_deref())).collect();
    assert_eq!(
        seen,
        [
            (START + 10, "refused", Some("assertion-expired")),
            (START + 5, "refused", Some("client-unauthenticated")),
            (START, "granted", None),
        ]
    );
    let event = world.events.1.borrow().iter().find(|event| event["outcome"] == "granted").cloned();
    let (event, granted) = (event.expect("an event"), &all[2]);
    let grant = "urn:ietf:params:oauth:grant-type:jwt-bearer";
    assert_eq!(granted.jti_sha256.as_deref(), event["jti_sha256"].as_str());
    assert_eq!(granted.client_id.as_deref(), Some(party.client_id()));
    assert_eq!(
        (granted.grant_type.as_deref(), granted.trusted_issuer.as_deref()),
        (Some(grant), Some("idp"))
    );
    let count = |query: &str| party.page(&service, query).items.len();
    assert_eq!(count("outcome=refused"), 2);
    assert_eq!((count("reason=assertion-expired"), count("reason=no-rule-fits")), (1, 0));
    assert_eq!((count("trusted_issuer=idp&outcome=granted"), count("rule=none")), (1, 0));
    assert_eq!((count(&format!("client_id={}", party.client_id())), count("client_id=other")), (3, 0));
}

/// R75, R111, R112: what was revoked is in the log, by the digest of the token's `jti`, and so is a revocation that was refused;
/// whoever only asks about a token leaves nothing.
#[test]
fn r75_what_was_revoked() {
    let world = World::default();
    let (party, service) = (Party::new(&world, "default"), service(&world));
    let other = run(service.registry().create_application(&party.organization, metadata(json!({}))));
    let other = other.expect("registered");
    let asked = request(&party.client, &party.assertion(&world));
    let token = run(service.exchange(&party.organization, &asked)).expect("a token").token;
    let question = |client: &NewApplication, secret: &str, token: &str| {
        let id = client.application.client_id();
        TokenQuestion::new(Presented::secret(id, secret, PresentedBy::Basic), token)
    };
    let revoke = |client: &NewApplication, secret: &str, token: &str| {
        run(service.revoke(&party.organization, &question(client, secret, token)))
    };
    world.advance(1);
    revoke(&other, secret(&other), &token).expect_err("another client's");
    revoke(&party.client, "wrong", &token).expect_err("a stranger");
    run(service.introspect(&party.organization, &question(&party.client, secret(&party.client), &token)))
        .expect("answered");
    revoke(&party.client, secret(&party.client), "unknown").expect("nothing to revoke");
    world.advance(1);
    revoke(&party.client, secret(&party.client), &token).expect("revoked");
    world.advance(1);
    let of_idp = serde_json::from_value(json!({ "trusted_issuer": "idp" })).expect("a request");
    run(service.revoke_all(&party.organization, &of_idp)).expect("revoked");
    let seen: Vec<_> = party
        .all(&service)
        .into_iter()
        .map(|one| (one.event, one.outcome, one.reason, one.client_id, one.trusted_issuer, one.jti_sha256))
        .collect();
    let [all, one, as_other, as_stranger, issued] = &seen[..] else { panic!("{seen:?}") };
    let some = |text: &str| Some(text.to_owned());
    let revoked = || "revoked".to_owned();
    assert_eq!(*all, (some("all-revoked"), revoked(), None, None, some("idp"), None));
    assert!(issued.5.is_some() && (&issued.0, issued.1.as_str()) == (&None, "granted"));
    assert_eq!(*one, (some("revocation"), revoked(), None, some(party.client_id()), None, issued.5.clone()));
    let refused = |reason, client: &NewApplication| {
        let client_id = some(client.application.client_id());
        (some("revocation"), "refused".to_owned(), some(reason), client_id, None, None)
    };
    let refusals =
        [refused("token-of-other-client", &other), refused("client-unauthenticated", &party.client)];
    assert!(
        refusals.contains(as_other) && refusals.contains(as_stranger) && as_other != as_stranger,
        "{seen:?}"
    );
    let count = |query: &str| party.page(&service, query).items.len();
    assert_eq!((count("outcome=revoked"), count("outcome=granted"), count("outcome=refused")), (2, 1, 2));
    // What a stranger causes overwrites nothing of a client's.
    let lane = |lane: &str| {
        let prefix = format!("activity/default/{lane}/");
        let entries = world.registry.entries.borrow();
        let records = entries.iter().filter(|(key, _)| key.starts_with(&prefix));
        records
            .map(|(_, record)| String::from_utf8_lossy(record).matches("revocation").count())
            .sum::<usize>()
    };
    assert_eq!((lane("clients"), lane("strangers")), (2, 1));
    // A document turns none of them.
    let document = json!({ "organizations": [{ "name": "default", "trusted_issuers": [] }] });
    let document = TrustDocument::parse(document.to_string().as_bytes(), false).expect("a document");
    let compared = run(service.activity().compare(&document, &[])).expect("compared");
    assert_eq!(compared.compared, 1);
}

/// R3, R75: nothing secret or personal gets into the store: no subject, assertion, secret, token, or `jti` as it is.
#[test]
fn r75_nothing_personal_is_stored() {
    let world = World::default();
    let (party, service) = (Party::new(&world, "default"), service(&world));
    let assertion =
        assertion(&party.idp, START, json!({ "sub": "alice-of-the-log", "jti": "jti-of-the-log" }));
    let token =
        run(service.exchange(&party.organization, &request(&party.client, &assertion))).expect("a token");
    run(service.exchange(&party.organization, &request(&party.client, &assertion))).expect_err("used");
    assert_eq!(party.all(&service).len(), 2);
    let entries = world.registry.entries.borrow();
    let log: Vec<u8> = entries
        .iter()
        .filter(|(key, _)| key.starts_with("activity"))
        .flat_map(|(_, value)| value.clone())
        .collect();
    let log = String::from_utf8_lossy(&log);
    assert!(log.contains("assertion-replayed"), "{log}");
    let parts = assertion.split('.').chain(token.token.split('.'));
    for personal in ["alice-of-the-log", "jti-of-the-log", secret(&party.client)].into_iter().chain(parts) {
        assert!(!log.contains(personal), "{personal}");
    }
}

/// With the setting off nothing is written.
#[test]
fn off_means_that_nothing_is_written() {
    let world = World::default();
    let (party, service) = (Party::new(&world, "default"), world.service());
    for _ in 0..40 {
        party.exchange(&world, &service);
        party.intrude(&world, &service);
    }
    let page = party.page(&service, "");
    assert!(page.items.is_empty() && !page.recording);
    assert_eq!(world.registry.entries.borrow().keys().filter(|key| key.starts_with("activity")).count(), 0);
}

/// An exchange asks the store for nothing more; what is busy is written sixteen decisions at a time, what is quiet at once.
#[test]
fn it_is_written_after_the_response_and_in_batches() {
    let world = World::default();
    let (party, service) = (Party::new(&world, "default"), service(&world));
    let writes = || {
        let entries = world.registry.entries.borrow();
        let values =
            entries.iter().filter(|(key, _)| key.starts_with("activity/")).map(|(_, value)| value.clone());
        values.collect::<Vec<_>>()
    };
    party.exchange(&world, &service);
    assert_eq!(writes().len(), 1, "the first is written at once");
    let first = writes();
    let request = request(&party.client, &party.assertion(&world));
    run(service.exchange(&party.organization, &request)).expect("a token");
    assert_eq!(writes(), first, "an exchange writes nothing of it");
    run(service.after_response()).expect("done");
    assert_eq!(writes(), first, "not yet");
    world.advance(2);
    run(service.after_response()).expect("done");
    assert_eq!(writes().len(), 1, "it is added to the record that has room");
    assert_ne!(writes(), first);
    for _ in 0..13 {
        party.exchange(&world, &service);
    }
    let before = writes();
    party.exchange(&world, &service);
    assert_ne!(writes(), before, "the sixteenth");
    assert_eq!(records(&world), 1);
    party.exchange(&world, &service);
    assert_eq!(party.all(&service).len(), 17);
    assert_eq!(records(&world), 2);
}

/// Lasting load is not written as it comes: it would cost more than what it is about. What is left out is counted.
#[test]
fn lasting_load_is_written_in_part() {
    let world = World::default();
    let (party, service) = (Party::new(&world, "default"), service(&world));
    // The first is written by itself, and gets company.
    for _ in 0..32 * 16 + 8 {
        party.exchange(&world, &service);
    }
    let burst = party.page(&service, "").dropped;
    assert_eq!(burst, 0, "a burst is written whole");
    for _ in 0..100 {
        party.exchange(&world, &service);
    }
    let at_once = records(&world);
    // Who reads the log has what waits written.
    assert!((32..=33).contains(&at_once), "{at_once}");
    world.advance(2);
    for _ in 0..200 {
        party.exchange(&world, &service);
    }
    let written = records(&world);
    assert!((at_once + 3..=at_once + 6).contains(&written), "{written}");
    let dropped = party.page(&service, "").dropped;
    assert!((150..=300).contains(&dropped), "{dropped}");
}
