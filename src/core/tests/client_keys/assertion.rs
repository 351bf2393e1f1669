//! What a client assertion must say, how it is signed, and what `explain` says of it.

use asserta_core::client_auth::ClientAssertionType;
use asserta_core::oauth::Reason;
use serde_json::{Value, json};

use crate::world::keyed_clients::{
    AS, REFUSED, ask, client, client_assertion, good, granted, refused, register, trusting,
};
use crate::world::{START, World, and_es256, default_organization, jwks, key, run};

fn last_event(world: &World) -> Value {
    world.events.1.borrow().last().cloned().expect("an event")
}

/// R27: who signs with the application's key is the application; its `client_id` may be given beside, and is the same one.
#[test]
fn r27_a_key_authenticates() {
    let world = trusting();
    let id = client(&world);
    let token = ask(&world, None, &good(&id, "1"), &granted("1")).expect("granted");
    assert_eq!([&token["client_id"], &token["sub"]], [&json!(id), &json!("alice")]);
    assert!(ask(&world, Some(&id), &good(&id, "2"), &granted("2")).is_ok());
    let listed = client_assertion(&key(2), &id, json!({}), json!({ "aud": [AS], "jti": "3" }));
    assert!(ask(&world, None, &listed, &granted("3")).is_ok(), "an array of the one element");
    assert_eq!(refused(&world, Some("other"), &good(&id, "4"), "4"), REFUSED);
    assert_eq!(refused(&world, None, &good("other", "5"), "5"), REFUSED);
    let event = last_event(&world);
    assert_eq!([&event["outcome"], &event["status"]], [&json!("client-assertion-refused"), &json!(401)]);
}

/// R27, R26: what a client assertion must say, and that one that doesn't uses up neither itself nor the assertion. Why, the
/// operator learns and nobody else: the sentence is that of R21.
#[test]
fn r27_what_a_client_assertion_must_say() {
    let world = trusting();
    let id = client(&world);
    let beside = json!(["https://as.example", "https://other.example"]);
    for (claims, cause) in [
        (json!({ "iss": null }), "issuer"),
        (json!({ "iss": "other" }), "issuer"),
        (json!({ "sub": null }), "sub"),
        (json!({ "sub": "other" }), "sub"),
        (json!({ "aud": null }), "aud"),
        (json!({ "aud": "https://as.example/oauth2/token" }), "not meant"),
        (json!({ "aud": "https://as.example/" }), "not meant"),
        (json!({ "aud": beside }), "not meant"),
        (json!({ "aud": [AS, AS] }), "not meant"),
        (json!({ "exp": null }), "exp"),
        (json!({ "exp": START - 61 }), "expired"),
        (json!({ "exp": START + 3600 + 61 }), "longer"),
        (json!({ "exp": "1" }), "exp"),
        (json!({ "nbf": START + 61 }), "not valid yet"),
        (json!({ "iat": START + 61 }), "iat"),
        (json!({ "iat": START - 3661 }), "too long ago"),
        (json!({ "jti": null }), "jti"),
        (json!({ "jti": 7 }), "jti"),
        (json!({ "jti": "a".repeat(257) }), "jti"),
        (json!({ "cnf": { "jkt": "x" } }), "cnf"),
    ] {
        // `iss` chooses the client, where nothing else names it.
        let bad = client_assertion(&key(2), &id, json!({}), claims.clone());
        let refusal = ask(&world, Some(&id), &bad, &granted("1")).expect_err("refused");
        assert_eq!((refusal.reason, refusal.code), REFUSED, "{claims}");
        assert_eq!(refusal.reason.sentence(), Reason::ClientUnauthenticated.sentence());
        let told = refusal.cause.expect("a cause");
        assert!(told.contains(cause), "{claims}: {told}");
        assert_eq!(last_event(&world)["cause"], told.as_str());
    }
    assert!(world.replay.entries.borrow().is_empty(), "R26");
    assert!(ask(&world, None, &good(&id, "c"), &granted("1")).is_ok(), "R26");
}

/// R27, R31 to R33, R35: the header and the signature.
#[test]
fn r27_r31_r32_r33_r35_header_and_signature() {
    let world = trusting();
    let id = client(&world);
    let made = |header: Value| client_assertion(&key(2), &id, header, json!({ "jti": "h" }));
    for (number, typ) in ["JWT", "jwt", "application/jwt", "client-authentication+jwt"].iter().enumerate() {
        let jti = number.to_string();
        let typed = client_assertion(&key(2), &id, json!({ "typ": typ }), json!({ "jti": jti }));
        assert!(ask(&world, None, &typed, &granted(&jti)).is_ok(), "{typ}");
    }
    for header in [
        json!({ "typ": "at+jwt" }),
        json!({ "typ": "dpop+jwt" }),
        json!({ "typ": "oauth-id-jag+jwt" }),
        json!({ "typ": "something" }),
        json!({ "typ": "" }),
        json!({ "alg": "none" }),
        json!({ "alg": "HS256" }),
        json!({ "alg": "ES256" }),
        json!({ "alg": null }),
        json!({ "crit": ["b64"], "b64": true }),
        json!({ "kid": "unknown" }),
    ] {
        assert_eq!(refused(&world, None, &made(header.clone()), "x"), REFUSED, "{header}");
    }
    // The key in the header chooses nothing.
    let stranger = key(3);
    let own = json!({ "kid": null, "jwk": stranger.public_jwk() });
    let forged = client_assertion(&stranger, &id, own, json!({}));
    assert_eq!(refused(&world, None, &forged, "x"), REFUSED);
    let of_issuer = client_assertion(&key(1), &id, json!({ "kid": null }), json!({}));
    assert_eq!(refused(&world, None, &of_issuer, "x"), REFUSED, "an issuer's key is not the application's");
    for text in ["", "x", "a.b.c", "a.b.c.d.e"] {
        if !text.is_empty() {
            assert_eq!(refused(&world, Some(&id), text, "x"), REFUSED, "{text}");
        }
    }
    let whole = good(&id, "h");
    let empty = format!("{}.", whole.rsplit_once('.').expect("segments").0);
    assert_eq!(refused(&world, None, &empty, "x"), REFUSED);
    assert_eq!(refused(&world, None, &format!("{whole}\n"), "x"), REFUSED, "R30");
    assert!(ask(&world, None, &whole, &granted("x")).is_ok(), "R26");
}

/// R27: `token_endpoint_auth_signing_alg` is the only algorithm then.
#[test]
fn r27_one_algorithm() {
    let world = trusting();
    let of = |algorithm: &str| {
        let members =
            json!({ "jwks": and_es256(jwks(&[&key(2)])), "token_endpoint_auth_signing_alg": algorithm });
        register(&world, members).expect("registered")
    };
    let (other, own) = (of("ES256"), of("EdDSA"));
    assert_eq!(refused(&world, None, &good(&other, "1"), "1"), REFUSED);
    assert!(ask(&world, None, &good(&own, "1"), &granted("1")).is_ok());
}

/// R27: an explanation tells each check of a client assertion, and uses nothing up.
#[test]
fn r27_explained() {
    let world = trusting();
    let id = client(&world);
    let explain = |client_assertion: &str, client_id: Option<&str>| {
        let service = world.service();
        let bearer = ClientAssertionType::JwtBearer;
        run(service.explain_client(&default_organization(), bearer, client_assertion, client_id))
            .expect("explained")
    };
    let presented = good(&id, "1");
    let explained = explain(&presented, None);
    assert!(explained.accepted, "{explained:?}");
    assert!(world.replay.entries.borrow().is_empty());
    let names: Vec<_> = explained.checks.iter().map(|step| step.check).collect();
    for name in [
        "well-formed",
        "client known",
        "iss and sub",
        "typ",
        "key",
        "signature",
        "aud",
        "exp",
        "jti",
        "not used before",
    ] {
        assert!(names.contains(&name), "{name}: {names:?}");
    }
    let bad = client_assertion(&key(2), &id, json!({ "typ": "at+jwt" }), json!({ "aud": "x", "sub": "y" }));
    let explained = explain(&bad, None);
    assert!(!explained.accepted);
    let failed: Vec<_> =
        explained.checks.iter().filter(|step| !step.passed).map(|step| (step.check, step.reason)).collect();
    let reason = Some("client-assertion-refused");
    assert_eq!(failed, [("typ", reason), ("aud", reason), ("iss and sub", reason)]);
    assert!(ask(&world, None, &presented, &granted("1")).is_ok());
    let used = explain(&presented, Some(&id));
    assert!(!used.accepted && used.checks.last().is_some_and(|step| step.check == "not used before"));
    assert!(!explain("x", Some(&id)).accepted);
    assert!(!explain(&good("other", "2"), None).accepted);
    let off = register(&world, json!({ "jwks": jwks(&[&key(2)]), "enabled": false })).expect("registered");
    let disabled = explain(&good(&off, "1"), None);
    let failed = disabled.checks.iter().find(|step| !step.passed).map(|step| (step.check, step.reason));
    assert_eq!(failed, Some(("application enabled", reason)), "R21");
}
