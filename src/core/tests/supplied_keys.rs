//! Keys that the caller supplies, where nothing fetches them (R52, R56).

mod world;

use asserta_core::client_auth::Presented;
use asserta_core::grants::TokenRequest;
use asserta_core::jose::{Portable, base64url};
use asserta_core::keys::KeyOwner;
use asserta_core::oauth::Reason;
use asserta_core::ports::{FetchProblem, FetchRequest, FetchedDocument, KeyFetcher, Ports};
use asserta_core::service::{self, Service};
use serde_json::{Value, json};
use world::fetched_keys::*;
use world::*;

/// A world whose caller supplies the keys.
struct Supplied<'a>(&'a World);

struct NoNetwork;

impl KeyFetcher for NoNetwork {
    const CALLER_SUPPLIES: bool = true;

    async fn fetch(&self, _: FetchRequest<'_>) -> Result<FetchedDocument, FetchProblem> {
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
    let idp = KeyOwner::Issuer("idp".into());
    let supply_at = |uri, supplied| run(service.supply_keys(&default_organization(), &idp, uri, supplied));
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

/// R54: a caller is asked for the metadata first, at its second place where there is none at the first, then for the keys;
/// and never for what a registration's own authorities are to vouch for (R55).
#[test]
fn callers_are_asked_for_metadata_first() {
    let (world, idp) = (World::default(), key(1));
    let service = Service::new(Supplied(&world), world.service().settings().clone());
    let organization = default_organization();
    let trusted = issuer(json!({ "discovery": true, "replay": "allow" }));
    run(service.registry().create_trusted_issuer(&organization, &trusted)).expect("registered");
    let client =
        run(service.registry().create_application(&organization, metadata(json!({})))).expect("made");
    let wanted = || {
        let outcome = run(service.exchange(&organization, &request(&client, &signed(&world, &idp))));
        let refusal = outcome.map(drop).expect_err("refused");
        refusal.keys_needed.map(|needed| (needed.kind, needed.uri)).ok_or(refusal.reason)
    };
    let owner = KeyOwner::Issuer("idp".into());
    let supply = |uri: &str, supplied| run(service.supply_keys(&organization, &owner, uri, supplied));
    let document = |text: String| {
        service::Supplied::Document(FetchedDocument { body: text.into_bytes(), max_age: Some(86_400) })
    };
    let nothing = || service::Supplied::Nothing(Some("it answered 404 instead of 200".into()));
    let openid = "https://idp.example/.well-known/openid-configuration";
    let oauth = "https://idp.example/.well-known/oauth-authorization-server";
    let good = || json!({ "issuer": ISSUER, "jwks_uri": URI }).to_string();

    for _ in 0..2 {
        assert_eq!(wanted(), Ok(("metadata", openid.to_string())));
        supply(URI, document(unnamed_jwks(&[&idp]).to_string()))
            .expect_err("nobody said that keys are there");
        assert_eq!(supply(openid, nothing()), Ok(0));
        assert_eq!(wanted(), Ok(("metadata", oauth.to_string())), "the other place");
        assert_eq!(supply(oauth, nothing()), Ok(0));
        assert_eq!(wanted(), Err(Reason::KeysUnavailable), "both were asked for");
        world.advance(30);
    }

    // What can't be used is none, and the other place is not asked for then.
    assert_eq!(wanted(), Ok(("metadata", openid.to_string())));
    let foreign = json!({ "issuer": "https://evil.example", "jwks_uri": "https://evil.example/jwks" });
    supply(openid, document(foreign.to_string())).expect_err("another issuer's");
    assert_eq!(supply(openid, nothing()), Ok(0));
    assert_eq!(wanted(), Err(Reason::KeysUnavailable));
    let explained = run(service.explain(&organization, &signed(&world, &idp), None)).expect("explained");
    assert!(format!("{explained:?}").contains("its metadata: it names another issuer"), "{explained:?}");
    world.advance(30);

    assert_eq!(wanted(), Ok(("metadata", openid.to_string())));
    assert_eq!(supply(openid, nothing()), Ok(0));
    assert_eq!(supply(oauth, document(good())), Ok(0));
    assert_eq!(wanted(), Ok(("jwks", URI.to_string())));
    assert_eq!(supply(URI, document(unnamed_jwks(&[&idp]).to_string())), Ok(1));
    assert_eq!(run(exchange(&service, &client, &signed(&world, &idp))), Err(Reason::KeyUnknown), "no kid");
    assert_eq!(run(exchange(&service, &client, &unnamed(&world, &idp))), Ok(()));

    // Stale: asked for once, and for the other place, while all else goes on.
    world.advance(86_400);
    let ask = || run(exchange(&service, &client, &unnamed(&world, &idp)));
    assert_eq!((wanted(), ask()), (Ok(("metadata", openid.to_string())), Err(Reason::KeysNeeded)));
    assert_eq!(supply(URI, document(unnamed_jwks(&[&idp]).to_string())), Ok(1));
    assert_eq!(ask(), Ok(()));
    assert_eq!(supply(openid, nothing()), Ok(0));
    assert_eq!(wanted(), Ok(("metadata", oauth.to_string())));
    assert_eq!(supply(oauth, document(good())), Ok(0));
    assert_eq!(ask(), Ok(()));

    let pem = include_str!("certificates/authority.crt.pem");
    let guarded = issuer(json!({ "discovery": true, "jwks_ca": pem, "replay": "allow" }));
    run(service.registry().put_trusted_issuer(&organization, "idp", &guarded)).expect("replaced");
    let outcome = run(service.exchange(&organization, &request(&client, &signed(&world, &idp))));
    let refusal = outcome.map(drop).expect_err("refused");
    assert_eq!((refusal.reason, refusal.keys_needed), (Reason::KeysUnavailable, None));
    assert!(refusal.cause.expect("a cause").contains("jwks_ca"));
}

/// R27, R51: the keys of an application are asked for like an issuer's, in its name, and nothing is used up by that.
#[test]
fn r27_callers_are_asked_for_the_keys_of_an_application() {
    let (world, idp, own) = (World::default(), key(1), key(2));
    let service = Service::new(Supplied(&world), world.service().settings().clone());
    let organization = default_organization();
    let trusted = issuer(json!({ "jwks_uri": URI }));
    run(service.registry().create_trusted_issuer(&organization, &trusted)).expect("registered");
    let address = "https://app.example/jwks";
    let members = json!({ "token_endpoint_auth_method": "private_key_jwt", "jwks_uri": address });
    let made = run(service.registry().create_application(&organization, metadata(members))).expect("made");
    let id = made.application.client_id();

    let header = json!({ "alg": "EdDSA", "kid": own.kid() });
    let claims = json!({ "iss": id, "sub": id, "aud": "https://as.example", "exp": START + 300, "jti": "c" });
    let input = [header, claims].map(|part| base64url::encode(part.to_string().as_bytes())).join(".");
    let signature = base64url::encode(&own.sign(input.as_bytes(), &[0; 32]));
    let presented = Presented::assertion(None, &format!("{input}.{signature}")).expect("short enough");
    let request = TokenRequest::jwt_bearer(presented, &assertion(&idp, START, json!({})), None, None)
        .expect("short enough");

    let ask = || run(service.exchange(&organization, &request)).map(drop);
    let wanted = || {
        let refusal = ask().expect_err("keys are missing");
        refusal.keys_needed.map(|needed| (needed.owner, needed.uri)).ok_or(refusal.reason)
    };
    let supply = |owner: &KeyOwner, uri: &str, keys: &Value| {
        let document = FetchedDocument { body: keys.to_string().into_bytes(), max_age: None };
        run(service.supply_keys(&organization, owner, uri, service::Supplied::Document(document)))
    };
    let (application, idp_name) = (KeyOwner::Application(id.into()), KeyOwner::Issuer("idp".into()));
    assert_eq!(wanted(), Ok((application.clone(), address.to_string())));
    supply(&idp_name, address, &jwks(&[&own])).expect_err("not the issuer's address");
    supply(&application, URI, &jwks(&[&own])).expect_err("not the application's address");
    supply(&KeyOwner::Application("nobody".into()), address, &jwks(&[&own]))
        .expect_err("no such application");
    assert_eq!(supply(&application, address, &jwks(&[&own])), Ok(1));
    assert_eq!(wanted(), Ok((idp_name.clone(), URI.to_string())), "then the issuer's");
    assert_eq!(supply(&idp_name, URI, &jwks(&[&idp])), Ok(1));
    assert!(world.replay.entries.borrow().is_empty(), "nothing was used up");
    assert_eq!(ask(), Ok(()));
}
