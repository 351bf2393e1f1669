//! What withdraws a key holds in every instance, fetches are by address, clocks heal, and causes are told
//! (R48, R50 to R53, R56).

mod world;

use std::future::Future as _;
use std::pin::pin;
use std::task::{Context, Waker};

use asserta_core::jose::Portable;
use asserta_core::jose::base64url;
use asserta_core::jose::key::SigningKey;
use asserta_core::oauth::Reason;
use asserta_core::ports::{FetchProblem, FetchedDocument, KeyFetcher, Ports};
use asserta_core::service::{self, NewApplication, Service};
use serde_json::{Value, json};
use world::*;

const URI: &str = "https://idp.example/jwks";

fn register<P: Ports>(service: &Service<P>) -> NewApplication {
    let trusted = issuer(json!({ "jwks_uri": URI, "replay": "allow" }));
    run(service.registry().create_trusted_issuer(&default_organization(), &trusted)).expect("registered");
    run(service.registry().create_application(&default_organization(), metadata(json!({}))))
        .expect("registered")
}

async fn exchange<P: Ports>(
    service: &Service<P>,
    client: &NewApplication,
    assertion: &str,
) -> Result<(), Reason> {
    let outcome = service.exchange(&default_organization(), &request(client, assertion)).await;
    outcome.map(drop).map_err(|refusal| refusal.reason)
}

fn signed(world: &World, key: &SigningKey) -> String {
    assertion(key, world.clock.0.get(), json!({}))
}

/// An assertion that names no key.
fn unnamed(world: &World, key: &SigningKey) -> String {
    let text = signed(world, key);
    let claims = text.split('.').nth(1).expect("claims");
    let header = base64url::encode(json!({ "alg": "EdDSA" }).to_string().as_bytes());
    let input = format!("{header}.{claims}");
    let signature = base64url::encode(&key.sign(input.as_bytes(), &[0; 32]));
    format!("{input}.{signature}")
}

/// The keys without a `kid`.
fn unnamed_jwks(keys: &[&SigningKey]) -> Value {
    let mut document = jwks(keys);
    for key in document["keys"].as_array_mut().expect("an array") {
        key.as_object_mut().expect("an object").remove("kid");
    }
    document
}

fn turns(world: &World) -> usize {
    world.registry.entries.borrow().keys().filter(|key| key.starts_with("jwks-turn/")).count()
}

fn saw(service: &Service<&World>, assertion: &str) -> String {
    let explained = run(service.explain(&default_organization(), assertion, None)).expect("explained");
    explained.checks.iter().map(|check| format!("{}: {}\n", check.check, check.saw)).collect()
}

/// R48, R52: once one instance has stored a newer document, no other uses the older one, however long that is fresh.
#[test]
fn a_withdrawn_key_is_gone_everywhere() {
    let (world, old, new) = (World::default(), key(1), key(2));
    let client = register(&world.service());
    world.endpoint.serve(&jwks(&[&old, &new]), Some(86_400));
    let instances: Vec<_> = (0..3).map(|_| world.service()).collect();
    for instance in &instances {
        assert_eq!(run(exchange(instance, &client, &signed(&world, &old))), Ok(()));
    }
    world.advance(40);
    world.endpoint.serve(&jwks(&[&new]), Some(86_400));
    assert_eq!(run(exchange(&instances[0], &client, &signed(&world, &key(9)))), Err(Reason::KeyUnknown));
    assert_eq!(world.endpoint.fetches.get(), 2);
    for instance in &instances {
        assert_eq!(run(exchange(instance, &client, &signed(&world, &old))), Err(Reason::KeyUnknown));
        assert_eq!(run(exchange(instance, &client, &signed(&world, &new))), Ok(()));
    }
    assert_eq!(world.endpoint.fetches.get(), 2);
}

/// The same text again costs nobody what was parsed: the organization's counter stays.
#[test]
fn the_same_text_changes_nothing() {
    let (world, idp) = (World::default(), key(1));
    let service = world.service();
    let client = register(&service);
    world.endpoint.serve(&jwks(&[&idp]), Some(60));
    assert_eq!(run(exchange(&service, &client, &signed(&world, &idp))), Ok(()));
    let generation = || world.registry.entries.borrow().get("generation/default").cloned();
    let before = generation();
    world.advance(61);
    assert_eq!(run(exchange(&service, &client, &signed(&world, &idp))), Ok(()));
    run(service.after_response()).expect("done");
    assert_eq!((world.endpoint.fetches.get(), generation()), (2, before));
}

/// An issuer that is removed and registered again begins without a document, in every instance, and fetches at once.
#[test]
fn registered_again_begins_anew() {
    let (world, old, new) = (World::default(), key(1), key(2));
    let (one, other) = (world.service(), world.service());
    let client = register(&one);
    world.endpoint.serve(&jwks(&[&old, &new]), Some(86_400));
    for instance in [&one, &other] {
        assert_eq!(run(exchange(instance, &client, &signed(&world, &old))), Ok(()));
    }
    world.endpoint.serve(&jwks(&[&new]), Some(86_400));
    run(one.registry().remove_trusted_issuer(&default_organization(), "idp")).expect("removed");
    assert_eq!(run(exchange(&other, &client, &signed(&world, &old))), Err(Reason::IssuerUnknown));
    let trusted = issuer(json!({ "jwks_uri": URI, "replay": "allow" }));
    run(one.registry().create_trusted_issuer(&default_organization(), &trusted)).expect("registered");
    for instance in [&other, &one] {
        assert_eq!(run(exchange(instance, &client, &signed(&world, &new))), Ok(()));
        assert_eq!(run(exchange(instance, &client, &signed(&world, &old))), Err(Reason::KeyUnknown));
    }
    assert_eq!((world.endpoint.fetches.get(), world.clock.1.get()), (2, 0), "nobody waits");
}

/// Nothing cached outlives a minute, whatever became of the counter: the store is read again, the endpoint is not.
#[test]
fn a_document_is_read_again_after_a_minute() {
    let (world, idp) = (World::default(), key(1));
    let service = world.service();
    let client = register(&service);
    world.endpoint.serve(&jwks(&[&idp]), Some(86_400));
    assert_eq!(run(exchange(&service, &client, &signed(&world, &idp))), Ok(()));
    world.registry.entries.borrow_mut().remove("jwks/default/idp");
    world.endpoint.serve(&jwks(&[&key(2)]), None);
    world.advance(60);
    assert_eq!(run(exchange(&service, &client, &signed(&world, &idp))), Err(Reason::KeyUnknown));
}

/// R52: a corrected address has a fetch of its own at once.
#[test]
fn another_address_is_fetched_at_once() {
    let (world, idp) = (World::default(), key(1));
    let (one, other) = (world.service(), world.service());
    let client = register(&one);
    assert_eq!(run(exchange(&one, &client, &signed(&world, &idp))), Err(Reason::KeysUnavailable));
    world.endpoint.serve(&jwks(&[&idp]), None);
    let corrected = issuer(json!({ "jwks_uri": "https://idp.example/keys", "replay": "allow" }));
    run(one.registry().put_trusted_issuer(&default_organization(), "idp", &corrected)).expect("replaced");
    assert_eq!(run(exchange(&other, &client, &signed(&world, &idp))), Ok(()));
    assert_eq!((world.endpoint.fetches.get(), world.clock.1.get()), (2, 0), "nobody waits");
}

/// R52: where the instance that fetches is gone, those who wait find out once, and nobody waits after them.
#[test]
fn a_fetch_that_never_ends_is_waited_for_once() {
    let (world, idp) = (World::default(), key(1));
    let service = world.service();
    let client = register(&service);
    world.endpoint.serve(&jwks(&[&idp]), None);
    {
        let dying = world.service();
        let assertion = signed(&world, &idp);
        let mut exchanging = pin!(exchange(&dying, &client, &assertion));
        while world.endpoint.fetches.get() == 0 {
            assert!(exchanging.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
        }
    }
    assert_eq!(run(exchange(&service, &client, &signed(&world, &idp))), Err(Reason::KeysUnavailable));
    let waited = world.clock.1.get();
    assert!(waited > 0);
    for _ in 0..3 {
        let other = world.service();
        assert_eq!(run(exchange(&other, &client, &signed(&world, &idp))), Err(Reason::KeysUnavailable));
    }
    assert_eq!((world.clock.1.get(), world.endpoint.fetches.get()), (waited, 1));
    world.advance(30);
    assert_eq!(run(exchange(&service, &client, &signed(&world, &idp))), Ok(()));
}

/// R52: a key that changed without a `kid`, or under the same one, is fetched once, and the signature tried again.
#[test]
fn a_key_that_changed_in_secret() {
    let (world, old, new) = (World::default(), key(1), key(2));
    let (one, other) = (world.service(), world.service());
    let client = register(&one);
    world.endpoint.serve(&unnamed_jwks(&[&old]), Some(86_400));
    for instance in [&one, &other] {
        assert_eq!(run(exchange(instance, &client, &unnamed(&world, &old))), Ok(()));
    }
    world.endpoint.serve(&unnamed_jwks(&[&new]), Some(86_400));
    let refused = Err(Reason::SignatureInvalid);
    assert_eq!(run(exchange(&one, &client, &unnamed(&world, &new))), refused, "fetched in this window");
    assert_eq!(world.endpoint.fetches.get(), 1);
    world.advance(30);
    assert_eq!(run(exchange(&one, &client, &unnamed(&world, &new))), Ok(()));
    assert_eq!(run(exchange(&other, &client, &unnamed(&world, &new))), Ok(()));
    assert_eq!(run(exchange(&other, &client, &unnamed(&world, &old))), refused);
    assert_eq!(world.endpoint.fetches.get(), 2);
}

/// R52: whatever is sent, one fetch in 30 seconds, also across the seam of two windows.
#[test]
fn bad_signatures_cause_one_fetch_in_30_seconds() {
    let (world, idp, stranger) = (World::default(), key(1), key(2));
    let service = world.service();
    let client = register(&service);
    world.advance(29);
    world.endpoint.serve(&unnamed_jwks(&[&idp]), Some(86_400));
    for second in 0..91 {
        let assertions: Vec<_> = (0..5).map(|_| unnamed(&world, &stranger)).collect();
        let outcomes = run_all(assertions.iter().map(|assertion| exchange(&service, &client, assertion)));
        assert!(outcomes.iter().all(|outcome| *outcome == Err(Reason::SignatureInvalid)), "{outcomes:?}");
        assert_eq!(world.endpoint.fetches.get(), 1 + second / 30, "second {second}");
        world.advance(1);
    }
}

/// R51: a document that was fetched while the clock was a year ahead is fetched again when it is right.
#[test]
fn a_clock_that_was_ahead_heals() {
    const YEAR: u64 = 365 * 86_400;
    let (world, old, new) = (World::default(), key(1), key(2));
    let client = register(&world.service());
    world.advance(YEAR);
    world.endpoint.serve(&jwks(&[&old, &new]), None);
    assert_eq!(run(exchange(&world.service(), &client, &signed(&world, &old))), Ok(()));
    world.clock.0.set(START);
    world.endpoint.serve(&jwks(&[&new]), None);
    let service = world.service();
    assert_eq!(run(exchange(&service, &client, &signed(&world, &new))), Ok(()), "stale, for now");
    run(service.after_response()).expect("done");
    assert_eq!(run(exchange(&service, &client, &signed(&world, &old))), Err(Reason::KeyUnknown));

    // And where the endpoint is down when the clock is right again, for a day and no longer.
    world.advance(YEAR);
    run(exchange(&world.service(), &client, &signed(&world, &old))).expect_err("one more fetch");
    world.clock.0.set(START + 1000);
    world.endpoint.fail();
    let service = world.service();
    assert_eq!(run(exchange(&service, &client, &signed(&world, &new))), Ok(()));
    run(service.after_response()).expect("done");
    world.advance(86_400);
    assert_eq!(run(exchange(&service, &client, &signed(&world, &new))), Err(Reason::KeysUnavailable));
}

/// Turns do not pile up, and those that older versions left behind are deleted; also where the record that says when
/// can't be read (R74).
#[test]
fn turns_are_deleted() {
    let (world, idp) = (World::default(), key(1));
    let service = world.service();
    let client = register(&service);
    world.endpoint.serve(&jwks(&[&idp]), Some(60));
    for number in 0..40 {
        let key = format!("jwks-turn/default/{}/idp", START / 30 - 3 * (number + 1));
        world.registry.entries.borrow_mut().insert(key, vec![1; 8]);
    }
    world.registry.entries.borrow_mut().insert("next-turn-sweep".into(), b"?".to_vec());
    for _ in 0..6 {
        run(exchange(&service, &client, &signed(&world, &idp))).expect("granted");
        run(service.after_response()).expect("done");
        world.advance(90);
    }
    assert_eq!((world.endpoint.fetches.get(), turns(&world)), (6, 1));
}

/// R53, R56: why keys did not come, and which were skipped, stands in `explain` and in the log, once for each fetch.
#[test]
fn causes_are_told() {
    let ed25519 = json!({ "kty": "OKP", "crv": "Ed25519", "x": "AAAA" });
    let p256 = json!({ "kty": "EC", "crv": "P-256", "x": "AAAA", "y": "AAAA" });
    let padded = json!({ "kty": "RSA", "n": "AAAA==", "e": "AQAB" });
    let spiffe = json!({ "kty": "EC", "crv": "P-256", "use": "jwt-svid", "x": "AAAA", "y": "AAAA" });
    let documents = [
        ("<html>", vec!["HTML"]),
        (r#"{"issuer":"https://idp.example","jwks_uri":"https://idp.example/jwks"}"#, vec!["jwks_uri"]),
        (r#"{"keys":[]}"#, vec!["empty"]),
        (&json!({ "keys": [ed25519, p256] }).to_string(), vec!["keys[0]: ", "keys[1]: "]),
        (&json!({ "keys": [padded] }).to_string(), vec!["keys[0]: n", "padd"]),
        (&json!({ "keys": [spiffe] }).to_string(), vec!["keys[0]: ", "jwt-svid"]),
    ];
    let problems = [
        (FetchProblem::Status(404), "404"),
        (FetchProblem::Status(401), "401"),
        (FetchProblem::Redirect(302), "redirect"),
        (FetchProblem::Encoded, "Content-Encoding"),
        (FetchProblem::TooLarge, "64 KiB"),
        (FetchProblem::Certificate, "certificate"),
        (FetchProblem::AddressRefused, "private"),
    ];
    let look = |world: &World, expected: &[&str]| {
        let service = world.service();
        let client = register(&service);
        for _ in 0..2 {
            let outcome = run(exchange(&service, &client, &signed(world, &key(1))));
            assert_eq!(outcome, Err(Reason::KeysUnavailable));
        }
        let saw = saw(&service, &signed(world, &key(1)));
        for expected in expected {
            assert!(saw.contains(expected), "{expected}: {saw}");
        }
        let told = world.events.0.borrow();
        // Once for its fetch, then the decisions.
        let others = told[1..].iter().all(|event| event.starts_with("Exchange"));
        assert!(told[0].starts_with("KeysFailed") && others, "{told:?}");
    };
    for (document, expected) in documents {
        let world = World::default();
        world.endpoint.serve_text(document, None);
        look(&world, &expected);
    }
    for (problem, expected) in problems {
        let world = World::default();
        world.endpoint.problem.set(Some(problem));
        look(&world, &[expected]);
    }
}

/// R50, R53: a byte order mark, and a bad key beside a good one, spoil nothing, and `explain` names the key.
#[test]
fn a_bad_key_is_skipped_by_name() {
    let (world, idp) = (World::default(), key(1));
    let service = world.service();
    let client = register(&service);
    let mut document = jwks(&[&idp]);
    let short = json!({ "kty": "EC", "crv": "P-256", "x": "AAAA", "y": "AAAA" });
    document["keys"].as_array_mut().expect("an array").insert(0, short);
    let text =
        document.to_string().replacen("{\"keys\":[{", "{\"keys\":[{\"kty\":\"EC\",\"kty\":\"EC\"},{", 1);
    world.endpoint.serve_text(&format!("\u{feff}{text}"), None);
    assert_eq!(run(exchange(&service, &client, &signed(&world, &idp))), Ok(()));
    let saw = saw(&service, &signed(&world, &idp));
    assert!(saw.contains("1 usable key") && saw.contains("keys[0]: ") && saw.contains("keys[1]: "), "{saw}");
    let told = world.events.0.borrow();
    let order = ["KeysFetched", "SigningKeyAdded", "Exchange"];
    assert!(
        told.len() == order.len()
            && told.iter().zip(order).all(|(event, expected)| event.starts_with(expected)),
        "{told:?}"
    );
}

/// A world whose caller supplies the keys.
struct Supplied<'a>(&'a World);

struct NoNetwork;

impl KeyFetcher for NoNetwork {
    const CALLER_SUPPLIES: bool = true;

    async fn fetch(&self, _uri: &str) -> Result<FetchedDocument, FetchProblem> {
        unreachable!("nobody asks")
    }
}

impl Ports for Supplied<'_> {
    type Store = Memory;
    type KeyFetcher = NoNetwork;
    type Clock = TestClock;
    type Entropy = Counting;
    type Signatures = Portable;

    fn registry(&self) -> &Memory {
        &self.0.registry
    }

    fn replay(&self) -> &Memory {
        &self.0.replay
    }

    fn key_fetcher(&self) -> &NoNetwork {
        &NoNetwork
    }

    fn clock(&self) -> &TestClock {
        &self.0.clock
    }

    fn entropy(&self) -> &Counting {
        (&self.0).entropy()
    }

    fn signatures(&self) -> &Portable {
        &Portable
    }
}

/// R52: what a caller supplies and can't be used counts as not there, and is not asked for again for 30 seconds.
#[test]
fn callers_are_not_asked_in_a_loop() {
    let (world, old, new) = (World::default(), key(1), key(2));
    let service = Service::new(Supplied(&world), world.service().settings().clone());
    let client = register(&service);
    let document = |value: &Value| {
        let body = value.to_string().into_bytes();
        service::Supplied::Document(FetchedDocument { body, max_age: Some(86_400) })
    };
    let nothing = |cause: Option<&str>| service::Supplied::Nothing(cause.map(Into::into));
    let supply_at = |uri, supplied| run(service.supply_keys(&default_organization(), "idp", uri, supplied));
    let supply = |supplied| supply_at(URI, supplied);
    let ask = |assertion: &str| run(exchange(&service, &client, assertion));

    assert_eq!(ask(&unnamed(&world, &old)), Err(Reason::KeysNeeded));
    supply(document(&json!({ "issuer": ISSUER }))).expect_err("no JWK set");
    assert_eq!(ask(&unnamed(&world, &old)), Err(Reason::KeysUnavailable), "asked already");
    assert_eq!(supply(nothing(Some("it is down"))), Ok(0));
    let explained = || {
        let explained = run(service.explain(&default_organization(), &unnamed(&world, &old), None));
        format!("{explained:?}")
    };
    assert!(explained().contains("not a JWK set"), "the cause of before is the better one: {}", explained());

    // R56: what the caller says is told on, unless it is no sentence.
    for (cause, told) in [
        (Some("it answered 503 instead of 200"), "it answered 503 instead of 200"),
        (None, "the caller could not supply it"),
        (Some(""), "the caller could not supply it"),
        (Some("two\nlines"), "the caller could not supply it"),
        (Some("é".repeat(129).as_str()), "the caller could not supply it"),
    ] {
        world.advance(30);
        assert_eq!(ask(&unnamed(&world, &old)), Err(Reason::KeysNeeded));
        assert_eq!(supply(nothing(cause)), Ok(0));
        assert!(explained().contains(told), "{cause:?}: {}", explained());
    }

    world.advance(30);
    assert_eq!(ask(&unnamed(&world, &old)), Err(Reason::KeysNeeded));
    let elsewhere = supply_at("https://idp.example/old", document(&unnamed_jwks(&[&old])));
    elsewhere.expect_err("the document of another address");
    assert_eq!(supply(document(&unnamed_jwks(&[&old]))), Ok(1));
    assert_eq!(ask(&unnamed(&world, &old)), Ok(()));
    assert_eq!(ask(&unnamed(&world, &new)), Err(Reason::SignatureInvalid), "supplied in this window");

    world.advance(30);
    assert_eq!(ask(&unnamed(&world, &new)), Err(Reason::KeysNeeded), "the key may have changed");
    assert_eq!(supply(document(&unnamed_jwks(&[&new]))), Ok(1));
    assert_eq!(ask(&unnamed(&world, &new)), Ok(()));

    // A stale document does for those who are not asked.
    world.advance(86_400);
    assert_eq!(ask(&unnamed(&world, &new)), Err(Reason::KeysNeeded));
    assert_eq!(ask(&unnamed(&world, &new)), Ok(()));
}
