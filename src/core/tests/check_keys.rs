//! An administrator looks at an issuer's keys, and has them fetched now (R50 to R56).

mod world;

use asserta_core::jose::key::SigningKey;
use asserta_core::oauth::Reason;
use asserta_core::organization::OrganizationId;
use asserta_core::ports::FetchProblem;
use asserta_core::service::{KeyReport, RegistryError, Service};
use serde_json::{Value, json};
use world::fetched_keys::{URI, exchange, register, signed};
use world::*;

const OPENID: &str = "https://idp.example/.well-known/openid-configuration";
const OAUTH: &str = "https://idp.example/.well-known/oauth-authorization-server";

fn trust(service: &Service<&World>, document: Value) {
    let trusted = issuer(document);
    run(service.registry().create_trusted_issuer(&default_organization(), &trusted)).expect("registered");
}

fn check(service: &Service<&World>) -> KeyReport {
    run(service.check_issuer_keys(&default_organization(), "idp")).expect("checked")
}

fn look(service: &Service<&World>) -> KeyReport {
    run(service.report_issuer_keys(&default_organization(), "idp")).expect("listed")
}

fn kids(report: &KeyReport) -> Vec<&str> {
    report.keys.iter().filter_map(|key| key.kid.as_deref()).collect()
}

fn problems(report: &KeyReport) -> Vec<&str> {
    report.documents.iter().filter_map(|document| document.problem.as_deref()).collect()
}

fn metadata_of(issuer: &str) -> String {
    json!({ "issuer": issuer, "jwks_uri": URI }).to_string()
}

/// What is shown of a key, of the document, and of what is skipped.
#[test]
fn r53_keys_are_fetched_and_listed() {
    let (world, idp) = (World::default(), key(1));
    let service = world.service();
    trust(&service, json!({ "jwks_uri": URI }));
    let before = look(&service);
    assert_eq!((before.usable, before.documents[0].fetched_at, problems(&before)), (0, None, vec![]));
    assert!(world.endpoint.asked().is_empty(), "looking fetches nothing");

    let mut document = jwks(&[&idp]);
    document["keys"]
        .as_array_mut()
        .expect("keys")
        .push(json!({ "kty": "oct", "k": "AAAA", "kid": "secret" }));
    world.endpoint.serve(&document, Some(120));
    let report = check(&service);
    assert_eq!(world.endpoint.asked(), [URI]);
    assert_eq!((report.source, report.usable, kids(&report)), ("jwks_uri", 1, vec![idp.kid()]));
    assert_eq!(report.keys[0].thumbprint, idp.kid(), "our kid is the thumbprint");
    assert_eq!(report.keys[0].intended.as_deref(), Some("sig"));
    let skipped = report.skipped_keys[0].to_string();
    assert_eq!(skipped, "keys[1]: a symmetric key never verifies an assertion");
    let [document] = &report.documents[..] else { panic!("one") };
    assert_eq!((document.document, document.uri.as_str()), ("jwks", URI));
    assert_eq!((document.fetched_at, document.fresh_until), (Some(START), Some(START + 120)));
    assert_eq!(look(&world.service()), report, "it is stored: another instance shows the same");
}

/// R52: who administers does not wait for the pause that strangers cause, and strangers wait for it anew.
#[test]
fn r52_a_check_needs_no_pause() {
    let (world, old, new) = (World::default(), key(1), key(2));
    let service = world.service();
    let client = register(&service);
    world.endpoint.serve(&jwks(&[&old]), None);
    assert_eq!(run(exchange(&service, &client, &signed(&world, &old))), Ok(()));
    world.endpoint.serve(&jwks(&[&new]), None);
    assert_eq!(kids(&check(&service)), [new.kid()]);
    assert_eq!(kids(&check(&world.service())), [new.kid()]);
    assert_eq!(world.endpoint.fetches.get(), 3);
    assert_eq!(run(exchange(&service, &client, &signed(&world, &new))), Ok(()), "what is shown is used");
    for _ in 0..5 {
        let stranger = run(exchange(&service, &client, &signed(&world, &key(9))));
        assert_eq!(stranger, Err(Reason::KeyUnknown));
        world.advance(5);
    }
    assert_eq!(world.endpoint.fetches.get(), 3, "a stranger's kid causes no fetch within the pause");
}

/// One fetch at a time, over all instances, whatever window it is, with requests for tokens in between.
#[test]
fn r52_checks_at_once_share_a_fetch() {
    for start in [0, 29] {
        let (world, idp) = (World::default(), key(1));
        let service = world.service();
        let client = register(&service);
        world.endpoint.serve(&jwks(&[&idp]), None);
        world.advance(start);
        let instances: Vec<_> = (0..20).map(|_| world.service()).collect();
        let usable = run_all(instances.iter().enumerate().map(async |(number, instance)| {
            if number % 3 == 0 {
                let assertion = signed(&world, &idp);
                return usize::from(exchange(instance, &client, &assertion).await.is_ok());
            }
            if number == 10 {
                // The window is over in the middle of it.
                world.advance(1);
            }
            instance.check_issuer_keys(&default_organization(), "idp").await.expect("checked").usable
        }));
        assert_eq!(usable, [1; 20]);
        assert!(world.endpoint.fetches.get() <= 2, "{}", world.endpoint.fetches.get());
    }
}

/// Never two fetches of an address at the same moment: each check that follows waits for the one before, also where the
/// window is over in the middle of it.
#[test]
fn r52_checks_never_fetch_side_by_side() {
    let (world, idp) = (World::default(), key(1));
    let service = world.service();
    trust(&service, json!({ "jwks_uri": URI }));
    world.endpoint.serve(&jwks(&[&idp]), None);
    let instances: Vec<_> = (0..12).map(|_| world.service()).collect();
    let checks = instances.iter().enumerate().map(async |(number, instance)| {
        for step in 0..number * 9 {
            if number == 11 && step % 10 == 0 {
                world.advance(7);
            }
            yield_once().await;
        }
        check_async(instance).await.usable
    });
    assert_eq!(run_all(checks), [1; 12]);
    assert_eq!(world.endpoint.most_at_once.get(), 1);
    assert!((2..=12).contains(&world.endpoint.fetches.get()), "{}", world.endpoint.fetches.get());
}

/// Few wait for a slow endpoint: the others are told so at once, and cause nothing.
#[test]
fn few_checks_wait() {
    let (world, idp) = (World::default(), key(1));
    let service = world.service();
    trust(&service, json!({ "jwks_uri": URI }));
    world.endpoint.serve(&jwks(&[&idp]), None);
    let reports = run_all((0..40).map(|_| check_async(&service)));
    let (told, shared): (Vec<_>, Vec<_>) = reports.iter().partition(|report| !problems(report).is_empty());
    assert_eq!((shared.len(), told.len(), world.endpoint.fetches.get()), (16, 24, 1));
    assert!(shared.iter().all(|report| report.usable == 1));
}

async fn check_async(service: &Service<&World>) -> KeyReport {
    service.check_issuer_keys(&default_organization(), "idp").await.expect("checked")
}

/// R50, R56: what an endpoint does is told in words, and what was there stays (R52).
#[test]
fn r56_why_keys_did_not_come() {
    let (world, idp) = (World::default(), key(1));
    let service = world.service();
    trust(&service, json!({ "jwks_uri": URI }));
    let cases = [
        (FetchProblem::Status(503), "it answered 503 instead of 200"),
        (FetchProblem::Redirect(302), "it answered 302, a redirect, which is not followed"),
        (FetchProblem::TooLarge, "its document exceeds 64 KiB"),
        (FetchProblem::TimedOut, "no complete answer in time"),
        (FetchProblem::Certificate, "TLS with it fails: its certificate is not accepted"),
    ];
    for (problem, told) in cases {
        world.endpoint.fail_at(URI, problem);
        let report = check(&service);
        assert_eq!((report.usable, problems(&report)), (0, vec![told]));
        assert_eq!(report.documents[0].fresh_until, None);
    }
    let bodies = [
        ("<html>secret", "its document: this is HTML or XML, not JSON"),
        ("{}", "its document: not a JWK set: there is no array keys"),
        (r#"{"keys":[]}"#, "its JWK set is empty"),
    ];
    for (body, told) in bodies {
        world.endpoint.serve_at(URI, body);
        assert_eq!(problems(&check(&service)), [told]);
    }
    world.endpoint.serve_at(URI, &jwks(&[&idp]).to_string());
    assert_eq!(check(&service).usable, 1);
    // R53: of a document without a key to use each is listed, beside the keys that are used on.
    let oct: Vec<_> = (0..12).map(|_| json!({ "kty": "oct", "k": "AAAA" })).collect();
    world.endpoint.serve_at(URI, &json!({ "keys": oct }).to_string());
    let report = check(&service);
    assert_eq!((report.usable, kids(&report), report.skipped_keys.len()), (1, vec![idp.kid()], 12));
    assert!(problems(&report)[0].starts_with("no key of its document is usable: "), "{report:?}");
    world.advance(2 * 86_400);
    let report = look(&service);
    assert_eq!((report.usable, report.keys.len()), (0, 0), "a day after it was fresh nothing of it is used");
}

/// R54: the metadata first, then the keys; from where each came.
#[test]
fn r54_discovery() {
    let (world, idp) = (World::default(), key(1));
    let service = world.service();
    trust(&service, json!({ "discovery": true }));
    world.endpoint.serve_at(URI, &jwks(&[&idp]).to_string());
    world.endpoint.serve_at(OPENID, &metadata_of("https://evil.example"));
    let report = check(&service);
    assert_eq!((world.endpoint.asked(), report.usable), (vec![OPENID.to_string()], 0));
    let told =
        "its metadata: it names another issuer than the registered one: case and a slash at the end count";
    assert_eq!(problems(&report), [told]);

    world.endpoint.fail_at(OPENID, FetchProblem::Status(404));
    world.endpoint.serve_at(OAUTH, &metadata_of(ISSUER));
    let report = check(&service);
    assert_eq!(world.endpoint.asked(), [OPENID, OAUTH, URI]);
    let from: Vec<_> =
        report.documents.iter().map(|document| (document.document, document.uri.as_str())).collect();
    assert_eq!(from, [("metadata", OAUTH), ("jwks", URI)]);
    assert_eq!((report.source, report.usable, problems(&report)), ("discovery", 1, vec![]));

    world.endpoint.serve_at(OPENID, &metadata_of(ISSUER));
    let report = check(&service);
    assert_eq!(report.documents[0].uri, OPENID, "the last fetch counts");
    // The metadata fails: the keys are still those of the place it named.
    world.endpoint.fail_at(OPENID, FetchProblem::Status(500));
    let report = check(&service);
    assert_eq!((report.usable, problems(&report)), (1, vec!["its metadata: it answered 500 instead of 200"]));
}

/// What is registered is listed without a fetch; what the registration forbids is no usable key (R31, R47).
#[test]
fn r47_registered_keys() {
    let world = World::default();
    let service = world.service();
    trust(&service, json!({ "jwks": jwks(&[&key(1), &key(2)]), "algorithms": ["EdDSA"] }));
    // Builds before this one registered it with algorithms that leave no key to use.
    for record in world.registry.entries.borrow_mut().values_mut() {
        *record = String::from_utf8_lossy(record).replace(r#"["EdDSA"]"#, r#"["ES256"]"#).into_bytes();
    }
    let report = check(&service);
    assert_eq!((report.source, report.usable, report.keys.len()), ("jwks", 0, 2));
    let problem = report.keys[0].problem.as_deref();
    assert_eq!(problem, Some("the registration's algorithms allow none of the key"));

    let pem = |name: &str| std::fs::read_to_string(format!("tests/certificates/{name}.pem")).expect("a file");
    let chain = [pem("p256.crt"), pem("expired-with-text"), pem("authority.crt")].concat();
    let trusted = issuer(json!({ "certificate": chain }));
    run(service.registry().put_trusted_issuer(&default_organization(), "idp", &trusted)).expect("changed");
    let report = check(&service);
    assert_eq!((report.source, report.usable, report.keys.len()), ("certificate", 1, 2));
    let certificate = report.keys[0].certificate.as_ref().expect("a certificate");
    assert_eq!(certificate.subject, "O=Asserta tests, CN=p256");
    assert!(report.keys[1].problem.as_deref().expect("expired").starts_with("the certificate expired"));
    assert_eq!(report.skipped_keys[0].key.to_string(), "block 3 (CERTIFICATE)");
    assert!(report.documents.is_empty() && world.endpoint.asked().is_empty());
}

/// Nobody looks at what another organization has.
#[test]
fn only_the_organization_s_own() {
    let world = World::default();
    let service = world.service();
    trust(&service, json!({ "jwks_uri": URI }));
    let acme = OrganizationId::parse("acme").expect("a name");
    let none = run(service.check_issuer_keys(&acme, "idp"));
    assert_eq!(none, Err(RegistryError::OrganizationUnknown));
    run(service.registry().put_organization(&acme, None)).expect("made");
    for (organization, name) in
        [(&acme, "idp"), (&default_organization(), "other"), (&acme, "../default/idp")]
    {
        assert_eq!(run(service.check_issuer_keys(organization, name)), Err(RegistryError::NotFound));
        assert_eq!(run(service.report_issuer_keys(organization, name)), Err(RegistryError::NotFound));
    }
    assert!(world.endpoint.asked().is_empty());
}

/// An issuer that is replaced while its keys are fetched: what comes from before is nobody's.
#[test]
fn a_check_of_a_registration_that_is_gone() {
    let (world, idp) = (World::default(), key(1));
    let service = world.service();
    trust(&service, json!({ "jwks_uri": URI }));
    world.endpoint.serve(&jwks(&[&idp]), None);
    let removed = async {
        for _ in 0..12 {
            yield_once().await;
        }
        service.registry().remove_trusted_issuer(&default_organization(), "idp").await.expect("removed");
        None
    };
    let checked = async { Some(check_async(&service).await) };
    let both: [std::pin::Pin<Box<dyn Future<Output = Option<KeyReport>>>>; 2] =
        [Box::pin(checked), Box::pin(removed)];
    let report = run_all(both).remove(0).expect("checked");
    assert_eq!(report.usable, 0);
    assert!(problems(&report)[0].starts_with("no outcome yet"), "{report:?}");
    let left: Vec<_> =
        world.registry.entries.borrow().keys().filter(|key| key.contains("/check")).cloned().collect();
    assert!(left.is_empty(), "{left:?}");
}

/// The instance that had it is gone: who comes after waits for a while, and in the next window no more.
#[test]
fn a_check_that_never_ends() {
    let (world, idp) = (World::default(), key(1));
    let service = world.service();
    trust(&service, json!({ "jwks_uri": URI }));
    world.endpoint.serve(&jwks(&[&idp]), None);
    {
        // It is dropped in the middle of the fetch.
        let mut gone = Box::pin(check_async(&service));
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        while world.endpoint.fetches.get() == 0 {
            assert!(gone.as_mut().poll(&mut context).is_pending());
        }
    }
    let report = check(&world.service());
    assert!(problems(&report)[0].starts_with("no outcome yet"), "{report:?}");
    world.advance(60);
    assert_eq!(check(&world.service()).usable, 1);
}

/// Signed by whom the report shows: a key that was seen is a key that is used.
#[test]
fn nothing_of_a_private_key_is_shown() {
    let world = World::default();
    let service = world.service();
    trust(&service, json!({ "jwks_uri": URI }));
    let idp: SigningKey = key(1);
    let mut document = jwks(&[&idp]);
    document["keys"][0]["d"] = json!("c2VjcmV0LXNlY3JldA");
    world.endpoint.serve(&document, None);
    let report = check(&service);
    let text = serde_json::to_string(&report).expect("JSON");
    assert!(!text.contains("c2VjcmV0") && text.contains("a private key"), "{text}");
}
