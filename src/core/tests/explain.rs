//! What `explain` says: what is wrong and where, in words for people, and never another verdict than an exchange's.

mod world;

use asserta_core::client_auth::{Presented, PresentedBy};
use asserta_core::grants::TokenRequest;
use asserta_core::jose::base64url;
use asserta_core::jose::key::SigningKey;
use asserta_core::oauth::GrantType;
use asserta_core::oauth::Reason;
use asserta_core::service::{AssertionQuestion, Explanation, NewApplication, RegistryError, Service};
use serde_json::{Value, json};
use world::*;

fn signed(key: &SigningKey, header: &[u8], claims: &[u8]) -> String {
    let input = [header, claims].map(base64url::encode).join(".");
    let signature = base64url::encode(&key.sign(input.as_bytes(), &[0; 32]));
    format!("{input}.{signature}")
}

fn explain(service: &Service<&World>, client: &NewApplication, text: &str) -> Explanation {
    let client_id = client.application.client_id();
    run(service.explain(&default_organization(), text, Some(client_id))).expect("explained")
}

/// What the first check that fails says: its reason and what it saw.
fn first_failure(explanation: &Explanation) -> (Option<&'static str>, String) {
    let failure = explanation.checks.iter().find(|step| !step.passed);
    failure.map(|step| (step.reason, step.saw.clone())).unwrap_or_default()
}

/// Nothing of the language that this is written in.
fn assert_for_people(explanation: &Explanation) {
    for step in &explanation.checks {
        let leaks = ["Some(", "None", "[]", "Ok(", "Err(", "true", "false", "alice"];
        assert!(!leaks.iter().any(|leak| step.saw.contains(leak)), "{}: {}", step.check, step.saw);
        assert!(!step.saw.is_empty(), "{} says nothing", step.check);
    }
}

fn exchanged(service: &Service<&World>, client: &NewApplication, text: &str) -> Result<(), Reason> {
    let exchanged = run(service.exchange(&default_organization(), &request(client, text)));
    exchanged.map(drop).map_err(|refusal| refusal.reason)
}

/// R13, R15, R61, R63: what is asked for beside the assertion comes to what it comes to in an exchange; whoever names no
/// application may ask for anything.
#[test]
fn r61_r63_what_is_asked_for() {
    let (world, idp) = (World::default(), key(1));
    let service = world.service();
    let registry = service.registry();
    let trusted = issuer(json!({ "jwks": jwks(&[&idp]), "scopes": ["read", "write"] }));
    run(registry.create_trusted_issuer(&default_organization(), &trusted)).expect("registered");
    let document = json!({ "scope": "read admin", "audience": ["https://api.example", "orders"] });
    let client = run(registry.create_application(&default_organization(), metadata(document))).expect("new");
    let good = assertion(&idp, START, json!({}));
    let (long, id) = ("a".repeat(4097), client.application.client_id());
    let nine: Vec<String> = (0..9).map(|number| number.to_string()).collect();
    let nine: Vec<&str> = nine.iter().map(String::as_str).collect();
    // For the application, and for nobody in particular.
    for (scope, resources, of_client, of_anybody) in [
        (None, vec![], None, None),
        (Some(""), vec![""], None, None),
        (Some("read"), vec!["orders"], None, None),
        (Some("write"), vec![], Some("scope-not-allowed"), None),
        (Some("admin"), vec![], Some("scope-not-allowed"), Some("scope-not-allowed")),
        (Some("read  write"), vec![], Some("scope-malformed"), Some("scope-malformed")),
        (Some("read"), vec!["orders", "billing"], Some("resource-unknown"), None),
        (Some(long.as_str()), vec![], Some("parameter-too-large"), Some("parameter-too-large")),
        (None, nine, Some("parameter-repeated"), Some("parameter-repeated")),
    ] {
        let explained = |client_id: Option<&str>| {
            let resources = resources.clone();
            let question = AssertionQuestion { assertion: &good, client_id, scope, resources, proof: None };
            let explained =
                run(service.explain_request(&default_organization(), &question)).expect("explained");
            assert_for_people(&explained);
            assert_eq!(explained.accepted, first_failure(&explained).0.is_none());
            first_failure(&explained).0
        };
        assert_eq!(
            (explained(Some(id)), explained(None)),
            (of_client, of_anybody),
            "{scope:?} {resources:?}"
        );
        let credentials = Presented::secret(id, secret(&client), PresentedBy::Basic);
        let asked = TokenRequest::jwt_bearer(credentials, &good, scope, resources.iter().copied());
        if let Some(reason) = of_client {
            let exchanged = asked.and_then(|request| {
                run(service.exchange(&default_organization(), &request)).map_err(|refusal| refusal.reason)
            });
            assert_eq!(exchanged.map(drop).map_err(Reason::name), Err(reason), "{scope:?} {resources:?}");
        }
    }
}

/// R16, R30: each malformation is refused by both alike, and `explain` says which it is and where.
#[test]
fn r30_which_malformation_and_where() {
    let (world, idp) = (World::default(), key(1));
    let service = world.service();
    run(service
        .registry()
        .create_trusted_issuer(&default_organization(), &issuer(json!({ "jwks": jwks(&[&idp]) }))))
    .expect("registered");
    let client = run(service.registry().create_application(&default_organization(), metadata(json!({}))))
        .expect("registered");
    let good = assertion(&idp, START, json!({}));
    let [header, claims, signature] = good.split('.').collect::<Vec<_>>()[..] else {
        panic!("three segments")
    };
    let length = good.len();
    let header_of = |text: &str| signed(&idp, text.as_bytes(), b"{}");
    let claims_of = |bytes: &[u8]| signed(&idp, br#"{"alg":"EdDSA"}"#, bytes);
    for (text, words) in [
        (format!("{good}\n"), "ends with a line break"),
        (format!("{good}\r\n"), "curl --data-urlencode assertion@file sends it too"),
        (format!(" {good}"), "white space at byte 1,"),
        (format!("{good} "), &*format!("white space at byte {},", length + 1)),
        (format!("{header}. {claims}.{signature}"), &*format!("white space at byte {},", header.len() + 2)),
        (format!("Bearer {good}"), "begins with the name of a scheme, Bearer"),
        (format!("\u{feff}{good}"), "byte order mark"),
        (format!("{good}=="), &*format!("the signature is padded: = at byte {}", length + 1)),
        (format!("{header}=.{claims}.{signature}"), "the header is padded"),
        (format!("{header}.{claims}/AAA.{signature}"), "the payload is base64 and not base64url"),
        (format!("{header}.{claims}.{signature}%"), "the signature is not base64url: another character"),
        (format!("{header}.{claims}.A"), "the signature is cut off"),
        (format!("{header}.{claims}.AB"), "not canonical base64url: its last character"),
        (format!("{header}.{claims}"), "has 2 segments"),
        (format!("{good}.{signature}.{signature}"), "JWE"),
        ("not-a-token".into(), "no dot in it"),
        (r#"{"payload":"a.b.c"}"#.into(), "JSON serialisation"),
        (header_of(r#"{"alg":"EdDSA","kid":null}"#), "kid in the header is null"),
        (header_of(r#"{"alg":"EdDSA","typ":["JWT"]}"#), "typ in the header is an array"),
        (header_of(r#"{"alg":"EdDSA","alg":"EdDSA"}"#), r#"the header: a member occurs twice (in "alg")"#),
        (header_of("\u{feff}{}"), "the header: a byte order mark"),
        (header_of("[]"), "the header: not a JSON object"),
        (claims_of(br#"{"sub":"a","sub":"b"}"#), r#"the claims: a member occurs twice (in "sub")"#),
        (claims_of(b"{\"sub\":\"\xff\"}"), "the claims: not UTF-8 at byte 9"),
        (claims_of(b"{\"exp\":NaN}"), "the claims: not JSON at line 1, column 8"),
        (
            claims_of(format!("{{\"x\":{}}}", "[".repeat(16)).as_bytes()),
            "nested deeper than 16 levels (in \"x[",
        ),
        (claims_of(b"user"), "the claims: not JSON"),
        (claims_of(b""), "the claims: the JSON document ends too early"),
    ] {
        let explanation = explain(&service, &client, &text);
        let (reason, saw) = first_failure(&explanation);
        assert_eq!(reason, Some("assertion-malformed"), "{text}: {saw}");
        assert!(saw.contains(words), "{text}: {saw:?} does not say {words:?}");
        assert_eq!(exchanged(&service, &client, &text), Err(Reason::AssertionMalformed), "{text}");
    }
    // Whoever has a line end too much learns the rest as well.
    let checks = explain(&service, &client, &format!("{good}\n")).checks;
    assert!(checks.len() > 10 && checks.iter().filter(|step| !step.passed).count() == 1);
    for (text, reason) in [(String::new(), "assertion-missing"), ("A".repeat(16_385), "assertion-too-large")]
    {
        assert_eq!(first_failure(&explain(&service, &client, &text)).0, Some(reason));
    }
    assert_eq!(exchanged(&service, &client, &good), Ok(()));
}

/// Words for people in every check, whether it passes or not.
#[test]
fn r30_r49_words_of_every_check() {
    let (world, idp) = (World::default(), key(1));
    let service = world.service();
    let organization = default_organization();
    let policies = [
        json!({}),
        json!({ "enabled": false, "algorithms": ["ES256"], "typ": "x+jwt", "alias": "us", "audience_mode": "exactly-one",
            "require_jti": true, "subjects": ["repo:acme/*", "bob"], "scopes": ["other"],
            "claims": [{ "claim": "level", "equals": 7 }, { "claim": "ok", "equals": true }] }),
        json!({ "subjects": ["ali*"], "scopes": ["read"], "claims": [{ "claim": "sub", "present": true }] }),
    ];
    let applications = [
        json!({}),
        json!({ "trusted_issuers": ["other"], "audience": ["https://a.example"], "scope": "" }),
        json!({ "enabled": false, "grant_types": [] }),
    ];
    let without_kid = |claims: &str| signed(&idp, br#"{"alg":"EdDSA"}"#, claims.as_bytes());
    let assertions = [
        assertion(&idp, START, json!({})),
        assertion(&key(2), START, json!({ "ok": "true" })),
        assertion(&idp, START, json!({ "sub": null, "aud": null, "exp": null, "jti": null })),
        without_kid(&format!(
            r#"{{"iss":"{ISSUER}","sub":[],"aud":[],"exp":"x","nbf":[],"iat":{{}},"jti":[],"cnf":null}}"#
        )),
        without_kid(&format!(
            r#"{{"iss":"{ISSUER}","sub":"","aud":[1],"exp":1e300,"jti":"","level":1e20,"ok":null}}"#
        )),
        without_kid(r#"{"iss":[]}"#),
        without_kid(r#"{"iss":"https://idp.example/"}"#),
        without_kid("{}"),
    ];
    for policy in policies {
        let mut policy = policy;
        policy["jwks"] = and_es256(jwks(&[&idp]));
        run(service.registry().put_trusted_issuer(&organization, "idp", &issuer(policy)))
            .expect("registered");
        for application in &applications {
            let metadata = metadata(application.clone());
            let client =
                run(service.registry().create_application(&organization, metadata)).expect("registered");
            for assertion in &assertions {
                let explanation = explain(&service, &client, assertion);
                assert_for_people(&explanation);
                let exchange = exchanged(&service, &client, assertion);
                assert_eq!(explanation.accepted, exchange.is_ok(), "{explanation:?}");
                if let Err(reason) = exchange {
                    assert_eq!(first_failure(&explanation).0, Some(reason.name()), "{explanation:?}");
                }
            }
        }
    }
}

/// The words for the cases that people meet most.
#[test]
fn r34_r41_r47_words() {
    let (world, idp) = (World::default(), key(1));
    let service = world.service();
    let organization = default_organization();
    let says = |policy: Value, assertion: &str, check: &str| {
        let mut policy = policy;
        if policy.get("jwks").is_none() {
            policy["jwks"] = jwks(&[&idp]);
        }
        run(service.registry().put_trusted_issuer(&organization, "idp", &issuer(policy)))
            .expect("registered");
        let checks = run(service.explain(&organization, assertion, None)).expect("explained").checks;
        checks.into_iter().find(|step| step.check == check).map(|step| step.saw).unwrap_or_default()
    };
    let good = assertion(&idp, START, json!({ "ref_protected": "true" }));
    let kid = idp.kid();
    let others = jwks(&[&key(2), &key(3)]);
    for (policy, check, words) in [
        (json!({}), "typ", "no typ; the issuer is registered without typ: any but those that end in +jwt"),
        (json!({ "typ": "at+jwt" }), "typ", r#"no typ; the issuer is registered with typ "at+jwt""#),
        (
            json!({ "algorithms": ["RS256", "ES256"], "jwks": and_es256(jwks(&[&idp])) }),
            "algorithm allowed",
            "alg EdDSA; the issuer may use RS256, ES256",
        ),
        (json!({}), "key", &*format!("1 key of the issuer, 1 with kid {kid:?}; 1 of a type for EdDSA")),
        (json!({ "jwks": others }), "key", &*format!("2 keys of the issuer, none with kid {kid:?}")),
        (
            json!({ "subjects": ["repo:acme/*:x"] }),
            "sub allowed",
            r#"the issuer may speak for "repo:acme/*:x": a *"#,
        ),
        (
            json!({ "trust_domain": "prod.example.org" }),
            "sub allowed",
            r#"sub must be a SPIFFE ID of the trust domain "prod.example.org": it does not begin with spiffe://; the issuer may speak for every subject of it"#,
        ),
        (json!({}), "subject of the token", "sub of the assertion"),
        (
            json!({ "subject_claim": "email" }),
            "subject of the token",
            r#"claim "email" in place of sub: it is absent"#,
        ),
        (
            json!({ "subject_claim": "exp" }),
            "subject of the token",
            r#"claim "exp" in place of sub: it is a number; a string is wanted"#,
        ),
        (
            json!({ "subject_claim": "ref_protected" }),
            "subject of the token",
            r#"claim "ref_protected" in place of sub: it is there"#,
        ),
        (json!({}), "scope", "nothing asked; the application has no scope"),
        (json!({}), "resource", r#"nothing asked; the token is for "https://as.example""#),
        (
            json!({ "claims": [{ "claim": "ref_protected", "equals": true }] }),
            "claim conditions",
            r#"1 condition: claim "ref_protected" is a string; wanted is a boolean of a certain value"#,
        ),
        (json!({}), "aud", r#"aud "https://as.example"; accepted is any of "https://as.example", "https"#),
    ] {
        let saw = says(policy, &good, check);
        assert!(saw.starts_with(words), "{check}: {saw:?}, expected {words:?}");
    }
}

/// R41: an issuer that may speak for some subjects is held to that by a `sub` that can't be read, too.
#[test]
fn r41_no_subject_is_none_that_is_allowed() {
    let (world, idp) = (World::default(), key(1));
    let service = world.service();
    let organization = default_organization();
    let some = issuer(json!({ "jwks": jwks(&[&idp]), "subjects": ["alice"] }));
    run(service.registry().create_trusted_issuer(&organization, &some)).expect("registered");
    let text = assertion(&idp, START, json!({ "sub": ["alice"] }));
    let checks = run(service.explain(&organization, &text, None)).expect("explained").checks;
    let failed = checks.iter().filter(|step| !step.passed).map(|step| (step.check, step.reason));
    let reason = Some("subject-invalid");
    assert_eq!(failed.collect::<Vec<_>>(), [("sub", reason), ("sub allowed", reason)]);
}

/// R51, R70: a store that fails is not an issuer that is unknown, and keys that did not come are no key that is missing.
#[test]
fn r51_r70_neighbours_that_fail() {
    let (world, idp) = (World::default(), key(1));
    let service = world.service();
    let organization = default_organization();
    let by_uri = issuer(json!({ "jwks_uri": "https://idp.example/jwks" }));
    run(service.registry().create_trusted_issuer(&organization, &by_uri)).expect("registered");
    let good = assertion(&idp, START, json!({}));
    world.endpoint.fail();
    let explanation = run(service.explain(&organization, &good, None)).expect("explained");
    let failed: Vec<_> =
        explanation.checks.iter().filter(|step| !step.passed).map(|step| step.check).collect();
    assert_eq!(failed, ["keys available"]);
    assert_for_people(&explanation);
    world.registry.broken.set(true);
    let refused = run(service.explain(&organization, &good, None));
    assert!(matches!(refused, Err(RegistryError::Store(_))), "{refused:?}");
}

/// R21, R24: what an application may not do is told of it.
#[test]
fn r21_r24_of_the_application() {
    let (world, idp) = (World::default(), key(1));
    let service = world.service();
    let organization = default_organization();
    run(service.registry().create_trusted_issuer(&organization, &issuer(json!({ "jwks": jwks(&[&idp]) }))))
        .expect("registered");
    let good = assertion(&idp, START, json!({}));
    for (document, reason) in [
        (json!({ "enabled": false }), "client-unauthenticated"),
        (json!({ "grant_types": ["client_credentials"] }), "grant-not-allowed"),
    ] {
        let made = run(service.registry().create_application(&organization, metadata(document)));
        let Ok(client) = made else { continue };
        let (named, saw) = first_failure(&explain(&service, &client, &good));
        assert_eq!(named, Some(reason));
        assert!(reason != "grant-not-allowed" || saw.contains(GrantType::JwtBearer.name()), "{saw}");
    }
}

/// R40, R51: what an exchange refuses before it needs keys, an explanation fetches none for either.
#[test]
fn r40_r51_nothing_is_fetched_for_what_is_refused_before() {
    let idp = key(1);
    let organization = default_organization();
    let good = assertion(&idp, START, json!({}));
    let with_line_break = format!("{good}\n");
    for (policy, application, text, reason) in [
        (json!({}), json!({}), &good, None),
        (json!({ "enabled": false }), json!({}), &good, Some("issuer-unknown")),
        (json!({}), json!({ "trusted_issuers": ["other"] }), &good, Some("issuer-not-allowed")),
        (json!({ "algorithms": ["ES256"] }), json!({}), &good, Some("algorithm-not-allowed")),
        (json!({ "typ": "x+jwt" }), json!({}), &good, Some("type-not-allowed")),
        (json!({}), json!({ "enabled": false }), &good, Some("client-unauthenticated")),
        (json!({}), json!({}), &with_line_break, Some("assertion-malformed")),
    ] {
        let world = World::default();
        let service = world.service();
        world.endpoint.serve(&jwks(&[&idp]), None);
        let mut policy = policy;
        policy["jwks_uri"] = "https://idp.example/jwks".into();
        run(service.registry().create_trusted_issuer(&organization, &issuer(policy))).expect("registered");
        let client =
            run(service.registry().create_application(&organization, metadata(application))).expect("made");
        let explanation = explain(&service, &client, text);
        assert_eq!(first_failure(&explanation).0, reason, "{explanation:?}");
        assert_eq!(world.endpoint.fetches.get(), u32::from(reason.is_none()), "{explanation:?}");
        assert_for_people(&explanation);
        assert!(explanation.checks.iter().any(|step| step.check == "resource"), "the others are told too");
    }
}

/// R70, R74: a record that can't be read makes no issuer unknown.
#[test]
fn r70_r74_an_unreadable_issuer_is_not_unknown() {
    let (world, idp) = (World::default(), key(1));
    let service = world.service();
    let organization = default_organization();
    run(service.registry().create_trusted_issuer(&organization, &issuer(json!({ "jwks": jwks(&[&idp]) }))))
        .expect("registered");
    let client =
        run(service.registry().create_application(&organization, metadata(json!({})))).expect("registered");
    let good = assertion(&idp, START, json!({}));
    world.registry.entries.borrow_mut().insert("trusted-issuer/default/idp".into(), b"{".to_vec());
    let explanation = explain(&service, &client, &good);
    let failed: Vec<_> = explanation.checks.iter().filter(|step| !step.passed).collect();
    let [step] = failed[..] else { panic!("{failed:?}") };
    assert_eq!((step.check, step.reason), ("issuer's record readable", Some("store-unavailable")));
    assert!(step.saw.contains("the record trusted-issuer/default/idp is not a JSON object"), "{}", step.saw);
    assert_eq!(exchanged(&service, &client, &good), Err(Reason::StoreUnavailable));
}
