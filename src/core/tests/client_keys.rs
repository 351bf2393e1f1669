//! Client authentication by key: `private_key_jwt` (R27), and federated clients (R28).

mod world;

use asserta_core::client_auth::{ClientAssertionType, Presented};
use asserta_core::grants::{HttpTokenRequest, TokenRequest};
use asserta_core::oauth::Reason;
use serde_json::{Value, json};
use world::keyed_clients::*;
use world::*;

const GRANT: &str = "urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer";
const TYPE: &str = "urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer";

/// A request as it comes over HTTP.
fn over_http(
    world: &World,
    authorization: Option<&str>,
    query: Option<&str>,
    more: &str,
    jti: &str,
) -> Result<(), Reason> {
    let body = format!("grant_type={GRANT}&assertion={}{more}", granted(jti));
    let request = TokenRequest::from_http(HttpTokenRequest {
        method: "POST",
        content_type: Some("application/x-www-form-urlencoded"),
        authorization,
        dpop: Default::default(),
        query,
        body: body.as_bytes(),
    })?;
    let exchanged = run(world.service().exchange(&default_organization(), &request));
    exchanged.map(drop).map_err(|refusal| refusal.reason)
}

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

/// R27, R45: once for each client, in a namespace of its own, and burned by a grant that is refused after the reservation.
#[test]
fn r27_r45_a_client_assertion_works_once() {
    let world = trusting();
    let (id, other) = (client(&world), client(&world));
    assert!(
        ask(&world, None, &good(&id, "1"), &granted("1")).is_ok(),
        "the grant's jti is the same: no matter"
    );
    assert_eq!(refused(&world, None, &good(&id, "1"), "2"), REFUSED);
    let again = client_assertion(&key(2), &id, json!({}), json!({ "jti": "1", "exp": START + 3000 }));
    assert_eq!(refused(&world, None, &again, "2"), REFUSED, "under another exp, too");
    assert!(ask(&world, None, &good(&other, "1"), &granted("2")).is_ok(), "another client's jti is free");
    // What is refused before the reservation burns nothing.
    let unknown = assertion(&key(1), START, json!({ "iss": "https://nobody.example" }));
    let refusal = ask(&world, None, &good(&id, "3"), &unknown).expect_err("refused");
    assert_eq!(refusal.reason, Reason::IssuerUnknown);
    // The grant's mark comes second: it is the client assertion that is burned.
    let refusal = ask(&world, None, &good(&id, "3"), &granted("2")).expect_err("replayed");
    assert_eq!(refusal.reason, Reason::Replayed);
    assert_eq!(refused(&world, None, &good(&id, "3"), "3"), REFUSED);
    assert!(ask(&world, None, &good(&id, "4"), &granted("3")).is_ok());
}

/// R27, R45: at once, over several instances: exactly one.
#[test]
fn r27_r45_at_once_exactly_one() {
    let world = trusting();
    let id = client(&world);
    // So that a signing key is there.
    assert!(ask(&world, None, &good(&id, "before"), &granted("before")).is_ok());
    let presented = good(&id, "1");
    let requests: Vec<_> =
        (0..64).map(|n| request_by_key(None, &presented, &granted(&n.to_string()))).collect();
    let instances: Vec<_> = (0..64).map(|_| world.service()).collect();
    let organization = default_organization();
    let outcomes = run_all(
        instances.iter().zip(&requests).map(|(instance, request)| instance.exchange(&organization, request)),
    );
    let (granted, refused): (Vec<_>, Vec<_>) = outcomes.into_iter().partition(Result::is_ok);
    assert_eq!((granted.len(), refused.len()), (1, 63));
    for refusal in refused.into_iter().filter_map(Result::err) {
        assert_eq!((refusal.reason, refusal.code), REFUSED);
    }
}

/// R27, R45: the store of marks fails: nothing is issued, and that is no failure of the client (R70).
#[test]
fn r27_r70_marks_that_can_not_be_made() {
    let world = trusting();
    let id = client(&world);
    world.replay.broken.set(true);
    let refusal = ask(&world, None, &good(&id, "1"), &granted("1")).expect_err("no store");
    assert_eq!(refusal.reason, Reason::StoreUnavailable);
    world.replay.broken.set(false);
    assert!(ask(&world, None, &good(&id, "1"), &granted("1")).is_ok());
}

/// R22, R27: the parameters.
#[test]
fn r22_r27_the_parameters() {
    let world = trusting();
    let id = client(&world);
    let both = |jti: &str| format!("&client_assertion_type={TYPE}&client_assertion={}", good(&id, jti));
    assert_eq!(over_http(&world, None, None, &both("1"), "1"), Ok(()));
    assert_eq!(over_http(&world, None, None, &format!("{}&client_id={id}", both("2")), "2"), Ok(()));
    let incomplete = Err(Reason::ClientAssertionIncomplete);
    assert_eq!(
        over_http(&world, None, None, &format!("&client_assertion={}", good(&id, "3")), "3"),
        incomplete
    );
    assert_eq!(over_http(&world, None, None, &format!("&client_assertion_type={TYPE}"), "3"), incomplete);
    let no_value = format!("&client_assertion_type={TYPE}&client_assertion=");
    assert_eq!(
        over_http(&world, None, None, &no_value, "3"),
        incomplete,
        "R13: no value is as good as absent"
    );
    let unknown = both("3").replace("jwt-bearer", "saml2-bearer");
    assert_eq!(over_http(&world, None, None, &unknown, "3"), Err(Reason::ClientAssertionRefused));
    let twice = Err(Reason::CredentialsTwice);
    assert_eq!(over_http(&world, None, None, &format!("{}&client_secret=x", both("3")), "3"), twice);
    // Whatever either is.
    for header in ["Basic YTpi", "Basic !!!", "Bearer x"] {
        assert_eq!(over_http(&world, Some(header), None, &both("3"), "3"), twice, "{header}");
        assert_eq!(over_http(&world, Some(header), None, &unknown, "3"), twice, "{header}");
    }
    let repeated = Err(Reason::ParameterRepeated);
    assert_eq!(over_http(&world, None, None, &format!("{}{}", both("3"), both("3")), "3"), repeated);
    let in_query = format!("client_assertion={}", good(&id, "3"));
    assert_eq!(over_http(&world, None, Some(&in_query), &both("3"), "3"), Err(Reason::CredentialsInQuery));
    let long = format!("&client_assertion_type={TYPE}&client_assertion={}", "a".repeat(16 * 1024 + 1));
    assert_eq!(over_http(&world, None, None, &long, "3"), Err(Reason::AssertionTooLarge), "R15");
    assert!(Presented::assertion(None, &"a".repeat(16 * 1024 + 1)).is_err(), "R15");
    assert_eq!(over_http(&world, None, None, &both("3"), "3"), Ok(()), "R26");
}

/// R35: a client assertion is no assertion of the grant, an assertion of the grant is no client assertion, and one JWT is never
/// both in a request, even where an issuer goes by the name of the client.
#[test]
fn r35_one_jwt_has_one_role() {
    let world = trusting();
    let id = client(&world);
    assert_eq!(refused(&world, Some(&id), &granted("1"), "2"), REFUSED);
    let as_grant = client_assertion(&key(2), &id, json!({}), json!({ "jti": "g" }));
    let refusal = ask(&world, None, &good(&id, "1"), &as_grant).expect_err("no such issuer");
    assert_eq!(refusal.reason, Reason::IssuerUnknown);
    let same_name = issuer(json!({ "name": "self", "issuer": id, "jwks": jwks(&[&key(2)]) }));
    run(world.service().registry().create_trusted_issuer(&default_organization(), &same_name))
        .expect("registered");
    let typed = json!({ "typ": "client-authentication+jwt" });
    let as_grant = client_assertion(&key(2), &id, typed, json!({ "jti": "t" }));
    let refusal = ask(&world, None, &good(&id, "1"), &as_grant).expect_err("its type says what it is");
    assert_eq!(refusal.reason, Reason::TypeNotAllowed);
    let both = client_assertion(&key(2), &id, json!({}), json!({ "jti": "both" }));
    let refusal = ask(&world, None, &both, &both).expect_err("one JWT");
    assert_eq!((refusal.reason, refusal.code), REFUSED);
    assert!(world.replay.entries.borrow().is_empty());
}

/// R21, R24: a disabled application, and one without the grant.
#[test]
fn r21_r24_what_the_application_may() {
    let world = trusting();
    let of = |members: Value| {
        let mut document = json!({ "jwks": jwks(&[&key(2)]) });
        overlay(&mut document, &members);
        register(&world, document).expect("registered")
    };
    let (disabled, none) = (of(json!({ "enabled": false })), of(json!({ "grant_types": [] })));
    assert_eq!(refused(&world, None, &good(&disabled, "1"), "1"), REFUSED);
    assert_eq!(refused(&world, None, &good(&none, "1"), "1").0, Reason::GrantNotAllowed);
}

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

/// R28, R35, R45: a JWT of a trusted issuer works once, as a client assertion or as an assertion. Where its assertions may be
/// used again, it authenticates each application once.
#[test]
fn r28_r35_r45_one_use_in_whichever_role() {
    for replay in ["once", "allow"] {
        let world = World::default();
        let partner = issuer(json!({ "jwks": jwks(&[&key(1)]), "replay": replay }));
        run(world.service().registry().create_trusted_issuer(&default_organization(), &partner))
            .expect("trusted");
        let members = json!({ "client_assertion_issuer": "idp", "client_assertion_subject": "alice" });
        let (one, two) =
            (register(&world, members.clone()).expect("one"), register(&world, members).expect("two"));
        let other = client(&world);
        let as_assertion = |jwt: &str, jti: &str| {
            ask(&world, None, &good(&other, jti), jwt).map(drop).map_err(|refusal| refusal.reason)
        };
        let as_client = |id: &str, jwt: &str, jti: &str| {
            ask(&world, Some(id), jwt, &granted(jti)).map(drop).map_err(|refusal| refusal.reason)
        };
        let again = |reason| if replay == "once" { Err(reason) } else { Ok(()) };
        let (first, second) = (granted("first"), granted("second"));
        assert_eq!(as_client(&one, &first, "1"), Ok(()));
        assert_eq!(as_client(&one, &first, "2"), Err(Reason::ClientAssertionRefused));
        assert_eq!(as_client(&two, &first, "2"), again(Reason::ClientAssertionRefused));
        assert_eq!(as_assertion(&first, "3"), again(Reason::Replayed));
        assert_eq!(as_assertion(&second, "4"), Ok(()));
        assert_eq!(as_client(&two, &second, "5"), again(Reason::ClientAssertionRefused));
        let explained =
            run(world.service().explain(&default_organization(), &first, None)).expect("explained");
        assert_eq!(explained.accepted, replay == "allow");
    }
}
