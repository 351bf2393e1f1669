//! The activity log (R75): what it holds and what it never does, how it is written, and how much of it there is.

mod world;

use std::cell::Cell;
use std::collections::BTreeSet;

use asserta_core::client_auth::{Presented, PresentedBy};
use asserta_core::grants::{TokenQuestion, TokenRequest};
use asserta_core::jose::key::{SigningAlgorithm, SigningKey};
use asserta_core::organization::OrganizationId;
use asserta_core::service::{
    ActivityPage, ActivityQuery, Comparison, NewApplication, RecordedDecision, Run, Service, Settings,
    TrustDocument, Would,
};
use serde_json::{Value, json};
use world::*;

const RECORDS: usize = 224;
const STRANGERS: usize = 32;

fn service(world: &World) -> Service<&World> {
    let settings = Settings::new("https://as.example/", SigningAlgorithm::Es256, false).expect("a good URL");
    Service::new(world, settings.with_activity(true))
}

/// An organization with a trusted issuer and an application.
struct Party {
    organization: OrganizationId,
    idp: SigningKey,
    client: NewApplication,
    jti: Cell<u32>,
}

impl Party {
    fn new(world: &World, name: &str) -> Self {
        let (service, idp) = (service(world), key(1));
        let organization = OrganizationId::parse(name).expect("a name");
        run(service.registry().put_organization(&organization, None)).expect("registered");
        run(service
            .registry()
            .create_trusted_issuer(&organization, &issuer(json!({ "jwks": jwks(&[&idp]) }))))
        .expect("registered");
        let client = run(service.registry().create_application(&organization, metadata(json!({}))))
            .expect("registered");
        Self { organization, idp, client, jti: Cell::default() }
    }

    fn client_id(&self) -> &str {
        self.client.application.client_id()
    }

    fn assertion(&self, world: &World) -> String {
        self.jti.set(self.jti.get() + 1);
        let audience = match self.organization.as_str() {
            "default" => "https://as.example".to_owned(),
            other => format!("https://as.example/t/{other}"),
        };
        let claims = json!({ "aud": audience, "jti": self.jti.get().to_string(), "email": "alice@example" });
        assertion(&self.idp, world.clock.0.get(), claims)
    }

    /// An exchange, and the work after it.
    fn exchange(&self, world: &World, service: &Service<&World>) {
        let request = request(&self.client, &self.assertion(world));
        run(service.exchange(&self.organization, &request)).expect("a token");
        run(service.after_response()).expect("done");
    }

    /// The same with a wrong secret.
    fn intrude(&self, world: &World, service: &Service<&World>) {
        let credentials = Presented::secret(self.client_id(), "wrong", PresentedBy::Basic);
        let request = TokenRequest::jwt_bearer(credentials, &self.assertion(world), None, None);
        run(service.exchange(&self.organization, &request.expect("short enough"))).expect_err("refused");
        run(service.after_response()).expect("done");
    }

    fn page(&self, service: &Service<&World>, query: &str) -> ActivityPage {
        let query = ActivityQuery::parse(query).expect("a query");
        run(service.activity().list(&self.organization, &query)).expect("listed")
    }

    /// All of the log, page by page.
    fn all(&self, service: &Service<&World>) -> Vec<RecordedDecision> {
        let mut page = self.page(service, "limit=100");
        let mut all = page.items;
        while let Some(next) = page.next {
            page = self.page(service, &format!("limit=100&after={next}"));
            all.append(&mut page.items);
        }
        let ids: BTreeSet<_> = all.iter().map(|item| item.id.clone()).collect();
        assert_eq!(ids.len(), all.len(), "each has its own");
        all.into_iter().map(|item| item.decision).collect()
    }
}

fn records(world: &World) -> usize {
    world.registry.entries.borrow().keys().filter(|key| key.starts_with("activity/")).count()
}

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

fn against(service: &Service<&World>, organization: Value) -> Comparison {
    let document = json!({ "organizations": [organization] }).to_string();
    let document = TrustDocument::parse(document.as_bytes(), false).expect("a document");
    let applied = run(service.registry().apply_each(&document, Run::Dry)).expect("it could be applied");
    run(service.activity().compare(&document, &applied)).expect("compared")
}

fn counts(comparison: &Comparison) -> [usize; 4] {
    [comparison.compared, comparison.same, comparison.otherwise, comparison.unknown]
}

/// What a document would turn is told where the log says enough; elsewhere it is said that it can't be told, and why.
#[test]
fn what_a_document_would_turn() {
    let world = World::default();
    let (party, service) = (Party::new(&world, "default"), service(&world));
    let one = party.client_id().to_owned();
    party.exchange(&world, &service);
    party.exchange(&world, &service);
    party.intrude(&world, &service);
    let stored = |service: &Service<&World>| {
        let issuer = run(service.registry().trusted_issuer(&party.organization, "idp")).expect("there");
        serde_json::to_value(issuer).expect("JSON")
    };
    let issuer = |change: Value| {
        let mut issuer = stored(&service);
        issuer.as_object_mut().expect("an object").append(&mut change.as_object().expect("one").clone());
        json!({ "name": "default", "trusted_issuers": [issuer] })
    };
    let application = |change: Value| {
        let mut application = serde_json::to_value(party.client.application.metadata()).expect("JSON");
        application["client_id"] = one.clone().into();
        application.as_object_mut().expect("an object").append(&mut change.as_object().expect("one").clone());
        json!({ "name": "default", "applications": [application] })
    };
    assert_eq!(counts(&against(&service, issuer(json!({})))), [3, 3, 0, 0]);
    assert_eq!(counts(&against(&service, application(json!({ "client_name": "X" })))), [3, 2, 0, 1]);
    // Refusals that the log is enough for, in the order of an exchange. A refused one may be granted or not.
    for (change, reason) in [
        (application(json!({ "enabled": false })), "client-unauthenticated"),
        (application(json!({ "grant_types": [] })), "grant-not-allowed"),
        (application(json!({ "trusted_issuers": ["other"] })), "issuer-not-allowed"),
        (issuer(json!({ "enabled": false })), "issuer-unknown"),
        (issuer(json!({ "issuer": "https://other.example" })), "issuer-unknown"),
        (issuer(json!({ "rules": [{ "name": "a", "applications": ["other"] }] })), "no-rule-fits"),
        (issuer(json!({ "rules": [{ "name": "a", "mode": "audit" }] })), "no-rule-fits"),
    ] {
        let comparison = against(&service, change);
        assert_eq!(comparison.otherwise, 2, "{reason}: {comparison:?}");
        let item = comparison.items.iter().find(|item| item.would_be == Would::Refused).expect("an item");
        assert_eq!((item.count, item.outcome.as_str()), (2, "granted"));
        assert_eq!(item.would_be_reason.map(|reason| reason.name()), Some(reason));
        let shown = serde_json::to_value(item).expect("JSON");
        assert_eq!((&shown["would_be"], &shown["would_be_reason"]), (&json!("refused"), &json!(reason)));
    }
    // What depends on claims, scopes or keys can't be told.
    for (change, because) in [
        (issuer(json!({ "subjects": ["bob"] })), "trusted_issuer.subjects"),
        (issuer(json!({ "rules": [{ "name": "a", "subjects": ["bob"] }] })), "trusted_issuer.rules"),
        (application(json!({ "scope": "read" })), "application.scope"),
    ] {
        let comparison = against(&service, change);
        assert_eq!(comparison.otherwise, 0, "{because}");
        let item = comparison.items.iter().find(|item| item.outcome == "granted").expect("an item");
        assert_eq!(
            (item.would_be, item.count, item.because.clone()),
            (Would::Unknown, 2, vec![because.to_owned()])
        );
    }
    // An organization that is not there yet has decided nothing.
    assert_eq!(counts(&against(&service, json!({ "name": "new" }))), [0, 0, 0, 0]);
}

/// A rule that decided decides again, where it and those before it stay.
#[test]
fn what_other_rules_would_turn() {
    let world = World::default();
    let (party, service) = (Party::new(&world, "default"), service(&world));
    let with_rules = |rules: Value| {
        let mut issuer =
            json!({ "name": "idp", "issuer": ISSUER, "jwks": jwks(&[&party.idp]), "rules": rules });
        if rules.is_null() {
            issuer.as_object_mut().expect("an object").remove("rules");
        }
        json!({ "name": "default", "trusted_issuers": [issuer] })
    };
    let (first, second) = (json!({ "name": "1", "subjects": ["bob"] }), json!({ "name": "2" }));
    let document = json!({ "organizations": [with_rules(json!([first, second]))] }).to_string();
    let document = TrustDocument::parse(document.as_bytes(), false).expect("a document");
    run(service.registry().apply(&document)).expect("applied");
    party.exchange(&world, &service);
    assert_eq!(party.all(&service)[0].rule.as_deref(), Some("2"));
    let third = json!({ "name": "3" });
    for (rules, expected) in [
        (json!([first, second, third]), [1, 1, 0, 0]),
        (json!([second, first]), [1, 1, 0, 0]),
        (json!([second]), [1, 1, 0, 0]),
        (json!([third, second]), [1, 0, 0, 1]),
        (json!([first]), [1, 0, 0, 1]),
        (json!([first, { "name": "2", "scopes": ["read"] }]), [1, 0, 0, 1]),
        (json!([{ "name": "2", "applications": ["other"] }]), [1, 0, 1, 0]),
        (json!(null), [1, 0, 0, 1]),
    ] {
        assert_eq!(counts(&against(&service, with_rules(rules.clone()))), expected, "{rules}");
    }
}
