//! Clients that authenticate with a JWT-SVID (R28): what it must say, who vouches for it, and what passes for none.

mod world;

use asserta_core::client_auth::{ClientAssertionType, Presented};
use asserta_core::grants::{HttpTokenRequest, TokenQuestion, TokenRequest};
use asserta_core::jose::base64url;
use asserta_core::jose::key::{SigningAlgorithm, SigningKey};
use asserta_core::oauth::{ErrorCode, Reason, Refusal};
use asserta_core::service::Explanation;
use serde_json::{Value, json};
use world::fetched_keys::URI;
use world::*;

const AS: &str = "https://as.example";
const DOMAIN: &str = "prod.example.org";
const WORKLOAD: &str = "spiffe://prod.example.org/ns/prod/sa/orders";
const SPIRE: &str = "https://oidc.example.org";
const REFUSED: (Reason, ErrorCode) = (Reason::ClientAssertionRefused, ErrorCode::InvalidClient);

/// What signs JWT-SVIDs: Ed25519 may not (JWT-SVID section 2.1).
fn authority(seed: u8) -> SigningKey {
    SigningKey::generate(SigningAlgorithm::Es256, &[seed; 32])
}

/// A bundle of these keys.
fn bundle(keys: &[&SigningKey]) -> Value {
    let mut set = jwks(keys);
    for key in set["keys"].as_array_mut().expect("keys") {
        key["use"] = "jwt-svid".into();
    }
    set
}

/// Lays members over others; null takes one away.
fn overlay(document: &mut Value, members: &Value) {
    let document = document.as_object_mut().expect("an object");
    for (name, value) in members.as_object().expect("an object") {
        if value.is_null() {
            document.remove(name);
        } else {
            document.insert(name.clone(), value.clone());
        }
    }
}

/// Registers the issuer of the trust domain, or replaces it, with members over good ones.
fn put_spire(world: &World, members: Value) {
    let mut document = json!({
        "name": "spire", "issuer": SPIRE, "trust_domain": DOMAIN, "jwks": bundle(&[&authority(5)]), "replay": "allow",
        "clock_skew": 0,
    });
    overlay(&mut document, &members);
    let service = world.service();
    run(service.registry().put_trusted_issuer(&default_organization(), "spire", &issuer(document)))
        .expect("registered");
}

/// A world that trusts the issuer of the assertions, whose key is `key(1)`, and that of the trust domain.
fn trusting() -> World {
    let world = World::default();
    let trusted = issuer(json!({ "jwks": jwks(&[&key(1)]) }));
    run(world.service().registry().create_trusted_issuer(&default_organization(), &trusted))
        .expect("trusted");
    put_spire(&world, json!({}));
    world
}

/// Registers an application for the workload, with these members over good ones.
fn register(world: &World, members: Value) -> String {
    let mut document = json!({
        "token_endpoint_auth_method": "private_key_jwt",
        "client_assertion_issuer": "spire", "client_assertion_subject": WORKLOAD,
    });
    overlay(&mut document, &members);
    let service = world.service();
    let made = run(service.registry().create_application(&default_organization(), metadata(document)));
    made.expect("registered").application.client_id().to_owned()
}

fn signed(key: &SigningKey, header: Value, claims: Value) -> String {
    let input = [header, claims].map(|part| base64url::encode(part.to_string().as_bytes())).join(".");
    format!("{input}.{}", base64url::encode(&key.sign(input.as_bytes(), &[0; 32])))
}

/// A JWT-SVID as SPIRE makes it, of this key and with members over good ones: neither `iss` nor `jti`.
fn svid_of(key: &SigningKey, header: Value, claims: Value) -> String {
    let mut whole_header = json!({ "alg": key.algorithm().name(), "kid": key.kid(), "typ": "JWT" });
    overlay(&mut whole_header, &header);
    let mut whole = json!({ "sub": WORKLOAD, "aud": [AS], "iat": START, "exp": START + 300 });
    overlay(&mut whole, &claims);
    signed(key, whole_header, whole)
}

fn svid(claims: Value) -> String {
    svid_of(&authority(5), json!({}), claims)
}

/// The grant's assertion, with this `jti`.
fn granted(jti: &str) -> String {
    assertion(&key(1), START, json!({ "jti": jti }))
}

/// The claims of the token.
fn ask(world: &World, presented: Presented, jti: &str) -> Result<Value, Refusal> {
    let request = TokenRequest::jwt_bearer(presented, &granted(jti), None, None).expect("short enough");
    let issued = run(world.service().exchange(&default_organization(), &request))?;
    let claims = issued.token.split('.').nth(1).and_then(|text| base64url::decode(text).ok());
    Ok(serde_json::from_slice(&claims.expect("claims")).expect("JSON"))
}

fn by_svid(client_id: &str, svid: &str) -> Presented {
    Presented::jwt_svid(Some(client_id), svid).expect("short enough")
}

fn outcome(world: &World, presented: Presented, jti: &str) -> Result<(), (Reason, ErrorCode)> {
    ask(world, presented, jti).map(drop).map_err(|refusal| (refusal.reason, refusal.code))
}

fn explain(world: &World, client_id: Option<&str>, svid: &str) -> Explanation {
    let (service, spiffe) = (world.service(), ClientAssertionType::JwtSpiffe);
    run(service.explain_client(&default_organization(), spiffe, svid, client_id)).expect("explained")
}

/// The check that refuses first, and what it saw.
fn first_failure(explained: &Explanation) -> (&str, &str) {
    let failed = explained.checks.iter().find(|step| !step.passed).expect("one fails");
    assert_eq!(failed.reason, Some("client-assertion-refused"));
    (failed.check, &failed.saw)
}

/// R28: the SVID of the workload that the application names authenticates it, in the form in which SPIRE makes them; two
/// applications may name one workload.
#[test]
fn r28_a_workload_authenticates() {
    let world = trusting();
    let (one, two) = (register(&world, json!({})), register(&world, json!({})));
    for (number, client_id) in [&one, &two].into_iter().enumerate() {
        let token = ask(&world, by_svid(client_id, &svid(json!({}))), &number.to_string()).expect("granted");
        assert_eq!([&token["client_id"], &token["sub"]], [&json!(client_id), &json!("alice")]);
    }
    for (number, header) in
        [json!({ "typ": null }), json!({ "typ": "JOSE" }), json!({ "kid": null })].into_iter().enumerate()
    {
        let svid = svid_of(&authority(5), header.clone(), json!({ "aud": AS, "iss": SPIRE }));
        assert_eq!(outcome(&world, by_svid(&one, &svid), &format!("h{number}")), Ok(()), "{header}");
    }
}

/// R28, R45: with a `jti` once for each application, without one until it expires.
#[test]
fn r28_r45_used_again() {
    let world = trusting();
    let (one, two) = (register(&world, json!({})), register(&world, json!({})));
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
    let last = explain(&world, Some(&one), &once);
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
    let world = trusting();
    let id = register(&world, json!({}));
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
    let world = trusting();
    let id = register(&world, json!({}));
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
        let refusal = ask(&world, by_svid(&id, &bad), "1").expect_err("refused");
        assert_eq!((refusal.reason, refusal.code), REFUSED, "{claims}");
        assert_eq!(refusal.reason.sentence(), Reason::ClientUnauthenticated.sentence());
        assert!(!explain(&world, Some(&id), &bad).accepted, "{claims}");
    }
    assert!(world.replay.entries.borrow().is_empty(), "R26");
    assert_eq!(outcome(&world, by_svid(&id, &svid(json!({}))), "1"), Ok(()), "R26");
}

/// R28, R35: `iss: null` is no absent `iss`, and an hour is the most whatever the issuer may otherwise.
#[test]
fn r28_an_hour_at_most() {
    let world = trusting();
    put_spire(&world, json!({ "max_lifetime": 172_800 }));
    let id = register(&world, json!({}));
    let until = |end: u64| svid(json!({ "exp": START + end }));
    assert_eq!(outcome(&world, by_svid(&id, &until(3600)), "1"), Ok(()));
    assert_eq!(outcome(&world, by_svid(&id, &until(3601)), "2"), Err(REFUSED));
    let null = signed(
        &authority(5),
        json!({ "alg": "ES256", "kid": authority(5).kid() }),
        json!({ "iss": null, "sub": WORKLOAD, "aud": AS, "exp": START + 300 }),
    );
    assert_eq!(outcome(&world, by_svid(&id, &null), "3"), Err(REFUSED));
}

/// R28, R31 to R33, R35: the header and the signature. Ed25519 is none of the algorithms of a JWT-SVID; where an issuer names
/// its algorithms, those count.
#[test]
fn r28_r31_r32_r33_r35_header_and_signature() {
    let world = trusting();
    let id = register(&world, json!({}));
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
    let world = trusting();
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
        let id = register(&world, json!({ "client_assertion_subject": subject }));
        let signed = svid(json!({ "sub": subject }));
        assert_eq!(outcome(&world, by_svid(&id, &signed), "1"), Err(REFUSED), "{subject}");
        let explained = explain(&world, Some(&id), &signed);
        let (check, saw) = first_failure(&explained);
        assert!(check == "client known" && saw.contains("client_assertion_subject"), "{subject}: {saw}");
    }
    // Nor does a SPIFFE ID in another form stand for the one that the application names.
    let id = register(&world, json!({}));
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
        let explained = explain(&world, Some(&id), &signed);
        let (check, saw) = first_failure(&explained);
        assert!(check == "iss and sub" && saw.contains("SPIFFE ID"), "{sub}: {saw}");
    }
}

/// R28, R37: an issuer vouches for workloads where it is enabled, has a trust domain, and its assertions are not ID-JAGs.
#[test]
fn r28_r37_the_issuer() {
    let world = trusting();
    let id = register(&world, json!({}));
    let plain = jwks(&[&authority(5)]);
    let told = |members: Value, words: &str| {
        put_spire(&world, members);
        assert_eq!(outcome(&world, by_svid(&id, &svid(json!({}))), "1"), Err(REFUSED), "{words}");
        let explained = explain(&world, Some(&id), &svid(json!({})));
        let (check, saw) = first_failure(&explained);
        assert!(check == "client known" && saw.contains(words), "{saw}");
        let events = world.events.1.borrow();
        let cause = events.last().expect("an event")["cause"].as_str().expect("a cause").to_owned();
        assert!(cause.contains(words), "{cause}");
    };
    told(json!({ "enabled": false }), "disabled");
    told(json!({ "trust_domain": null, "jwks": plain }), "trust_domain");
    told(json!({ "trust_domain": "staging.example.org" }), "another trust domain");
    told(json!({ "profile": "id-jag", "replay": "once" }), "id-jag");
    put_spire(&world, json!({}));
    assert_eq!(outcome(&world, by_svid(&id, &svid(json!({}))), "1"), Ok(()));
    // Another issuer of the same trust domain is not the one that the application names.
    let other = json!({ "name": "other", "issuer": "https://other.example", "trust_domain": DOMAIN, "jwks": bundle(&[&authority(6)]) });
    let service = world.service();
    run(service.registry().create_trusted_issuer(&default_organization(), &issuer(other)))
        .expect("registered");
    let of_other = svid_of(&authority(6), json!({}), json!({}));
    assert_eq!(outcome(&world, by_svid(&id, &of_other), "2"), Err(REFUSED));
    run(service.registry().remove_trusted_issuer(&default_organization(), "spire")).expect("removed");
    assert_eq!(outcome(&world, by_svid(&id, &svid(json!({}))), "2"), Err(REFUSED), "gone");
}

/// R28, R21, R27: the application: it is enabled, named by `client_id`, and has no keys of its own and no secret.
#[test]
fn r28_r21_r27_the_application() {
    let world = trusting();
    let id = register(&world, json!({}));
    let of_own_key = json!({
        "client_assertion_issuer": null, "client_assertion_subject": null, "jwks": jwks(&[&authority(5)]),
    });
    let own = register(&world, of_own_key);
    let secret = {
        let service = world.service();
        let made = run(service.registry().create_application(&default_organization(), metadata(json!({}))));
        made.expect("registered").application.client_id().to_owned()
    };
    let unnamed = Presented::jwt_svid(None, &svid(json!({}))).expect("short enough");
    assert_eq!(outcome(&world, unnamed, "1"), Err(REFUSED));
    assert_eq!(first_failure(&explain(&world, None, &svid(json!({})))).0, "client known");
    let names_itself = svid(json!({ "iss": id, "sub": id }));
    let unnamed = Presented::jwt_svid(None, &names_itself).expect("short enough");
    assert_eq!(outcome(&world, unnamed, "1"), Err(REFUSED), "iss names no application here");
    for client_id in [&own, &secret, "nobody", WORKLOAD, ""] {
        assert_eq!(outcome(&world, by_svid(client_id, &svid(json!({}))), "1"), Err(REFUSED), "{client_id}");
    }
    let by_own_key = svid(json!({ "iss": own, "sub": own, "jti": "1" }));
    assert_eq!(outcome(&world, by_svid(&own, &by_own_key), "1"), Err(REFUSED), "it is no SVID");
    let disabled = register(&world, json!({ "enabled": false }));
    assert_eq!(outcome(&world, by_svid(&disabled, &svid(json!({}))), "1"), Err(REFUSED));
    assert_eq!(first_failure(&explain(&world, Some(&disabled), &svid(json!({})))).0, "application enabled");
    assert!(world.replay.entries.borrow().is_empty(), "R26");
}

/// R28, R27: under the type `jwt-bearer` all is as it was: an SVID needs `iss` and `jti`, and works once.
#[test]
fn r28_the_other_type() {
    let world = trusting();
    let id = register(&world, json!({}));
    let bearer = |svid: &str| Presented::assertion(Some(&id), svid).expect("short enough");
    for claims in [json!({}), json!({ "iss": SPIRE }), json!({ "jti": "1" })] {
        assert_eq!(outcome(&world, bearer(&svid(claims.clone())), "1"), Err(REFUSED), "{claims}");
    }
    let whole = svid(json!({ "iss": SPIRE, "jti": "1" }));
    assert_eq!(outcome(&world, bearer(&whole), "1"), Ok(()));
    assert_eq!(outcome(&world, bearer(&whole), "2"), Err(REFUSED));
    assert_eq!(outcome(&world, by_svid(&id, &whole), "2"), Err(REFUSED), "one jti, whatever the type");
}

/// R28, R35: an access token of ours is no SVID, and one JWT is never client and grant at once.
#[test]
fn r28_r35_one_jwt_one_role() {
    let world = trusting();
    let id = register(&world, json!({}));
    let token = {
        let request = TokenRequest::jwt_bearer(by_svid(&id, &svid(json!({}))), &granted("1"), None, None)
            .expect("short");
        run(world.service().exchange(&default_organization(), &request)).expect("granted").token
    };
    assert_eq!(outcome(&world, by_svid(&id, &token), "2"), Err(REFUSED));
    let both = svid(json!({ "iss": SPIRE }));
    let request = TokenRequest::jwt_bearer(by_svid(&id, &both), &both, None, None).expect("short enough");
    let refusal = run(world.service().exchange(&default_organization(), &request));
    assert_eq!(refusal.map(drop).map_err(|refusal| refusal.reason), Err(Reason::ClientAssertionRefused));
}

/// R28, R47, R51, R52: the keys are those of the bundle, with the life of an issuer's: fetched once, again for a `kid` that is
/// not among them, and what certifies X.509-SVIDs is none of them.
#[test]
fn r28_r47_r51_r52_keys_of_the_bundle() {
    let world = trusting();
    put_spire(&world, json!({ "jwks": null, "jwks_uri": URI }));
    let id = register(&world, json!({}));
    let by = |signer: &SigningKey| {
        let now = world.clock.0.get();
        let claims = json!({ "iat": now, "exp": now + 300 });
        let grant = assertion(&key(1), now, json!({ "jti": format!("{now}-{}", signer.kid()) }));
        let presented = by_svid(&id, &svid_of(signer, json!({}), claims));
        let request = TokenRequest::jwt_bearer(presented, &grant, None, None).expect("short enough");
        let outcome = run(world.service().exchange(&default_organization(), &request));
        outcome.map(drop).map_err(|refusal| (refusal.reason, refusal.code))
    };
    let unavailable = Err((Reason::KeysUnavailable, ErrorCode::TemporarilyUnavailable));
    world.endpoint.fail();
    assert_eq!(by(&authority(5)), unavailable);
    world.advance(40);
    let mut served = bundle(&[&authority(5), &authority(8)]);
    served["keys"][1]["use"] = "x509-svid".into();
    world.endpoint.serve(&served, None);
    assert_eq!(by(&authority(5)), Ok(()));
    assert_eq!(by(&authority(8)), Err(REFUSED), "it certifies, and signs no JWT");
    world.endpoint.serve(&bundle(&[&authority(5), &authority(6)]), None);
    world.advance(40);
    let fetches = world.endpoint.fetches.get();
    assert_eq!(by(&authority(6)), Ok(()), "rotated");
    assert_eq!(world.endpoint.fetches.get(), fetches + 1);
    for _ in 0..3 {
        world.advance(1);
        assert_eq!(by(&authority(7)), Err(REFUSED), "a stranger's");
    }
    assert_eq!(world.endpoint.fetches.get(), fetches + 1, "no more than once in 30 seconds");
}

/// R28, R13, R22: the parameters.
#[test]
fn r28_r22_the_parameters() {
    let world = trusting();
    let id = register(&world, json!({}));
    let over_http = |more: &str, jti: &str| {
        let grant = "urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer";
        let body = format!("grant_type={grant}&assertion={}{more}", granted(jti));
        let request = TokenRequest::from_http(HttpTokenRequest {
            method: "POST",
            content_type: Some("application/x-www-form-urlencoded"),
            authorization: None,
            dpop: Default::default(),
            query: None,
            body: body.as_bytes(),
        })?;
        let exchanged = run(world.service().exchange(&default_organization(), &request));
        exchanged.map(drop).map_err(|refusal| refusal.reason)
    };
    let typed = |name: &str| {
        let name = name.replace(':', "%3A");
        format!("&client_assertion_type={name}&client_assertion={}", svid(json!({})))
    };
    let spiffe = typed(ClientAssertionType::JwtSpiffe.name());
    assert_eq!(over_http(&format!("{spiffe}&client_id={id}"), "1"), Ok(()));
    let refused = Err(Reason::ClientAssertionRefused);
    assert_eq!(over_http(&spiffe, "2"), refused, "client_id is needed");
    let named = |name: &str| format!("{}&client_id={id}", typed(name));
    for name in [
        ClientAssertionType::JwtBearer.name(),
        "urn:ietf:params:oauth:client-assertion-type:JWT-spiffe",
        "urn:ietf:params:oauth:client-assertion-type:jwt-spiffe ",
        "urn:ietf:params:oauth:client-assertion-type:wit-spiffe",
        "jwt-spiffe",
    ] {
        assert_eq!(over_http(&named(name), "2"), refused, "{name}");
    }
    assert_eq!(
        over_http(&format!("&client_assertion={}&client_id={id}", svid(json!({}))), "2"),
        Err(Reason::ClientAssertionIncomplete)
    );
    let with_secret = format!("{spiffe}&client_id={id}&client_secret=x");
    assert_eq!(over_http(&with_secret, "2"), Err(Reason::CredentialsTwice));
}

/// R28, R110, R111: introspection and revocation authenticate in the same way, and use up what works once.
#[test]
fn r28_r110_r111_what_asks_about_tokens() {
    let world = trusting();
    let id = register(&world, json!({}));
    let (service, organization) = (world.service(), default_organization());
    let issue = |jti: &str| {
        let request = TokenRequest::jwt_bearer(by_svid(&id, &svid(json!({}))), &granted(jti), None, None)
            .expect("short");
        run(service.exchange(&organization, &request)).expect("granted").token
    };
    let token = issue("1");
    let ask = |presented: Presented| -> Result<bool, Reason> {
        let question = TokenQuestion::new(presented, &token);
        let told = run(service.introspect(&organization, &question)).map_err(|refusal| refusal.reason)?;
        Ok(serde_json::to_value(told.document()).expect("JSON")["active"] == true)
    };
    for _ in 0..2 {
        assert_eq!(ask(by_svid(&id, &svid(json!({})))), Ok(true), "again and again");
    }
    let once = svid(json!({ "jti": "1" }));
    assert_eq!(ask(by_svid(&id, &once)), Ok(true));
    assert_eq!(ask(by_svid(&id, &once)), Err(Reason::ClientAssertionRefused));
    let revoke = |presented: Presented| {
        let question = TokenQuestion::new(presented, &token);
        run(service.revoke(&organization, &question)).map(drop).map_err(|refusal| refusal.reason)
    };
    let of_other = svid(json!({ "sub": "spiffe://prod.example.org/other" }));
    assert_eq!(revoke(by_svid(&id, &of_other)), Err(Reason::ClientAssertionRefused));
    assert_eq!(revoke(by_svid(&id, &svid(json!({})))), Ok(()));
    assert_eq!(ask(by_svid(&id, &svid(json!({})))), Ok(false));
}

/// R28: an explanation tells each check in order, and uses nothing up.
#[test]
fn r28_explained() {
    let world = trusting();
    let id = register(&world, json!({}));
    let explained = explain(&world, Some(&id), &svid(json!({})));
    assert!(explained.accepted, "{explained:?}");
    let names: Vec<_> = explained.checks.iter().map(|step| step.check).collect();
    assert_eq!(
        names,
        [
            "well-formed",
            "client known",
            "algorithm allowed",
            "typ",
            "key",
            "signature",
            "cnf",
            "sub",
            "aud",
            "exp",
            "nbf",
            "iat",
            "jti",
            "iss and sub",
            "application enabled",
            "not used before",
        ]
    );
    let saw = |name: &str| {
        let step = explained.checks.iter().find(|step| step.check == name).expect(name);
        step.saw.as_str()
    };
    assert!(saw("client known").contains("\"spire\"") && saw("client known").contains(DOMAIN));
    assert!(saw("not used before").contains("without jti"));
    assert!(!format!("{explained:?}").contains("orders"), "R3: no sub");
    assert!(world.replay.entries.borrow().is_empty());
}
