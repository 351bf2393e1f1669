//! Which rule decides, what it grants, and who hears of it.

use asserta_core::client_auth::{Presented, PresentedBy};
use asserta_core::grants::TokenRequest;
use asserta_core::jose::base64url;
use asserta_core::oauth::Reason;
use asserta_core::service::{NewApplication, Service};
use serde_json::{Value, json};

use crate::world::{START, World, assertion, default_organization, issuer, jwks, key, metadata, run, secret};

/// An issuer with these rules, an application, and assertions that are all different.
struct Trusting {
    world: World,
    client: NewApplication,
    number: u32,
}

impl Trusting {
    fn of(policy: Value, application: Value) -> Self {
        let world = World::default();
        let service = world.service();
        let mut policy = policy;
        policy["jwks"] = jwks(&[&key(1)]);
        run(service.registry().create_trusted_issuer(&default_organization(), &issuer(policy)))
            .expect("registered");
        let client =
            run(service.registry().create_application(&default_organization(), metadata(application)))
                .expect("registered");
        drop(service);
        Self { world, client, number: 0 }
    }

    fn rules(rules: Value) -> Self {
        Self::of(json!({ "rules": rules }), json!({}))
    }

    /// The claims of the token, and its event.
    fn ask(
        &mut self,
        claims: Value,
        scope: Option<&str>,
        resources: &[&str],
    ) -> (Result<Value, Reason>, Value) {
        self.number += 1;
        let mut claims = claims;
        claims["jti"] = self.number.to_string().into();
        let assertion = assertion(&key(1), START, claims);
        let client = &self.client;
        let service: Service<&World> = self.world.service();
        let id = client.application.client_id();
        let credentials = Presented::secret(id, secret(client), PresentedBy::Basic);
        let request = TokenRequest::jwt_bearer(credentials, &assertion, scope, resources.iter().copied())
            .expect("short enough");
        let explained =
            run(service.explain(&default_organization(), &assertion, Some(id))).expect("explained");
        let issued = run(service.exchange(&default_organization(), &request));
        if scope.is_none() && resources.is_empty() {
            assert_eq!(explained.accepted, issued.is_ok(), "{explained:?}");
        }
        let event = self.world.events.1.borrow().last().cloned().expect("an event");
        let token = issued.map_err(|refusal| refusal.reason).map(|token| {
            let claims = token.token.split('.').nth(1).and_then(|text| base64url::decode(text).ok());
            let mut claims: Value = serde_json::from_slice(&claims.expect("claims")).expect("JSON");
            claims["expires_in"] = token.expires_in.into();
            claims
        });
        (token, event)
    }

    fn saw(&self, claims: Value) -> String {
        let assertion = assertion(&key(1), START, claims);
        let service = self.world.service();
        let id = self.client.application.client_id();
        let checks =
            run(service.explain(&default_organization(), &assertion, Some(id))).expect("explained").checks;
        checks.into_iter().find(|step| step.check == "rule").expect("the row of the rules").saw
    }
}

/// R80: the first that fits decides, and its name is in the token, in the event and in `explain`.
#[test]
fn r80_the_first_that_fits_decides() {
    let mut trusting = Trusting::rules(json!([
        { "name": "deploy", "claims": [{ "claim": "ref", "equals": "main" }], "scopes": ["write"],
          "access_token_lifetime": 60, "claim_mappings": { "ref": "branch" } },
        { "name": "read", "subjects": ["ali*"], "scopes": ["read"] },
        { "name": "never", "scopes": ["read", "write"] },
    ]));
    let (token, event) = trusting.ask(json!({ "ref": "main" }), None, &[]);
    let token = token.expect("granted");
    assert_eq!(token["assertion_rule"], "deploy");
    assert_eq!(
        (&token["scope"], &token["branch"], &token["expires_in"]),
        (&json!("write"), &json!("main"), &json!(60))
    );
    assert_eq!((&event["rule"], &event["outcome"]), (&json!("deploy"), &json!("granted")), "R75");
    let (token, event) = trusting.ask(json!({ "ref": "other" }), None, &[]);
    let token = token.expect("granted");
    assert_eq!(
        (&token["assertion_rule"], &token["scope"], &token["expires_in"]),
        (&json!("read"), &json!("read"), &json!(3600))
    );
    assert_eq!((&event["rule"], event.get("audit")), (&json!("read"), None));
    assert_eq!(token.get("branch"), None);
    // A rule that fits decides, also where it does not grant what is asked.
    let (refused, event) = trusting.ask(json!({ "ref": "main" }), Some("read"), &[]);
    assert_eq!(refused, Err(Reason::ScopeNotAllowed));
    assert_eq!((&event["rule"], &event["outcome"]), (&json!("deploy"), &json!("scope-not-allowed")));
}

/// R80: an issuer without rules has none in its tokens and events.
#[test]
fn r80_no_rules() {
    let mut trusting = Trusting::of(json!({}), json!({}));
    let (token, event) = trusting.ask(json!({}), None, &[]);
    assert_eq!((token.expect("granted").get("assertion_rule"), event.get("rule")), (None, None));
    assert!(trusting.saw(json!({})).starts_with("the issuer has no rules"));
}

/// R80: the issuer's own subjects, conditions, scopes and mappings hold for every rule.
#[test]
fn r80_the_issuers_own_members_hold_for_every_rule() {
    let own = json!({
        "subjects": ["alice"], "claims": [{ "claim": "tenant", "equals": "acme" }], "scopes": ["read"],
        "claim_mappings": { "team": "group", "tenant": "customer" },
        "rules": [{ "name": "all", "scopes": ["read", "write"], "claim_mappings": { "role": "group" } }],
    });
    let mut trusting = Trusting::of(own, json!({}));
    let claims = json!({ "tenant": "acme", "team": "t", "role": "r" });
    let (token, _) = trusting.ask(claims.clone(), None, &[]);
    let token = token.expect("granted");
    assert_eq!(
        (&token["scope"], &token["group"], &token["customer"]),
        (&json!("read"), &json!("r"), &json!("acme"))
    );
    assert_eq!(trusting.ask(claims.clone(), Some("write"), &[]).0, Err(Reason::ScopeNotAllowed));
    assert_eq!(trusting.ask(json!({ "tenant": "globex" }), None, &[]).0, Err(Reason::ClaimConditionFailed));
    assert_eq!(
        trusting.ask(json!({ "tenant": "acme", "sub": "bob" }), None, &[]).0,
        Err(Reason::SubjectNotAllowed)
    );
}

/// R80, R62, R63: a rule's audience is cut to the application's, and stands where it has none.
#[test]
fn r80_audience() {
    let rules = json!({ "rules": [{ "name": "a", "audience": ["https://a.example", "https://b.example"] }] });
    let mut alone = Trusting::of(rules.clone(), json!({}));
    let aud = |token: Result<Value, Reason>| token.map(|token| token["aud"].clone());
    assert_eq!(aud(alone.ask(json!({}), None, &[]).0), Ok(json!(["https://a.example", "https://b.example"])));
    assert_eq!(aud(alone.ask(json!({}), None, &["https://b.example"]).0), Ok(json!("https://b.example")));
    let ours = alone.ask(json!({}), None, &["https://as.example"]).0;
    assert_eq!(ours, Err(Reason::ResourceUnknown));
    let mut cut =
        Trusting::of(rules.clone(), json!({ "audience": ["https://b.example", "https://c.example"] }));
    assert_eq!(aud(cut.ask(json!({}), None, &[]).0), Ok(json!("https://b.example")));
    assert_eq!(cut.ask(json!({}), None, &["https://c.example"]).0, Err(Reason::ResourceUnknown));
    assert_eq!(cut.ask(json!({}), None, &["https://a.example"]).0, Err(Reason::ResourceUnknown));
    let mut none = Trusting::of(rules, json!({ "audience": "https://c.example" }));
    assert_eq!(none.ask(json!({}), None, &[]).0, Err(Reason::ResourceUnknown));
}

/// R66: the shorter lifetime counts.
#[test]
fn r66_lifetime() {
    for (of_rule, of_application, expected) in [(60, 3600, 60), (3600, 120, 120), (30, 30, 30)] {
        let rules = json!({ "rules": [{ "name": "a", "access_token_lifetime": of_rule }] });
        let mut trusting = Trusting::of(rules, json!({ "access_token_lifetime": of_application }));
        let token = trusting.ask(json!({}), None, &[]).0.expect("granted");
        assert_eq!(token["expires_in"], expected);
        assert_eq!(token["exp"].as_u64(), Some(START + expected));
    }
}

/// R81: none fits, and only `explain` says why of each, without a value.
#[test]
fn r81_no_rule_fits() {
    let mut trusting = Trusting::rules(json!([
        { "name": "deploy", "claims": [{ "claim": "/ci/ref", "glob": "refs/heads/*" }, { "claim": "level", "at_least": 3 }] },
        { "name": "nightly", "subjects": ["robot"], "applications": ["nobody"] },
    ]));
    let (refused, event) = trusting.ask(json!({ "ci": { "ref": "refs/tags/secret" } }), None, &[]);
    assert_eq!(refused, Err(Reason::NoRuleFits));
    assert_eq!((&event["outcome"], event.get("rule")), (&json!("no-rule-fits"), None));
    assert_eq!(
        trusting.saw(json!({ "ci": { "ref": "refs/tags/secret" }, "level": "9" })),
        "\"deploy\" does not fit (claim \"/ci/ref\" is a string; wanted is a string of a certain form; claim \"level\" is a \
         string; wanted is a number of at least a certain value); \"nightly\" does not fit (the application is none of those it \
         fits; sub is none of those it fits)"
    );
    let saw = trusting.saw(json!({ "ci": { "ref": "refs/heads/main" }, "level": 3 }));
    assert_eq!(saw, "\"deploy\" fits, and decides");
}

/// R82: a rule that is watched never grants; what it would have come to is in the event.
#[test]
fn r82_audit() {
    let mut trusting = Trusting::rules(json!([
        { "name": "wide", "mode": "audit", "scopes": ["read", "write"] },
        { "name": "narrow", "mode": "audit", "scopes": ["write"] },
        { "name": "elsewhere", "mode": "audit", "subjects": ["bob"] },
        { "name": "main", "subjects": ["alice"], "scopes": ["read"] },
        { "name": "behind", "mode": "audit" },
    ]));
    let (token, event) = trusting.ask(json!({}), Some("read"), &[]);
    assert_eq!(token.expect("granted")["assertion_rule"], "main");
    assert_eq!(event["rule"], "main");
    assert_eq!(
        event["audit"],
        json!([
            { "rule": "wide", "outcome": "granted", "status": 200 },
            { "rule": "narrow", "outcome": "scope-not-allowed", "status": 400 },
        ])
    );
    let (refused, event) = trusting.ask(json!({ "sub": "carol" }), None, &[]);
    assert_eq!(refused, Err(Reason::NoRuleFits));
    assert_eq!(event["audit"].as_array().map(Vec::len), Some(3), "{event}");
    assert_eq!(event.get("rule"), None);
    let saw = trusting.saw(json!({}));
    assert!(saw.starts_with("\"wide\" fits, and is only watched; \"narrow\" fits"), "{saw}");
    assert!(saw.ends_with("\"main\" fits, and decides"), "{saw}");
}

/// R65, R66: a token ends with its assertion where the issuer says so, and there is none where too little is left.
#[test]
fn r65_limited_to_the_assertion() {
    let limited = |left: Value| {
        let mut policy = json!({ "limit_to_assertion": true });
        policy.as_object_mut().expect("an object").append(&mut left.as_object().expect("members").clone());
        Trusting::of(policy, json!({}))
    };
    for (policy, exp, expected) in [
        (json!({}), json!(START + 300), Some(300)),
        (json!({}), json!(START as f64 + 299.9), Some(299)),
        (json!({}), json!(START + 30), Some(30)),
        (json!({}), json!(START + 29), None),
        // Within the skew, and over.
        (json!({}), json!(START - 10), None),
        (json!({ "max_lifetime": 7200 }), json!(START + 7200), Some(3600)),
        (json!({ "rules": [{ "name": "a", "access_token_lifetime": 60 }] }), json!(START + 300), Some(60)),
        (json!({ "rules": [{ "name": "a", "access_token_lifetime": 60 }] }), json!(START + 40), Some(40)),
        (json!({ "limit_to_assertion": false }), json!(START + 20), Some(3600)),
    ] {
        let (token, event) = limited(policy.clone()).ask(json!({ "exp": exp }), None, &[]);
        match expected {
            Some(expected) => assert_eq!(token.expect("granted")["expires_in"], expected, "{policy} {exp}"),
            None => {
                assert_eq!(token, Err(Reason::Expired), "R66: {exp}");
                assert_eq!(event["outcome"], "assertion-expired");
            }
        }
    }
}
