//! Clients that authenticate by the word of a trusted issuer (R28).

use serde_json::{Value, json};

use crate::world::keyed_clients::{
    AS, REFUSED, ask, client_assertion, good, granted, refused, register, trusting,
};
use crate::world::{ISSUER, START, default_organization, issuer, jwks, key, run};

/// R28: a JWT of the trusted issuer that the application names, with the subject that it names, authenticates it.
#[test]
fn r28_federated_clients() {
    let world = trusting();
    let cluster = issuer(
        json!({ "name": "cluster", "issuer": "https://cluster.example", "jwks": jwks(&[&key(5)]), "clock_skew": 0 }),
    );
    run(world.service().registry().create_trusted_issuer(&default_organization(), &cluster))
        .expect("trusted");
    let subject = "system:serviceaccount:prod:app";
    let federated = || {
        let members = json!({ "client_assertion_issuer": "cluster", "client_assertion_subject": subject });
        register(&world, members).expect("registered")
    };
    let (one, two) = (federated(), federated());
    let token = |claims: Value| {
        let mut whole = json!({ "iss": "https://cluster.example", "sub": subject });
        // What is null is left out, by the one that it is handed to.
        whole.as_object_mut().expect("an object").extend(claims.as_object().expect("an object").clone());
        client_assertion(&key(5), "unused", json!({}), whole)
    };
    let got = ask(&world, Some(&one), &token(json!({ "jti": "1" })), &granted("1")).expect("granted");
    assert_eq!(got["client_id"], one.as_str());
    assert_eq!(refused(&world, Some(&one), &token(json!({ "jti": "1" })), "2"), REFUSED, "once");
    assert_eq!(
        refused(&world, Some(&two), &token(json!({ "jti": "1" })), "2"),
        REFUSED,
        "for whichever client"
    );
    assert!(ask(&world, Some(&two), &token(json!({ "jti": "two" })), &granted("2")).is_ok());
    assert_eq!(refused(&world, None, &token(json!({ "jti": "2" })), "3"), REFUSED, "client_id is needed");
    for claims in [
        json!({ "sub": "system:serviceaccount:prod:other" }),
        json!({ "sub": "system:serviceaccount:prod:app2" }),
        json!({ "iss": ISSUER }),
        json!({ "iss": "https://nobody.example" }),
        json!({ "iss": one }),
        json!({ "aud": "https://as.example/oauth2/token" }),
        json!({ "aud": [AS, "https://kubernetes.default.svc"] }),
        json!({ "jti": null }),
        json!({ "exp": START }),
        json!({ "exp": START + 3601 }),
    ] {
        assert_eq!(refused(&world, Some(&one), &token(claims.clone()), "3"), REFUSED, "{claims}");
    }
    let of_another = client_assertion(
        &key(1),
        "unused",
        json!({}),
        json!({ "iss": "https://cluster.example", "sub": subject, "jti": "2" }),
    );
    assert_eq!(refused(&world, Some(&one), &of_another, "3"), REFUSED, "another issuer's key");
    assert_eq!(refused(&world, Some(&one), &good(&one, "2"), "3"), REFUSED, "it has no keys of its own");
    assert!(ask(&world, Some(&one), &token(json!({ "jti": "2" })), &granted("3")).is_ok(), "R26");

    let disabled = issuer(
        json!({ "name": "cluster", "issuer": "https://cluster.example", "jwks": jwks(&[&key(5)]), "enabled": false }),
    );
    let registry = world.service();
    run(registry.registry().put_trusted_issuer(&default_organization(), "cluster", &disabled)).expect("put");
    assert_eq!(refused(&world, Some(&one), &token(json!({ "jti": "3" })), "4"), REFUSED, "disabled");
    run(registry.registry().remove_trusted_issuer(&default_organization(), "cluster")).expect("removed");
    assert_eq!(refused(&world, Some(&one), &token(json!({ "jti": "3" })), "4"), REFUSED, "gone");
}
