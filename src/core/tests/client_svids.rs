//! What a JWT-SVID must say to authenticate a client (R28), and how often it does.

mod world;

use asserta_core::grants::TokenRequest;
use asserta_core::oauth::Reason;
use serde_json::json;
use world::keyed_clients::{AS, REFUSED, granted, signed_jwt};
use world::workloads::*;
use world::*;

/// R28: the SVID of the workload that the application names authenticates it, in the form in which SPIRE makes them; two
/// applications may name one workload.
#[test]
fn r28_a_workload_authenticates() {
    let world = with_spire();
    let (one, two) = (register_workload(&world, json!({})), register_workload(&world, json!({})));
    for (number, client_id) in [&one, &two].into_iter().enumerate() {
        let token =
            ask_as(&world, by_svid(client_id, &svid(json!({}))), &number.to_string()).expect("granted");
        assert_eq!([&token["client_id"], &token["sub"]], [&json!(client_id), &json!("alice")]);
    }
    for (number, header) in
        [json!({ "typ": null }), json!({ "typ": "JOSE" }), json!({ "kid": null })].into_iter().enumerate()
    {
        let svid = svid_of(&authority(5), header.clone(), json!({ "aud": AS, "iss": SPIRE }));
        assert_eq!(outcome(&world, by_svid(&one, &svid), &format!("h{number}")), Ok(()), "{header}");
    }
}

/// R28, R45: of an issuer with `replay: "allow"`, with a `jti` once for each application, without one until it expires.
#[test]
fn r28_r45_used_again() {
    let world = with_spire();
    let (one, two) = (register_workload(&world, json!({})), register_workload(&world, json!({})));
    let (again, once) = (svid(json!({})), svid(json!({ "jti": "1" })));
    for jti in ["a1", "a2", "a3"] {
        assert_eq!(outcome(&world, by_svid(&one, &again), jti), Ok(()), "{jti}");
    }
    let marks = world.replay.entries.borrow().len();
    assert_eq!(marks, 3, "of the assertions alone");
    assert_eq!(outcome(&world, by_svid(&one, &once), "o1"), Ok(()));
    assert_eq!(outcome(&world, by_svid(&one, &once), "o2"), Err(REFUSED));
    let other_end = svid(json!({ "jti": "1", "exp": START + 3000 }));
    assert_eq!(outcome(&world, by_svid(&one, &other_end), "o2"), Err(REFUSED), "under another exp, too");
    assert_eq!(outcome(&world, by_svid(&two, &once), "o2"), Ok(()), "for each application");
    let last = explain_svid(&world, Some(&one), &once);
    assert!(!last.accepted && last.checks.last().is_some_and(|step| step.check == "not used before"));
    world.advance(299);
    let grant = assertion(&key(1), START + 299, json!({ "jti": "end" }));
    let request =
        |svid: &str| TokenRequest::jwt_bearer(by_svid(&one, svid), &grant, None, None).expect("short enough");
    assert!(run(world.service().exchange(&default_organization(), &request(&again))).is_ok());
    world.advance(1);
    let refusal = run(world.service().exchange(&default_organization(), &request(&again)));
    assert_eq!(refusal.map(drop).map_err(|refusal| refusal.reason), Err(Reason::ClientAssertionRefused));
}

/// R28, R45: with a `jti`, at once over several instances: exactly one.
#[test]
fn r28_r45_at_once_exactly_one() {
    let world = with_spire();
    let id = register_workload(&world, json!({}));
    assert_eq!(outcome(&world, by_svid(&id, &svid(json!({}))), "before"), Ok(()), "a signing key is there");
    let once = svid(json!({ "jti": "1" }));
    let requests: Vec<_> = (0..32)
        .map(|n| TokenRequest::jwt_bearer(by_svid(&id, &once), &granted(&n.to_string()), None, None))
        .map(|request| request.expect("short enough"))
        .collect();
    let instances: Vec<_> = (0..32).map(|_| world.service()).collect();
    let organization = default_organization();
    let outcomes = run_all(
        instances.iter().zip(&requests).map(|(instance, request)| instance.exchange(&organization, request)),
    );
    assert_eq!(outcomes.into_iter().filter(Result::is_ok).count(), 1);
}

/// R28, R26: what an SVID must say. What is refused uses nothing up, and tells the client nothing (R21).
#[test]
fn r28_what_an_svid_must_say() {
    let world = with_spire();
    let id = register_workload(&world, json!({}));
    for claims in [
        json!({ "iss": "https://other.example" }),
        json!({ "iss": ISSUER }),
        json!({ "iss": id }),
        json!({ "iss": "" }),
        json!({ "iss": 7 }),
        json!({ "sub": null }),
        json!({ "sub": id }),
        json!({ "sub": "spiffe://prod.example.org/ns/prod/sa/other" }),
        json!({ "sub": format!("{WORKLOAD}/x") }),
        json!({ "sub": format!("{WORKLOAD}/") }),
        json!({ "aud": null }),
        json!({ "aud": [] }),
        json!({ "aud": "https://as.example/oauth2/token" }),
        json!({ "aud": "https://as.example/" }),
        json!({ "aud": [AS, "https://other.example"] }),
        json!({ "aud": [AS, AS] }),
        json!({ "exp": null }),
        json!({ "exp": START }),
        json!({ "exp": START + 3601 }),
        json!({ "exp": "1" }),
        json!({ "nbf": START + 1 }),
        json!({ "iat": START + 1 }),
        json!({ "iat": START - 3601 }),
        json!({ "jti": 7 }),
        json!({ "jti": "" }),
        json!({ "jti": "a".repeat(257) }),
        json!({ "cnf": { "jkt": "x" } }),
    ] {
        let bad = svid(claims.clone());
        let refusal = ask_as(&world, by_svid(&id, &bad), "1").expect_err("refused");
        assert_eq!((refusal.reason, refusal.code), REFUSED, "{claims}");
        assert_eq!(refusal.reason.sentence(), Reason::ClientUnauthenticated.sentence());
        assert!(!explain_svid(&world, Some(&id), &bad).accepted, "{claims}");
    }
    assert!(world.replay.entries.borrow().is_empty(), "R26");
    assert_eq!(outcome(&world, by_svid(&id, &svid(json!({}))), "1"), Ok(()), "R26");
}

/// R28, R35: `iss: null` is no absent `iss`, and an hour is the most whatever the issuer may otherwise.
#[test]
fn r28_an_hour_at_most() {
    let world = with_spire();
    put_spire(&world, json!({ "max_lifetime": 172_800 }));
    let id = register_workload(&world, json!({}));
    let until = |end: u64| svid(json!({ "exp": START + end }));
    assert_eq!(outcome(&world, by_svid(&id, &until(3600)), "1"), Ok(()));
    assert_eq!(outcome(&world, by_svid(&id, &until(3601)), "2"), Err(REFUSED));
    let null = signed_jwt(
        &authority(5),
        &json!({ "alg": "ES256", "kid": authority(5).kid() }),
        &json!({ "iss": null, "sub": WORKLOAD, "aud": AS, "exp": START + 300 }),
    );
    assert_eq!(outcome(&world, by_svid(&id, &null), "3"), Err(REFUSED));
}

/// R28, R31 to R33, R35: the header and the signature. Ed25519 is none of the algorithms of a JWT-SVID; where an issuer names
/// its algorithms, those count.
#[test]
fn r28_r31_r32_r33_r35_header_and_signature() {
    let world = with_spire();
    let id = register_workload(&world, json!({}));
    for header in [
        json!({ "typ": "at+jwt" }),
        json!({ "typ": "client-authentication+jwt" }),
        json!({ "typ": "dpop+jwt" }),
        json!({ "typ": "oauth-id-jag+jwt" }),
        json!({ "typ": "" }),
        json!({ "alg": "none" }),
        json!({ "alg": "HS256" }),
        json!({ "alg": "RS256" }),
        json!({ "crit": ["exp"] }),
        json!({ "kid": "unknown" }),
    ] {
        let bad = svid_of(&authority(5), header.clone(), json!({}));
        assert_eq!(outcome(&world, by_svid(&id, &bad), "1"), Err(REFUSED), "{header}");
    }
    let stranger = authority(6);
    let own = json!({ "kid": null, "jwk": stranger.public_jwk() });
    assert_eq!(outcome(&world, by_svid(&id, &svid_of(&stranger, own, json!({}))), "1"), Err(REFUSED));
    let good = svid(json!({}));
    let unsigned = format!("{}.", good.rsplit_once('.').expect("segments").0);
    for text in [unsigned.as_str(), &format!("{good}\n"), "x", "a.b.c"] {
        assert_eq!(outcome(&world, by_svid(&id, text), "1"), Err(REFUSED), "{text}");
    }
    put_spire(&world, json!({ "jwks": bundle(&[&authority(5), &key(7)]) }));
    let edwards = svid_of(&key(7), json!({}), json!({}));
    assert_eq!(outcome(&world, by_svid(&id, &edwards), "1"), Err(REFUSED));
    put_spire(&world, json!({ "jwks": bundle(&[&authority(5), &key(7)]), "algorithms": ["EdDSA"] }));
    assert_eq!(outcome(&world, by_svid(&id, &edwards), "1"), Ok(()));
    assert_eq!(outcome(&world, by_svid(&id, &good), "2"), Err(REFUSED));
}

/// R28, R41: an application that names what is no workload of the issuer's trust domain is authenticated by nothing, also
/// where the authority signs just that.
#[test]
fn r28_r41_spiffe_ids() {
    let world = with_spire();
    for subject in [
        "spiffe://staging.example.org/ns/prod/sa/orders",
        "spiffe://prod.example.org.evil.example/orders",
        "spiffe://evil.example/prod.example.org/orders",
        "spiffe://prod.example.org",
        "spiffe://prod.example.org/",
        "spiffe://prod.example.org//orders",
        "spiffe://prod.example.org/orders/",
        "spiffe://prod.example.org/../orders",
        "spiffe://prod.example.org/./orders",
        "spiffe://prod.example.org/%2e%2e/orders",
        "spiffe://PROD.example.org/orders",
        "SPIFFE://prod.example.org/orders",
        "spiffe://prod.example.org:8443/orders",
        "spiffe://x@prod.example.org/orders",
        "spiffe://prod.example.org/orders?x=1",
        "spiffe://prod.example.org/orders#x",
        "spiffe://prod.example.org/*",
        "https://prod.example.org/orders",
        "orders",
    ] {
        let id = register_workload(&world, json!({ "client_assertion_subject": subject }));
        let signed = svid(json!({ "sub": subject }));
        assert_eq!(outcome(&world, by_svid(&id, &signed), "1"), Err(REFUSED), "{subject}");
        let explained = explain_svid(&world, Some(&id), &signed);
        let (check, saw) = first_failure(&explained);
        assert!(check == "client known" && saw.contains("client_assertion_subject"), "{subject}: {saw}");
    }
    // Nor does a SPIFFE ID in another form stand for the one that the application names.
    let id = register_workload(&world, json!({}));
    for sub in [
        "spiffe://prod.example.org/ns/prod/../prod/sa/orders",
        "spiffe://PROD.example.org/ns/prod/sa/orders",
        "spiffe://prod.example.org:443/ns/prod/sa/orders",
        "spiffe://prod.example.org/ns/prod/sa/orders?x",
        "spiffe://prod.example.org/ns/prod/sa/%6frders",
        "spiffe://staging.example.org/ns/prod/sa/orders",
    ] {
        let signed = svid(json!({ "sub": sub }));
        assert_eq!(outcome(&world, by_svid(&id, &signed), "1"), Err(REFUSED), "{sub}");
        let explained = explain_svid(&world, Some(&id), &signed);
        let (check, saw) = first_failure(&explained);
        assert!(check == "iss and sub" && saw.contains("SPIFFE ID"), "{sub}: {saw}");
    }
}
