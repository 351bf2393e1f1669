//! Why keys did not come, and which were skipped, is told (R50, R53, R56).

mod world;

use asserta_core::oauth::Reason;
use asserta_core::ports::FetchProblem;
use asserta_core::service::Service;
use serde_json::json;
use world::fetched_keys::*;
use world::*;

fn saw(service: &Service<&World>, assertion: &str) -> String {
    let explained = run(service.explain(&default_organization(), assertion, None)).expect("explained");
    explained.checks.iter().map(|check| format!("{}: {}\n", check.check, check.saw)).collect()
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
