//! Keys that the caller supplies, where nothing fetches them (R52, R56).

mod world;

use asserta_core::jose::Portable;
use asserta_core::oauth::Reason;
use asserta_core::ports::{FetchProblem, FetchedDocument, KeyFetcher, Ports};
use asserta_core::service::{self, Service};
use serde_json::{Value, json};
use world::fetched_keys::*;
use world::*;

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
