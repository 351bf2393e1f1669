//! Clients that are workloads of a trust domain (R28): who vouches for them, and where they may ask.

mod world;

use asserta_core::client_auth::{ClientAssertionType, Presented};
use asserta_core::grants::{HttpTokenRequest, TokenQuestion, TokenRequest};
use asserta_core::jose::key::SigningKey;
use asserta_core::oauth::{ErrorCode, Reason};
use serde_json::{Value, json};
use world::fetched_keys::URI;
use world::keyed_clients::{REFUSED, granted};
use world::workloads::*;
use world::*;

/// R28, R37: an issuer vouches for workloads where it is enabled, has a trust domain, and its assertions are not ID-JAGs.
#[test]
fn r28_r37_the_issuer() {
    let world = with_spire();
    let id = register_workload(&world, json!({}));
    let plain = jwks(&[&authority(5)]);
    let told = |members: Value, words: &str| {
        put_spire(&world, members);
        assert_eq!(outcome(&world, by_svid(&id, &svid(json!({}))), "1"), Err(REFUSED), "{words}");
        let explained = explain_svid(&world, Some(&id), &svid(json!({})));
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
    let world = with_spire();
    let id = register_workload(&world, json!({}));
    let of_own_key = json!({
        "client_assertion_issuer": null, "client_assertion_subject": null, "jwks": jwks(&[&authority(5)]),
    });
    let own = register_workload(&world, of_own_key);
    let secret = {
        let service = world.service();
        let made = run(service.registry().create_application(&default_organization(), metadata(json!({}))));
        made.expect("registered").application.client_id().to_owned()
    };
    let unnamed = Presented::jwt_svid(None, &svid(json!({}))).expect("short enough");
    assert_eq!(outcome(&world, unnamed, "1"), Err(REFUSED));
    assert_eq!(first_failure(&explain_svid(&world, None, &svid(json!({})))).0, "client known");
    let names_itself = svid(json!({ "iss": id, "sub": id }));
    let unnamed = Presented::jwt_svid(None, &names_itself).expect("short enough");
    assert_eq!(outcome(&world, unnamed, "1"), Err(REFUSED), "iss names no application here");
    for client_id in [&own, &secret, "nobody", WORKLOAD, ""] {
        assert_eq!(outcome(&world, by_svid(client_id, &svid(json!({}))), "1"), Err(REFUSED), "{client_id}");
    }
    let by_own_key = svid(json!({ "iss": own, "sub": own, "jti": "1" }));
    assert_eq!(outcome(&world, by_svid(&own, &by_own_key), "1"), Err(REFUSED), "it is no SVID");
    let disabled = register_workload(&world, json!({ "enabled": false }));
    assert_eq!(outcome(&world, by_svid(&disabled, &svid(json!({}))), "1"), Err(REFUSED));
    assert_eq!(
        first_failure(&explain_svid(&world, Some(&disabled), &svid(json!({})))).0,
        "application enabled"
    );
    assert!(world.replay.entries.borrow().is_empty(), "R26");
}

/// R28, R27: under the type `jwt-bearer` all is as it was: an SVID needs `iss` and `jti`, and works once.
#[test]
fn r28_the_other_type() {
    let world = with_spire();
    let id = register_workload(&world, json!({}));
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
    let world = with_spire();
    let id = register_workload(&world, json!({}));
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
    let world = with_spire();
    put_spire(&world, json!({ "jwks": null, "jwks_uri": URI }));
    let id = register_workload(&world, json!({}));
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
    let world = with_spire();
    let id = register_workload(&world, json!({}));
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
    let world = with_spire();
    let id = register_workload(&world, json!({}));
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
    let world = with_spire();
    let id = register_workload(&world, json!({}));
    let explained = explain_svid(&world, Some(&id), &svid(json!({})));
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
