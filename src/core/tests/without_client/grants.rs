//! What a rule without a client grants, and what it refuses.

use asserta_core::client_auth::{Client, Presented, PresentedBy};
use asserta_core::grants::{HttpTokenRequest, TokenRequest};
use asserta_core::oauth::{ErrorCode, Reason};
use asserta_core::organization::OrganizationId;
use asserta_core::service::RegistryError;
use serde_json::{Value, json};

use super::{LABEL, ask, ask_of, lists_none, put, refused, register, rule, with, with_rules};
use crate::world::{
    self, START, World, assertion, default_organization, jwks, key, metadata, request, run, run_all,
};

fn event(world: &World) -> Value {
    world.events.1.borrow().last().cloned().expect("an event")
}

/// R29, R62, R75: the label stands for the client in the token and in the event; the token is for the rule's audience,
/// else for us, and lives as long as the rule says.
#[test]
fn r29_a_rule_without_a_client_grants() {
    let world = with_rules(json!([rule(json!({}))]));
    let token = ask(&world, None, None, json!({})).expect("granted");
    assert_eq!(
        [&token["client_id"], &token["sub"], &token["scope"], &token["aud"], &token["assertion_rule"]],
        [&json!(LABEL), &json!("alice"), &json!("deploy"), &json!("https://as.example"), &json!("ci")]
    );
    assert_eq!(token["expires_in"], 3600);
    let event = event(&world);
    assert_eq!([&event["client_id"], &event["rule"], &event["outcome"]], [LABEL, "ci", "granted"]);
    let members =
        json!({ "audience": "https://api.example", "access_token_lifetime": 60, "scopes": ["a", "b"] });
    let world = with_rules(json!([rule(members)]));
    let token = ask(&world, Some(LABEL), Some("b"), json!({})).expect("granted");
    assert_eq!(
        [&token["aud"], &token["expires_in"], &token["scope"]],
        [&json!("https://api.example"), &json!(60), &json!("b")]
    );
}

/// R29: nothing that presents something is a request without a client, and nothing is that is no secret or header.
#[test]
fn r29_no_authorization_and_no_secret() {
    let world = with_rules(json!([rule(json!({}))]));
    let ask = |authorization: Option<&str>, more: &str, jti: &str| {
        let assertion = assertion(&key(1), START, json!({ "jti": jti }));
        let grant = "urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer";
        let body = format!("grant_type={grant}&assertion={assertion}{more}");
        let request = TokenRequest::from_http(HttpTokenRequest {
            method: "POST",
            content_type: Some("application/x-www-form-urlencoded"),
            authorization,
            dpop: Default::default(),
            query: None,
            body: body.as_bytes(),
        })?;
        let service = world.service();
        run(service.exchange(&default_organization(), &request)).map(drop).map_err(|refusal| refusal.reason)
    };
    let bad_client = Err(Reason::ClientUnauthenticated);
    assert_eq!(ask(None, "", "1"), Ok(()));
    assert_eq!(ask(None, "&client_id=ci-job", "2"), Ok(()));
    assert_eq!(ask(None, "&client_id=&client_secret=", "3"), Ok(()), "R13: without a value it is absent");
    assert_eq!(ask(None, "&client_id=other", "4"), bad_client);
    assert_eq!(ask(None, "&client_secret=x", "5"), bad_client);
    assert_eq!(ask(None, "&client_id=ci-job&client_secret=x", "6"), bad_client);
    let incomplete = Err(Reason::ClientAssertionIncomplete);
    assert_eq!(ask(None, "&client_id=ci-job&client_assertion=x", "7"), incomplete);
    assert_eq!(ask(None, "&client_assertion_type=x", "8"), incomplete);
    let refused = Err(Reason::ClientAssertionRefused);
    assert_eq!(ask(None, "&client_assertion_type=x&client_assertion=x", "8"), refused);
    let by_jwt = "&client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer";
    assert_eq!(ask(None, &format!("{by_jwt}&client_id=ci-job&client_assertion=x"), "8"), refused);
    // ci-job with an empty secret.
    assert_eq!(ask(Some("Basic Y2ktam9iOg=="), "", "9"), bad_client);
    assert_eq!(ask(Some("Basic Og=="), "", "10"), bad_client);
    assert_eq!(ask(Some(""), "", "11"), Err(Reason::CredentialsMalformed));
    assert_eq!(ask(Some("Bearer x"), "", "12"), Err(Reason::CredentialsMalformed));
    assert_eq!(ask(None, "&client_id=ci-job&client_id=ci-job", "13"), Err(Reason::ParameterRepeated));
}

/// R29, R21: a bare `client_id` is the rule's, or it is a client that failed to authenticate. Nothing is used up.
#[test]
fn r29_a_bare_client_id_must_be_the_rules() {
    let world = with_rules(json!([rule(json!({})), rule(json!({ "name": "second", "client_id": "other" }))]));
    for wrong in ["other", "CI-JOB", "ci", "ci-job ", "\u{0}"] {
        let expected = (Reason::ClientUnauthenticated, ErrorCode::InvalidClient);
        assert_eq!(refused(&world, Some(wrong), json!({})), expected, "{wrong:?}");
        assert_eq!(event(&world)["client_id"], LABEL, "the rule's, never what a stranger writes");
    }
    assert!(ask(&world, Some(LABEL), None, json!({})).is_ok());
}

/// R29, R21: an organization without such a rule answers as for any missing credentials; rules that are only watched and
/// those of disabled issuers count for nothing. One that has some answers `invalid_grant` where none fits.
#[test]
fn r29_the_choice_of_the_refusal() {
    let no_client = (Reason::ClientUnauthenticated, ErrorCode::InvalidClient);
    let audited = json!({ "rules": [rule(json!({ "mode": "audit" }))] });
    let disabled = json!({ "enabled": false, "rules": [rule(json!({}))] });
    for members in [json!({}), json!({ "rules": [{ "name": "all" }] }), audited, disabled] {
        let world = with(members);
        world.registry.reads.set(0);
        assert_eq!(refused(&world, None, json!({})), no_client);
        assert_eq!(refused(&world, None, json!({ "iss": "https://nobody.example" })), no_client);
        assert!(!lists_none(&world));
    }
    let world = with_rules(json!([rule(json!({})), { "name": "apps" }]));
    assert!(lists_none(&world));
    put(&world, json!({ "name": "quiet", "issuer": "quiet", "jwks": jwks(&[&key(1)]) })).expect("registered");
    let off = json!({
        "name": "off", "issuer": "off", "jwks": jwks(&[&key(1)]), "enabled": false,
        "rules": [rule(json!({ "client_id": "off" }))],
    });
    put(&world, off).expect("registered");
    for (claims, reason) in [
        (json!({ "sub": "bob" }), Reason::NoRuleFits),
        // Whoever asks learns of none of them whether it is trusted.
        (json!({ "iss": "https://nobody.example" }), Reason::IssuerUnknown),
        (json!({ "iss": "quiet" }), Reason::IssuerUnknown),
        (json!({ "iss": "off" }), Reason::IssuerUnknown),
        (json!({ "exp": START - 100 }), Reason::Expired),
    ] {
        assert_eq!(refused(&world, None, claims.clone()), (reason, ErrorCode::InvalidGrant), "{claims}");
    }
    // Another organization is another matter.
    let other = OrganizationId::parse("other").expect("a name");
    run(world.service().registry().put_organization(&other, None)).expect("registered");
    let of_other = ask_of(&world, &other, None, None, &assertion(&key(1), START, json!({})));
    assert_eq!(of_other.expect_err("refused").code, ErrorCode::InvalidClient);
}

/// R29, R21: an issuer that is trusted for clients alone costs a stranger as many reads as one that is unknown, and no
/// keys are fetched for it.
#[test]
fn r29_strangers_learn_no_issuers() {
    let world = with_rules(json!([rule(json!({}))]));
    let quiet = json!({ "name": "quiet", "issuer": "quiet", "jwks_uri": "https://quiet.example/jwks" });
    put(&world, quiet).expect("registered");
    let service = world.service();
    let reads = |issuer: &str| {
        let assertion = assertion(&key(1), START, json!({ "iss": issuer }));
        let request =
            TokenRequest::jwt_bearer(Client::nothing(None), &assertion, None, None).expect("short enough");
        world.registry.reads.set(0);
        let refusal = run(service.exchange(&default_organization(), &request)).expect_err("refused");
        assert_eq!(refusal.reason, Reason::IssuerUnknown);
        world.registry.reads.get()
    };
    reads("quiet");
    assert_eq!(reads("quiet"), reads("unknown"));
    assert_eq!(world.endpoint.fetches.get(), 0);
}

/// R29, R80: a rule without a client is for nobody who authenticates, and every other rule for nobody who does not.
#[test]
fn r29_each_rule_for_its_own() {
    let world = with_rules(json!([
        rule(json!({ "scopes": ["write"] })),
        { "name": "apps", "subjects": ["alice"], "scopes": ["read"] },
    ]));
    let client =
        run(world.service().registry().create_application(&default_organization(), metadata(json!({}))))
            .expect("registered");
    let by_client = |jti: &str| {
        let assertion = assertion(&key(1), START, json!({ "jti": jti }));
        run(world.service().exchange(&default_organization(), &request(&client, &assertion)))
    };
    assert!(by_client("a").is_ok());
    assert_eq!(event(&world)["rule"], "apps");
    assert_eq!(ask(&world, None, None, json!({ "jti": "b" })).expect("granted")["assertion_rule"], "ci");
    register(&world, json!({ "rules": [rule(json!({}))] }));
    assert_eq!(by_client("c").expect_err("refused").reason, Reason::NoRuleFits);
    // Nor does a secret help whoever says that it is the label.
    let label = Presented::secret(LABEL, "", PresentedBy::Basic);
    let request = TokenRequest::jwt_bearer(label, &assertion(&key(1), START, json!({})), None, None);
    let refusal = run(world.service().exchange(&default_organization(), &request.expect("short enough")));
    assert_eq!(refusal.expect_err("refused").reason, Reason::ClientUnauthenticated);
    register(&world, json!({ "rules": [rule(json!({ "subjects": ["robot"] })), { "name": "apps" }] }));
    assert_eq!(refused(&world, None, json!({ "jti": "d" })).0, Reason::NoRuleFits);
}

/// R29, R82: a rule that is only watched is told, and grants nothing.
#[test]
fn r29_an_audit_rule_grants_nothing() {
    let watched = rule(json!({ "name": "watched", "mode": "audit", "client_id": "watched" }));
    let world = with_rules(json!([watched, rule(json!({ "subjects": ["robot"] }))]));
    assert_eq!(refused(&world, None, json!({})).0, Reason::NoRuleFits);
    assert_eq!(event(&world)["audit"], json!([{ "rule": "watched", "status": 200, "outcome": "granted" }]));
    assert_eq!(refused(&world, Some("watched"), json!({})).0, Reason::NoRuleFits);
}

/// R29, R45: an assertion works once without a client, whatever the issuer's `replay` says.
#[test]
fn r29_replay_is_forced_to_once() {
    let world = with(json!({ "replay": "allow", "rules": [rule(json!({})), { "name": "apps" }] }));
    let client =
        run(world.service().registry().create_application(&default_organization(), metadata(json!({}))))
            .expect("registered");
    let assertion = assertion(&key(1), START, json!({}));
    let by_client =
        || run(world.service().exchange(&default_organization(), &request(&client, &assertion))).is_ok();
    assert!(by_client() && by_client());
    assert!(ask(&world, None, None, json!({})).is_ok());
    assert_eq!(refused(&world, None, json!({})), (Reason::Replayed, ErrorCode::InvalidGrant));
    let explained = run(world.service().explain(&default_organization(), &assertion, Some(LABEL)));
    assert!(!explained.expect("explained").accepted);
    let organization = default_organization();
    let fresh = world::assertion(&key(1), START, json!({ "jti": "at once" }));
    let service = world.service();
    let requests: Vec<_> = (0..8)
        .map(|_| TokenRequest::jwt_bearer(Client::nothing(None), &fresh, None, None).expect("short enough"))
        .collect();
    let granted = run_all(requests.iter().map(|request| service.exchange(&organization, request)));
    assert_eq!(granted.iter().filter(|granted| granted.is_ok()).count(), 1);
}

/// R29, R61: scopes are the rule's within the issuer's, whatever applications have.
#[test]
fn r29_scopes() {
    let world = with(
        json!({ "scopes": ["deploy", "read"], "rules": [rule(json!({ "scopes": ["deploy", "admin"] }))] }),
    );
    let granted = |scope: Option<&str>, jti: &str| ask(&world, None, scope, json!({ "jti": jti }));
    assert_eq!(granted(None, "1").expect("granted")["scope"], "deploy");
    for more in ["admin", "read", "deploy read"] {
        assert_eq!(granted(Some(more), "2").expect_err(more).code, ErrorCode::InvalidScope);
    }
    let world = with(json!({ "scopes": ["other"], "rules": [rule(json!({}))] }));
    assert_eq!(refused(&world, None, json!({})).0, Reason::ScopeNotAllowed);
}

/// R29: what such a rule needs, and what has no meaning there.
#[test]
fn r29_what_a_rule_needs() {
    let fault =
        |rule: Value| match put(&World::default(), json!({ "jwks": jwks(&[&key(1)]), "rules": [rule] })) {
            Ok(_) => None,
            Err(RegistryError::Invalid(error)) => Some(error.field),
            Err(other) => panic!("{other}"),
        };
    let condition = json!([{ "claim": "sub", "equals": "alice" }]);
    for (members, field) in [
        (json!({}), None),
        (json!({ "subjects": null, "claims": condition }), None),
        (json!({ "client_id": null }), Some("rules[0].client_id")),
        (json!({ "client_id": "" }), Some("rules[0].client_id")),
        (json!({ "client_id": "a b" }), Some("rules[0].client_id")),
        (json!({ "scopes": null }), Some("rules[0].scopes")),
        (json!({ "scopes": [] }), Some("rules[0].scopes")),
        (json!({ "subjects": null }), Some("rules[0].claims")),
        (json!({ "subjects": [] }), Some("rules[0].claims")),
        (json!({ "applications": ["app"] }), Some("rules[0].applications")),
        (json!({ "client": "required" }), Some("rules[0].client_id")),
        (json!({ "client": null }), Some("rules[0].client_id")),
        (json!({ "client": null, "client_id": null, "scopes": null, "subjects": null }), None),
        (json!({ "client_id": null, "mode": "audit" }), Some("rules[0].client_id")),
    ] {
        assert_eq!(fault(rule(members.clone())).as_deref(), field, "{members}");
    }
}

/// R29: `explain` goes by the label, and without one by whichever rule it is.
#[test]
fn r29_explained() {
    let world = with_rules(json!([rule(json!({ "claims": [{ "claim": "ref", "equals": "main" }] })), {
        "name": "apps", "subjects": ["alice"], "applications": ["nobody"],
    }]));
    let explain = |claims: Value, client_id: Option<&str>| {
        let assertion = assertion(&key(1), START, claims);
        run(world.service().explain(&default_organization(), &assertion, client_id))
    };
    let saw = |claims: Value, client_id: Option<&str>, check: &str| {
        let checks = explain(claims, client_id).expect("explained").checks;
        checks.into_iter().find(|step| step.check == check).expect("the row").saw
    };
    let main = || json!({ "ref": "main" });
    assert!(explain(main(), Some(LABEL)).expect("explained").accepted);
    assert!(explain(main(), None).expect("explained").accepted);
    assert_eq!(saw(main(), Some(LABEL), "rule"), "\"ci\" fits, and decides");
    assert_eq!(saw(main(), Some(LABEL), "no client needed"), "the organization has a rule without a client");
    assert_eq!(saw(main(), Some(LABEL), "scope"), "nothing asked; granted may be \"deploy\"");
    assert_eq!(
        saw(main(), Some(LABEL), "issuer accepted by the application"),
        "no client asks; the issuer has rules for that"
    );
    let refused = saw(json!({}), Some(LABEL), "rule");
    assert!(refused.starts_with("\"ci\" does not fit (claim \"ref\" is absent"), "{refused}");
    assert!(refused.ends_with("\"apps\" does not fit (it is for applications)"), "{refused}");
    let client =
        run(world.service().registry().create_application(&default_organization(), metadata(json!({}))))
            .expect("registered");
    let refused = saw(main(), Some(client.application.client_id()), "rule");
    assert!(refused.starts_with("\"ci\" does not fit (it is for requests without a client)"), "{refused}");
    let refused = explain(main(), Some("nobody")).expect_err("there is no such client");
    assert_eq!(refused.to_string(), "client_id: does not exist");
    register(&world, json!({ "rules": [rule(json!({ "mode": "audit" }))] }));
    let watched = explain(main(), Some(LABEL)).expect("explained");
    assert!(!watched.accepted);
    assert_eq!(watched.checks[0].reason, Some("client-unauthenticated"));
}
