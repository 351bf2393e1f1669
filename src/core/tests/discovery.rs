//! Keys whose place the issuer's metadata says (R54), and the way to them that a registration allows (R55).

mod world;

use asserta_core::oauth::Reason;
use asserta_core::ports::FetchProblem;
use asserta_core::service::{NewApplication, Service};
use serde_json::{Value, json};
use world::fetched_keys::{exchange, signed};
use world::*;

const OPENID: &str = "https://idp.example/.well-known/openid-configuration";
const OAUTH: &str = "https://idp.example/.well-known/oauth-authorization-server";
const KEYS: &str = "https://keys.example/jwks";
const AUTHORITY: &str = include_str!("certificates/authority.crt.pem");

fn register(service: &Service<&World>, document: Value) -> NewApplication {
    let mut whole = json!({ "replay": "allow" });
    whole.as_object_mut().expect("an object").append(&mut document.as_object().expect("an object").clone());
    let organization = default_organization();
    run(service.registry().create_trusted_issuer(&organization, &issuer(whole))).expect("registered");
    run(service.registry().create_application(&organization, metadata(json!({})))).expect("registered")
}

fn metadata_of(issuer: &str, jwks_uri: &str) -> String {
    json!({ "issuer": issuer, "jwks_uri": jwks_uri, "response_types_supported": ["code"] }).to_string()
}

/// An issuer whose metadata and keys are where they should be.
fn serving(world: &World, keys: &Value) {
    world.endpoint.serve_at(OPENID, &metadata_of(ISSUER, KEYS));
    world.endpoint.serve_at(KEYS, &keys.to_string());
}

fn saw(service: &Service<&World>, assertion: &str) -> String {
    let explained = run(service.explain(&default_organization(), assertion, None)).expect("explained");
    let step = explained.checks.into_iter().find(|check| check.check == "keys available");
    step.expect("a step of keys").saw
}

/// R54: the metadata, then the keys that it names; each once.
#[test]
fn keys_are_found_by_the_issuer_alone() {
    let (world, idp) = (World::default(), key(1));
    let service = world.service();
    let client = register(&service, json!({ "discovery": true }));
    serving(&world, &jwks(&[&idp]));
    let outcomes = run_all((0..20).map(async |_| exchange(&service, &client, &signed(&world, &idp)).await));
    assert!(outcomes.iter().all(Result::is_ok), "{outcomes:?}");
    assert_eq!(world.endpoint.asked(), [OPENID, KEYS]);
    assert_eq!(run(exchange(&world.service(), &client, &signed(&world, &idp))), Ok(()), "another instance");
    assert!(world.endpoint.asked().is_empty());
    assert_eq!(saw(&service, &signed(&world, &idp)), "by discovery: 1 usable key from the JWKS endpoint");
}

/// R54: no metadata at the one place (404): it is at the other. Nothing else leads there.
#[test]
fn the_place_of_rfc_8414() {
    let (world, idp) = (World::default(), key(1));
    let service = world.service();
    let client = register(&service, json!({ "discovery": true }));
    serving(&world, &jwks(&[&idp]));
    world.endpoint.serve_at(OAUTH, &metadata_of(ISSUER, KEYS));
    for problem in [FetchProblem::Status(403), FetchProblem::Redirect(302), FetchProblem::TimedOut] {
        world.endpoint.fail_at(OPENID, problem);
        assert_eq!(run(exchange(&service, &client, &signed(&world, &idp))), Err(Reason::KeysUnavailable));
        assert_eq!(world.endpoint.asked(), [OPENID], "{problem:?}");
        world.advance(30);
    }
    world.endpoint.fail_at(OPENID, FetchProblem::Status(404));
    assert_eq!(run(exchange(&service, &client, &signed(&world, &idp))), Ok(()));
    assert_eq!(world.endpoint.asked(), [OPENID, OAUTH, KEYS]);
}

/// R54: a URL given is the metadata itself; what it says of its issuer counts as well.
#[test]
fn metadata_elsewhere() {
    let (world, idp) = (World::default(), key(1));
    let service = world.service();
    let elsewhere = "https://directory.example/idp.json";
    let client = register(&service, json!({ "discovery": elsewhere }));
    world.endpoint.serve_at(KEYS, &jwks(&[&idp]).to_string());
    world.endpoint.fail_at(elsewhere, FetchProblem::Status(404));
    assert_eq!(run(exchange(&service, &client, &signed(&world, &idp))), Err(Reason::KeysUnavailable));
    assert_eq!(world.endpoint.asked(), [elsewhere], "there is no other place");
    world.advance(30);
    world.endpoint.serve_at(elsewhere, &metadata_of("https://directory.example", KEYS));
    assert_eq!(run(exchange(&service, &client, &signed(&world, &idp))), Err(Reason::KeysUnavailable));
    world.advance(30);
    world.endpoint.serve_at(elsewhere, &metadata_of(ISSUER, KEYS));
    assert_eq!(run(exchange(&service, &client, &signed(&world, &idp))), Ok(()));
}

/// R54, R56: metadata that must not be believed leads nowhere: 503, one fetch in a window, told with its cause, which says
/// that it is the metadata's and nothing of its content.
#[test]
fn metadata_that_must_not_be_believed() {
    let huge = format!("{}{}", metadata_of(ISSUER, KEYS), " ".repeat(64 * 1024));
    let deep =
        format!(r#"{{"issuer":"{ISSUER}","jwks_uri":"{KEYS}","x":{}1{}}}"#, "[".repeat(17), "]".repeat(17));
    let cases = [
        (metadata_of("https://evil.example", KEYS), "another issuer"),
        (metadata_of("https://idp.example/", KEYS), "another issuer"),
        (metadata_of(ISSUER, "http://keys.example/jwks"), "https://"),
        (metadata_of(ISSUER, "http://127.0.0.1/jwks"), "https://"),
        (metadata_of(ISSUER, "https://user:word@keys.example/jwks"), "credentials"),
        (metadata_of(ISSUER, "file:///etc/passwd"), "its jwks_uri"),
        (metadata_of(ISSUER, "jwks"), "must be a URL"),
        (json!({ "issuer": ISSUER }).to_string(), "no jwks_uri"),
        (json!({ "jwks_uri": KEYS }).to_string(), "no issuer"),
        (jwks(&[&key(1)]).to_string(), "no issuer"),
        (format!(r#"{{"issuer":"{ISSUER}","issuer":"{ISSUER}","jwks_uri":"{KEYS}"}}"#), "twice"),
        ("<html>".into(), "HTML"),
        (huge, "64 KiB"),
        (deep, "nested"),
    ];
    for (text, told) in cases {
        let (world, idp) = (World::default(), key(1));
        let service = world.service();
        let client = register(&service, json!({ "discovery": true }));
        serving(&world, &jwks(&[&idp]));
        world.endpoint.serve_at(OPENID, &text);
        for _ in 0..3 {
            let outcome = run(exchange(&service, &client, &signed(&world, &idp)));
            assert_eq!(outcome, Err(Reason::KeysUnavailable), "{told}");
        }
        assert_eq!(world.endpoint.asked(), [OPENID], "{told}");
        let saw = saw(&service, &signed(&world, &idp));
        assert!(saw.starts_with("by discovery: its metadata: ") && saw.contains(told), "{told}: {saw}");
        for secret in ["evil", "passwd", "word", "127.0.0.1/jwks"] {
            assert!(!saw.contains(secret), "{saw}");
        }
        let lines = world.events.1.borrow();
        let causes: Vec<_> = lines.iter().filter(|line| line["event"] == "keys-failed").collect();
        let [cause] = causes[..] else { panic!("{causes:?}") };
        assert!(cause["cause"].as_str().expect("a text").starts_with("its metadata: "), "{cause}");
    }
}

/// R56: which of the two documents failed is told.
#[test]
fn which_of_the_two_failed_is_told() {
    for (problem, told) in [
        (FetchProblem::Redirect(302), "redirect"),
        (FetchProblem::AddressRefused, "private"),
        (FetchProblem::TimedOut, "in time"),
        (FetchProblem::TooLarge, "64 KiB"),
        (FetchProblem::Authorities, "jwks_ca"),
    ] {
        let (world, idp) = (World::default(), key(1));
        let service = world.service();
        let client = register(&service, json!({ "discovery": true }));
        serving(&world, &jwks(&[&idp]));
        world.endpoint.fail_at(KEYS, problem);
        assert_eq!(run(exchange(&service, &client, &signed(&world, &idp))), Err(Reason::KeysUnavailable));
        let of_keys = saw(&service, &signed(&world, &idp));
        assert!(of_keys.starts_with("by discovery: the issuer's JWKS endpoint: "), "{of_keys}");
        assert!(of_keys.contains(told), "{of_keys}");

        let world = World::default();
        let service = world.service();
        register(&service, json!({ "discovery": true }));
        serving(&world, &jwks(&[&idp]));
        world.endpoint.fail_at(OPENID, problem);
        let of_metadata = saw(&service, &signed(&world, &idp));
        assert!(of_metadata.starts_with("by discovery: its metadata: "), "{of_metadata}");
        assert!(of_metadata.contains(told), "{of_metadata}");
    }
}

/// R51, R54: metadata is used stale while it is fetched again after a response; where the keys are now, they are fetched
/// from, by every instance.
#[test]
fn metadata_that_changes() {
    let (world, old, new) = (World::default(), key(1), key(2));
    let (one, other) = (world.service(), world.service());
    let client = register(&one, json!({ "discovery": true }));
    serving(&world, &jwks(&[&old]));
    for instance in [&one, &other] {
        assert_eq!(run(exchange(instance, &client, &signed(&world, &old))), Ok(()));
    }
    world.endpoint.asked();
    let moved = "https://keys.example/moved";
    world.endpoint.serve_at(OPENID, &metadata_of(ISSUER, moved));
    world.endpoint.serve_at(moved, &jwks(&[&new]).to_string());
    world.advance(599);
    assert_eq!(run(exchange(&one, &client, &signed(&world, &old))), Ok(()));
    run(one.after_response()).expect("done");
    assert!(world.endpoint.asked().is_empty(), "both are fresh");
    world.advance(1);
    assert_eq!(run(exchange(&one, &client, &signed(&world, &old))), Ok(()), "served stale");
    assert!(world.endpoint.asked().is_empty());
    run(one.after_response()).expect("done");
    assert_eq!(world.endpoint.asked(), [OPENID, moved]);
    for instance in [&one, &other] {
        assert_eq!(run(exchange(instance, &client, &signed(&world, &new))), Ok(()));
        assert_eq!(run(exchange(instance, &client, &signed(&world, &old))), Err(Reason::KeyUnknown));
    }
}

/// R51, R54: an outage of the metadata is bridged for a day, and one that names another issuer as well; then 503.
#[test]
fn metadata_that_fails_later() {
    for fails in [true, false] {
        let (world, idp) = (World::default(), key(1));
        let service = world.service();
        let client = register(&service, json!({ "discovery": true }));
        serving(&world, &jwks(&[&idp]));
        assert_eq!(run(exchange(&service, &client, &signed(&world, &idp))), Ok(()));
        if fails {
            world.endpoint.fail_at(OPENID, FetchProblem::Status(503));
        } else {
            world
                .endpoint
                .serve_at(OPENID, &metadata_of("https://evil.example", "https://evil.example/jwks"));
        }
        for _ in 0..24 {
            world.advance(3600);
            assert_eq!(run(exchange(&service, &client, &signed(&world, &idp))), Ok(()));
            run(service.after_response()).expect("done");
        }
        let saw = saw(&service, &signed(&world, &idp));
        assert!(
            saw.contains("1 usable key") && saw.contains("when it was last fetched, its metadata: "),
            "{saw}"
        );
        world.advance(600);
        assert_eq!(run(exchange(&service, &client, &signed(&world, &idp))), Err(Reason::KeysUnavailable));
        world.advance(30);
        serving(&world, &jwks(&[&idp]));
        assert_eq!(run(exchange(&service, &client, &signed(&world, &idp))), Ok(()), "recovers by itself");
        assert!(!world.endpoint.asked().iter().any(|uri| uri.contains("evil")));
    }
}

/// R52, R54: strangers with made-up `kid`s cause no fetch of metadata.
#[test]
fn strangers_do_not_reach_the_metadata() {
    let (world, idp) = (World::default(), key(1));
    let service = world.service();
    let client = register(&service, json!({ "discovery": true }));
    serving(&world, &jwks(&[&idp]));
    assert_eq!(run(exchange(&service, &client, &signed(&world, &idp))), Ok(()));
    world.endpoint.asked();
    world.advance(60);
    for number in 0..20 {
        let outcome = run(exchange(&service, &client, &signed(&world, &key(100 + number))));
        assert_eq!(outcome, Err(Reason::KeyUnknown));
    }
    assert_eq!(world.endpoint.asked(), [KEYS]);
}

/// R54, R55: both documents are asked for by the way that the registration allows, and what was fetched by one way does not
/// count for another.
#[test]
fn the_way_to_both_documents() {
    let (world, idp) = (World::default(), key(1));
    let service = world.service();
    let client = register(&service, json!({ "discovery": true }));
    serving(&world, &jwks(&[&idp]));
    assert_eq!(run(exchange(&service, &client, &signed(&world, &idp))), Ok(()));
    let of = |uri: &str, ca: Option<&str>, private| (uri.to_string(), ca.map(Into::into), private);
    assert_eq!(world.endpoint.asked.take(), [of(OPENID, None, false), of(KEYS, None, false)]);
    let organization = default_organization();
    for (document, ca, private) in [
        (json!({ "jwks_ca": AUTHORITY }), Some(AUTHORITY), false),
        (json!({ "jwks_ca": AUTHORITY, "allow_private": true }), Some(AUTHORITY), true),
        (json!({ "allow_private": true }), None, true),
    ] {
        let mut whole = document;
        whole["discovery"] = true.into();
        whole["replay"] = "allow".into();
        let put = run(service.registry().put_trusted_issuer(&organization, "idp", &issuer(whole.clone())));
        assert_eq!(put, Ok(false));
        assert_eq!(run(exchange(&service, &client, &signed(&world, &idp))), Ok(()), "fetched at once");
        assert_eq!(world.endpoint.asked.take(), [of(OPENID, ca, private), of(KEYS, ca, private)]);
        // The same again changes nothing.
        run(service.registry().put_trusted_issuer(&organization, "idp", &issuer(whole))).expect("replaced");
        assert_eq!(run(exchange(&service, &client, &signed(&world, &idp))), Ok(()));
        assert!(world.endpoint.asked().is_empty());
    }
    let direct = issuer(json!({ "jwks_uri": KEYS, "jwks_ca": AUTHORITY, "replay": "allow" }));
    run(service.registry().put_trusted_issuer(&organization, "idp", &direct)).expect("replaced");
    assert_eq!(run(exchange(&service, &client, &signed(&world, &idp))), Ok(()));
    assert_eq!(world.endpoint.asked.take(), [of(KEYS, Some(AUTHORITY), false)]);
}

/// R55: a member that would do nothing, or that is no authority, is refused by name.
#[test]
fn what_is_no_way_to_keys_is_refused() {
    let key = include_str!("certificates/ed25519.pub.pem");
    let private = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n";
    let unended = AUTHORITY.replace("END", "FIN");
    for (document, field) in [
        (json!({ "certificate": key, "jwks_ca": AUTHORITY }), "jwks_ca"),
        (json!({ "certificate": key, "allow_private": true }), "allow_private"),
        (json!({ "discovery": true, "jwks_ca": "" }), "jwks_ca"),
        (json!({ "discovery": true, "jwks_ca": "junk" }), "jwks_ca"),
        (json!({ "discovery": true, "jwks_ca": key }), "jwks_ca"),
        (json!({ "discovery": true, "jwks_ca": private }), "jwks_ca"),
        (json!({ "discovery": true, "jwks_ca": unended }), "jwks_ca"),
        (json!({ "discovery": true, "jwks_ca": format!("{AUTHORITY}{}", "x".repeat(64 << 10)) }), "jwks_ca"),
        (json!({ "discovery": false }), "discovery"),
        (json!({ "discovery": 1 }), "discovery"),
        (json!({ "discovery": "http://idp.example/metadata" }), "discovery"),
        (json!({ "discovery": true, "issuer": "partner" }), "discovery"),
        (json!({ "discovery": true, "issuer": "https://idp.example?x" }), "discovery"),
        (json!({ "discovery": true, "jwks_uri": KEYS }), "jwks_uri"),
        (json!({}), "jwks_uri"),
    ] {
        let mut whole = json!({ "name": "idp", "issuer": ISSUER });
        whole
            .as_object_mut()
            .expect("an object")
            .append(&mut document.as_object().expect("an object").clone());
        let parsed: asserta_core::trust::TrustedIssuer = serde_json::from_value(whole).expect("members");
        let refused = asserta_core::trust::Issuer::check(&parsed, false).expect_err(field);
        assert_eq!(refused.field, field, "{document}: {refused}");
    }
    // What is an authority, with any text around it and whatever the type of its key.
    let several = format!("our root\n{AUTHORITY}\n{}", include_str!("certificates/dsa.crt.pem"));
    let good = issuer(json!({ "discovery": true, "jwks_ca": several, "allow_private": true }));
    assert_eq!(asserta_core::trust::Issuer::check(&good, false), Ok(()));
    assert_eq!(serde_json::to_value(&good).expect("JSON")["allow_private"], true);
    let plain = serde_json::to_value(issuer(json!({ "discovery": true }))).expect("JSON");
    assert!(plain.get("allow_private").is_none() && plain.get("jwks_ca").is_none(), "{plain}");
}

/// R52, R54: an issuer that was removed and registered again is discovered anew, without a pause.
#[test]
fn what_was_discovered_is_forgotten_with_the_issuer() {
    let (world, idp) = (World::default(), key(1));
    let service = world.service();
    let client = register(&service, json!({ "discovery": true }));
    world.endpoint.fail_at(OPENID, FetchProblem::Status(500));
    assert_eq!(run(exchange(&service, &client, &signed(&world, &idp))), Err(Reason::KeysUnavailable));
    serving(&world, &jwks(&[&idp]));
    for _ in 0..2 {
        run(service.registry().remove_trusted_issuer(&default_organization(), "idp")).expect("removed");
        let left: Vec<_> =
            world.registry.entries.borrow().keys().filter(|key| key.contains("idp")).cloned().collect();
        // By this a fetch that began before knows that what it brings is nobody's.
        assert_eq!(left, ["jwks-forgotten/default/idp"]);
        let again = issuer(json!({ "discovery": true, "replay": "allow" }));
        run(service.registry().create_trusted_issuer(&default_organization(), &again)).expect("registered");
        world.endpoint.asked();
        assert_eq!(run(exchange(&service, &client, &signed(&world, &idp))), Ok(()));
        assert_eq!(world.endpoint.asked(), [OPENID, KEYS]);
    }
}
