//! The registration of clients that authenticate by key (R27, R28): what is refused, what is shown, and the way from a
//! secret and back (R22, R23).

mod world;

use asserta_core::client_auth::{Presented, PresentedBy};
use asserta_core::grants::TokenRequest;
use asserta_core::oauth::Reason;
use asserta_core::service::{RegisteredApplication, RegistryError, TrustDocument};
use serde_json::{Value, json};
use world::keyed_clients::*;
use world::*;

/// R22, R23: who authenticates by key has no secret, and who has a secret authenticates by none.
#[test]
fn r22_r23_neither_method_stands_in_for_the_other() {
    let world = trusting();
    let id = client(&world);
    let registry = || world.service();
    let record = world.registry.entries.borrow()[&format!("application/default/{id}")].clone();
    assert!(!String::from_utf8_lossy(&record).contains("secret"), "nothing of a secret is stored");
    for by in [PresentedBy::Basic, PresentedBy::Post] {
        for secret in ["", "x"] {
            let presented = Presented::secret(&id, secret, by);
            let request =
                TokenRequest::jwt_bearer(presented, &granted("1"), None, None).expect("short enough");
            let refusal = run(world.service().exchange(&default_organization(), &request)).expect_err("none");
            assert_eq!(refusal.reason, Reason::ClientUnauthenticated);
        }
    }
    let renewed = run(registry().registry().renew_secret(&default_organization(), &id)).map(drop);
    let Err(RegistryError::Invalid(error)) = renewed else { panic!("{renewed:?}") };
    assert_eq!(error.field, "token_endpoint_auth_method");

    let by_secret =
        run(registry().registry().create_application(&default_organization(), metadata(json!({}))))
            .expect("registered");
    let its_id = by_secret.application.client_id().to_owned();
    assert_eq!(refused(&world, None, &good(&its_id, "1"), "1"), REFUSED, "it has no keys");

    // From a secret to a key: the secret is gone, and does not come back with the method.
    let keys = metadata(
        json!({ "token_endpoint_auth_method": "private_key_jwt", "jwks": jwks(&[&key(2)]), "scope": "" }),
    );
    run(registry().registry().replace_application(&default_organization(), &its_id, keys)).expect("changed");
    assert!(ask(&world, None, &good(&its_id, "1"), &granted("1")).is_ok());
    let replace = metadata(json!({}));
    run(registry().registry().replace_application(&default_organization(), &its_id, replace))
        .expect("changed");
    let outcome = run(world.service().exchange(&default_organization(), &request(&by_secret, &granted("2"))));
    assert_eq!(outcome.expect_err("forgotten").reason, Reason::ClientUnauthenticated);
    let again = run(registry().registry().renew_secret(&default_organization(), &its_id)).expect("renewed");
    assert!(run(world.service().exchange(&default_organization(), &request(&again, &granted("2")))).is_ok());
}

/// R27, R28: what can be registered.
#[test]
fn r27_r28_what_can_be_registered() {
    let world = trusting();
    let set = jwks(&[&key(2)]);
    let method = "token_endpoint_auth_method";
    let by_secret = json!({ method: "client_secret_basic" });
    for (members, field) in [
        (json!({}), "jwks_uri"),
        (json!({ "jwks": set, "jwks_uri": "https://app.example/jwks" }), "jwks_uri"),
        (json!({ "jwks": set, "certificate": "x" }), "jwks_uri"),
        (
            json!({ "jwks": set, "client_assertion_issuer": "idp", "client_assertion_subject": "a" }),
            "jwks_uri",
        ),
        (json!({ "jwks": { "keys": [] } }), "jwks.keys"),
        (json!({ "jwks": { "keys": [{ "kty": "oct", "k": "AAAA" }] } }), "jwks.keys[0]"),
        (json!({ "certificate": "x" }), "certificate"),
        (json!({ "jwks_uri": "http://app.example/jwks" }), "jwks_uri"),
        (json!({ "jwks_uri": "https://a:b@app.example/jwks" }), "jwks_uri"),
        (json!({ "client_assertion_issuer": "idp" }), "client_assertion_subject"),
        (json!({ "client_assertion_subject": "alice" }), "client_assertion_issuer"),
        (
            json!({ "client_assertion_issuer": "", "client_assertion_subject": "a" }),
            "client_assertion_issuer",
        ),
        (
            json!({ "client_assertion_issuer": "idp", "client_assertion_subject": "a".repeat(1025) }),
            "client_assertion_subject",
        ),
        (
            json!({ "client_assertion_issuer": "idp", "client_assertion_subject": "a", "token_endpoint_auth_signing_alg": "ES256" }),
            "token_endpoint_auth_signing_alg",
        ),
        (
            json!({ "jwks": set, "token_endpoint_auth_signing_alg": "RS256" }),
            "token_endpoint_auth_signing_alg",
        ),
        (json!({ method: "client_secret_basic", "jwks": set }), "jwks"),
        (json!({ method: "client_secret_post", "jwks_uri": "https://app.example/jwks" }), "jwks_uri"),
        (json!({ method: "client_secret_post", "certificate": "x" }), "certificate"),
        (
            json!({ method: "client_secret_basic", "token_endpoint_auth_signing_alg": "ES256" }),
            "token_endpoint_auth_signing_alg",
        ),
        (
            json!({ method: "client_secret_basic", "client_assertion_issuer": "idp" }),
            "client_assertion_issuer",
        ),
    ] {
        let refused = register(&world, members.clone()).map_err(|error| match error {
            RegistryError::Invalid(error) => error.field,
            other => panic!("{other}"),
        });
        assert_eq!(refused, Err(field.into()), "{members}");
    }
    assert!(
        run(world.service().registry().create_application(&default_organization(), metadata(by_secret)))
            .is_ok()
    );
}

/// R31, R47: the algorithm must leave a key to use, at every door. What was registered before is read as it was.
#[test]
fn r47_an_algorithm_that_no_key_has() {
    let world = trusting();
    let document = |algorithm: &str| {
        json!({ "token_endpoint_auth_method": "private_key_jwt", "jwks": jwks(&[&key(2)]),
            "token_endpoint_auth_signing_alg": algorithm })
    };
    let member = "token_endpoint_auth_signing_alg";
    let id = register(&world, document("EdDSA")).expect("registered");
    let service = world.service();
    let (registry, organization) = (service.registry(), default_organization());
    let replaced = run(registry.replace_application(&organization, &id, metadata(document("RS256"))));
    assert!(matches!(replaced, Err(RegistryError::Invalid(error)) if error.field == member));
    let mut seed = document("RS256");
    seed["client_id"] = id.as_str().into();
    let text = json!({ "organizations": [{ "name": "default", "applications": [seed] }] }).to_string();
    let refused = TrustDocument::parse(text.as_bytes(), false).err().expect("refused");
    assert_eq!(
        refused.to_string(),
        format!(
            "organizations[0].applications[0].{member}: must allow an algorithm of the registered keys, or nothing is \
             ever verified (R47): EdDSA"
        )
    );

    let key = format!("application/default/{id}");
    let record = String::from_utf8(world.registry.entries.borrow()[&key].clone()).expect("JSON");
    let record = record.replace(
        r#""token_endpoint_auth_signing_alg":"EdDSA""#,
        r#""token_endpoint_auth_signing_alg":"RS256""#,
    );
    world.registry.entries.borrow_mut().insert(key, record.into_bytes());
    let kept = run(world.service().registry().application(&organization, &id)).expect("readable");
    let told: Vec<String> = kept.metadata().skipped_keys(START).iter().map(ToString::to_string).collect();
    assert_eq!(told, ["keys[0]: the registration's algorithms allow none of the key"]);
}

/// R47, R53: what of the keys is not used is told, and a private part is neither stored nor shown.
#[test]
fn r53_keys_are_shown_as_they_are_used() {
    let world = trusting();
    let own = key(2);
    let mut private = serde_json::to_value(own.public_jwk()).expect("a JWK");
    private["d"] = "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A".into();
    let set = json!({ "keys": [own.public_jwk(), private, { "kty": "oct", "k": "AAAA" }] });
    let id = register(&world, json!({ "jwks": set })).expect("one is usable");
    let application =
        run(world.service().registry().application(&default_organization(), &id)).expect("registered");
    let service = world.service();
    let shown = service.registry().registered_application(&application);
    let shown = serde_json::to_string(&shown).expect("JSON");
    assert!(!shown.contains("nWGxne") && !shown.contains("AAAA"), "{shown}");
    let shown: Value = serde_json::from_str(&shown).expect("JSON");
    assert_eq!(shown["jwks"]["keys"].as_array().map(Vec::len), Some(1), "{shown}");
    let skipped = world.registry.entries.borrow()[&format!("application/default/{id}")].clone();
    assert!(!String::from_utf8_lossy(&skipped).contains("nWGxne"), "nor is it stored");
    assert!(ask(&world, None, &good(&id, "1"), &granted("1")).is_ok());
    let plain = serde_json::to_string(&RegisteredApplication::from(&application)).expect("JSON");
    assert!(!plain.contains("secret"), "{plain}");
}
