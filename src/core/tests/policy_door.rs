//! A policy of the operator's own (R87): when it is asked, what it is told, and that it gives no more than the rules do,
//! whatever it says.

mod world;

use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind};

use asserta_core::client_auth::{Client, Presented, PresentedBy};
use asserta_core::grants::TokenRequest;
use asserta_core::grants::token_exchange::Parameters;
use asserta_core::jose::{Portable, base64url};
use asserta_core::oauth::{ErrorCode, Reason, Refusal};
use asserta_core::ports::{Events, Narrowing, Policy, PolicyContext, PolicyDecision, Ports};
use asserta_core::service::{NewApplication, Service};
use asserta_core::tokens::AccessToken;
use serde_json::{Value, json};
use world::*;

type Decide = Box<dyn Fn() -> PolicyDecision>;

/// A policy that decides as it is told, and what it was asked.
struct Told {
    decide: RefCell<Decide>,
    asked: RefCell<Vec<Value>>,
    times: Cell<usize>,
}

impl Policy for Told {
    fn decide(&self, context: &PolicyContext<'_>) -> PolicyDecision {
        self.times.set(self.times.get() + 1);
        self.asked.borrow_mut().push(json!({
            "organization": context.organization.to_string(),
            "grant_type": context.grant_type.name(),
            "client_id": context.client_id,
            "has_client": context.has_client,
            "trusted_issuer": context.trusted_issuer,
            "rule": context.rule,
            "subject": context.subject,
            "actor": context.actor.map(|act| serde_json::from_str::<Value>(act).expect("JSON")),
            "claims": serde_json::from_str::<Value>(context.claims).expect("JSON"),
            "scope": context.scope,
            "audience": context.audience,
            "lifetime": context.lifetime,
            "now": context.now,
        }));
        (self.decide.borrow())()
    }
}

/// A world with that policy.
struct Guarded {
    world: World,
    entropy: Counting,
    policy: Told,
}

impl Ports for &Guarded {
    type Store = Memory;
    type KeyFetcher = Endpoint;
    type Clock = TestClock;
    type Entropy = Counting;
    type Signatures = Portable;

    fn registry(&self) -> &Memory {
        &self.world.registry
    }

    fn replay(&self) -> &Memory {
        &self.world.replay
    }

    fn key_fetcher(&self) -> &Endpoint {
        &self.world.endpoint
    }

    fn clock(&self) -> &TestClock {
        &self.world.clock
    }

    fn entropy(&self) -> &Counting {
        &self.entropy
    }

    fn signatures(&self) -> &Portable {
        &Portable
    }

    fn events(&self) -> &dyn Events {
        &self.world.events
    }

    fn policy(&self) -> Option<&dyn Policy> {
        Some(&self.policy)
    }
}

impl Guarded {
    fn new() -> Self {
        let allow: Decide = Box::new(|| PolicyDecision::Allow(Narrowing::default()));
        let policy = Told { decide: RefCell::new(allow), asked: RefCell::default(), times: Cell::default() };
        Self { world: World::default(), entropy: Counting::default(), policy }
    }

    /// With an issuer of these members, and an application.
    fn of(issuer_members: Value, application: Value) -> (Self, NewApplication) {
        let guarded = Self::new();
        let mut document = json!({ "jwks": jwks(&[&key(1)]) });
        let mut members = issuer_members.as_object().expect("an object").clone();
        document.as_object_mut().expect("an object").append(&mut members);
        let service = guarded.service();
        run(service.registry().create_trusted_issuer(&default_organization(), &issuer(document)))
            .expect("registered");
        let client =
            run(service.registry().create_application(&default_organization(), metadata(application)))
                .expect("registered");
        drop(service);
        (guarded, client)
    }

    fn service(&self) -> Service<&Self> {
        Service::new(self, self.world.service().settings().clone())
    }

    fn decides(&self, decision: PolicyDecision) {
        *self.policy.decide.borrow_mut() = Box::new(move || decision.clone());
    }

    fn narrows(&self, scopes: Option<&[&str]>, claims: Option<&str>, lifetime: Option<u32>) {
        let scopes = scopes.map(|scopes| scopes.iter().map(ToString::to_string).collect());
        let claims = claims.map(ToString::to_string);
        self.decides(PolicyDecision::Allow(Narrowing { scopes, claims, lifetime }));
    }

    fn denies(&self, name: &str) {
        self.decides(PolicyDecision::Deny(name.to_string()));
    }

    fn ask(
        &self,
        client: &NewApplication,
        scope: Option<&str>,
        claims: Value,
    ) -> Result<AccessToken, Refusal> {
        let credentials =
            Presented::secret(client.application.client_id(), secret(client), PresentedBy::Basic);
        let assertion = assertion(&key(1), START, claims);
        let request = TokenRequest::jwt_bearer(credentials, &assertion, scope, None).expect("short enough");
        run(self.service().exchange(&default_organization(), &request))
    }

    fn event(&self) -> Value {
        self.world.events.1.borrow().last().cloned().expect("an event")
    }

    fn asked(&self) -> Value {
        self.policy.asked.borrow().last().cloned().expect("it was asked")
    }

    /// How many assertions are marked as used.
    fn marks(&self) -> usize {
        self.world.replay.entries.borrow().len()
    }
}

fn claims_of(token: &AccessToken) -> Value {
    let text = token.token.split('.').nth(1).and_then(|text| base64url::decode(text).ok());
    serde_json::from_slice(&text.expect("claims")).expect("JSON")
}

/// R87: it knows what an engineer would ask for, and nothing that it could be tricked by: the claims are verified.
#[test]
fn r87_what_it_is_told() {
    let rules = json!([
        { "name": "other", "subjects": ["bob"] },
        { "name": "ci", "scopes": ["read", "write"], "access_token_lifetime": 600 },
    ]);
    let (guarded, client) = Guarded::of(
        json!({ "rules": rules }),
        json!({ "audience": ["https://a.example", "https://b.example"] }),
    );
    guarded.ask(&client, Some("read"), json!({ "hd": ["x", 1] })).expect("granted");
    let mut asked = guarded.asked();
    let claims = asked["claims"].take();
    assert_eq!(
        asked,
        json!({
            "organization": "default",
            "grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer",
            "client_id": client.application.client_id(),
            "has_client": true,
            "trusted_issuer": "idp",
            "rule": "ci",
            "subject": "alice",
            "actor": null,
            "claims": null,
            "scope": "read",
            "audience": ["https://a.example", "https://b.example"],
            "lifetime": 600,
            "now": START,
        })
    );
    assert_eq!((&claims["hd"], &claims["iss"]), (&json!(["x", 1]), &json!(ISSUER)));
}

/// R87, R92, R93: of a token exchange it knows who acts; what it refuses is `invalid_request`, and nothing is used up.
#[test]
fn r87_what_it_is_told_of_a_token_exchange() {
    let grant = "urn:ietf:params:oauth:grant-type:token-exchange";
    let exchange = json!({ "actor_claim": "azp", "allowed_actors": ["web"], "replay": "once" });
    let (guarded, client) =
        Guarded::of(json!({ "token_exchange": exchange }), json!({ "grant_types": [grant] }));
    let credentials =
        || Presented::secret(client.application.client_id(), secret(&client), PresentedBy::Basic);
    let subject = assertion(&key(1), START, json!({ "azp": "web", "act": { "sub": "first" } }));
    let actor = assertion(&key(1), START, json!({ "sub": "service", "jti": "a" }));
    let jwt = Some("urn:ietf:params:oauth:token-type:jwt");
    let parameters = Parameters {
        subject_token: Some(&subject),
        subject_token_type: jwt,
        actor_token: Some(&actor),
        actor_token_type: jwt,
        ..Parameters::default()
    };
    let ask = || {
        let request = TokenRequest::token_exchange(credentials(), &parameters).expect("short enough");
        run(guarded.service().exchange(&default_organization(), &request))
    };
    guarded.denies("not-this-actor");
    let refusal = ask().expect_err("refused");
    assert_eq!((refusal.reason, refusal.code), (Reason::PolicyDenied, ErrorCode::InvalidRequest));
    assert_eq!(guarded.marks(), 0);
    guarded.narrows(Some(&["read"]), Some(r#"{"team":"blue"}"#), Some(60));
    let token = claims_of(&ask().expect("granted"));
    assert_eq!((&token["scope"], &token["team"]), (&json!("read"), &json!("blue")));
    let asked = guarded.asked();
    let act = json!({ "sub": "service", "iss": ISSUER, "act": { "sub": "first" } });
    assert_eq!(
        (&asked["grant_type"], &asked["actor"], &asked["claims"]["azp"]),
        (&json!(grant), &act, &json!("web"))
    );
    assert_eq!(token["act"], act);
    guarded.narrows(None, Some(r#"{"act":{"sub":"another"}}"#), None);
    assert!(ask().is_err(), "the actor is not the policy's to name");
}

/// R29, R87: without a client the label stands for it.
#[test]
fn r87_what_it_is_told_without_a_client() {
    let rule = json!({ "name": "ci", "client": "none", "client_id": "job", "subjects": ["alice"], "scopes": ["deploy"] });
    let (guarded, _) = Guarded::of(json!({ "rules": [rule] }), json!({}));
    let text = assertion(&key(1), START, json!({}));
    let request = TokenRequest::jwt_bearer(Client::nothing(None), &text, None, None).expect("short enough");
    run(guarded.service().exchange(&default_organization(), &request)).expect("granted");
    let asked = guarded.asked();
    assert_eq!(
        [&asked["client_id"], &asked["has_client"], &asked["scope"], &asked["lifetime"]],
        [&json!("job"), &json!(false), &json!("deploy"), &json!(3600)]
    );
}

/// R45, R75, R87: a refusal is `invalid_grant`, says no more, is in the event by the policy's name for it, and uses
/// nothing up.
#[test]
fn r87_a_refusal_uses_nothing_up() {
    let (guarded, client) = Guarded::of(json!({}), json!({}));
    guarded.denies("foreign-owner");
    for _ in 0..3 {
        let refusal = guarded.ask(&client, None, json!({})).expect_err("refused");
        assert_eq!((refusal.reason, refusal.code), (Reason::PolicyDenied, ErrorCode::InvalidGrant));
        assert!(!refusal.reason.sentence().contains("foreign"), "the client is told nothing of it");
        assert!(refusal.cause.expect("a cause").ends_with("foreign-owner"));
        let event = guarded.event();
        assert_eq!([&event["outcome"], &event["policy_reason"]], ["policy-denied", "foreign-owner"]);
        assert_eq!(guarded.marks(), 0);
    }
    guarded.decides(PolicyDecision::Allow(Narrowing::default()));
    guarded.ask(&client, None, json!({})).expect("the same assertion");
    assert_eq!(guarded.event().get("policy_reason"), None);
    assert_eq!(guarded.marks(), 1);
}

/// R3, R87: what is no name is told nobody.
#[test]
fn r87_a_reason_that_is_no_name_is_not_told() {
    let (guarded, client) = Guarded::of(json!({}), json!({}));
    for text in ["alice is not on call", "", "a\nevent=granted", &*"x".repeat(100_000)] {
        guarded.denies(text);
        let refusal = guarded.ask(&client, None, json!({})).expect_err("refused");
        assert_eq!(refusal.reason, Reason::PolicyDenied);
        assert!(!refusal.cause.expect("a cause").contains("alice"));
        assert_eq!(guarded.event().get("policy_reason"), None);
    }
}

/// R87: it is asked once, and only where the rules would grant; it can't make them.
#[test]
fn r87_the_rules_come_first() {
    let (guarded, client) = Guarded::of(json!({ "subjects": ["alice"], "scopes": ["read"] }), json!({}));
    for (scope, claims, reason) in [
        (None, json!({ "sub": "bob" }), Reason::SubjectNotAllowed),
        (None, json!({ "exp": START - 1000 }), Reason::Expired),
        (None, json!({ "aud": "https://other.example" }), Reason::AudienceMismatch),
        (Some("write"), json!({}), Reason::ScopeNotAllowed),
    ] {
        assert_eq!(guarded.ask(&client, scope, claims).expect_err("refused").reason, reason);
    }
    assert_eq!(guarded.policy.times.get(), 0);
    guarded.ask(&client, None, json!({})).expect("granted");
    assert_eq!(guarded.policy.times.get(), 1);
    // What was used before is found out last: the policy is asked again, and its word changes nothing.
    assert_eq!(guarded.ask(&client, None, json!({})).expect_err("refused").reason, Reason::Replayed);
    assert_eq!(guarded.policy.times.get(), 2);
}

/// R60, R61, R87: a narrower scope, which the response then states, whatever was asked.
#[test]
fn r87_narrower_scopes() {
    let (guarded, client) = Guarded::of(json!({}), json!({ "scope": "read write admin" }));
    let scope = |asked: Option<&str>, jti: &str| {
        let token = guarded.ask(&client, asked, json!({ "jti": jti })).expect("granted");
        (claims_of(&token)["scope"].clone(), token.scope)
    };
    let of = |text: &str| json!(text);
    assert_eq!(scope(Some("read write"), "a"), (of("read write"), None));
    guarded.narrows(Some(&["read"]), None, None);
    assert_eq!(scope(Some("read write"), "b"), (of("read"), Some("read".into())));
    assert_eq!(scope(Some("read"), "c"), (of("read"), None), "as asked");
    assert_eq!(scope(None, "d"), (of("read"), Some("read".into())));
    guarded.narrows(Some(&["write", "read"]), None, None);
    assert_eq!(scope(Some("read write"), "e"), (of("read write"), None), "the order is the request's");
}

/// R62, R66, R87: claims and a lifetime.
#[test]
fn r87_claims_and_a_shorter_life() {
    let (guarded, client) =
        Guarded::of(json!({ "claim_mappings": { "hd": "tenant" } }), json!({ "access_token_lifetime": 900 }));
    guarded.narrows(None, Some(r#"{"environment":"prod","roles":["a"]}"#), Some(60));
    let token = guarded.ask(&client, None, json!({ "hd": "example.com" })).expect("granted");
    let claims = claims_of(&token);
    assert_eq!(
        [&claims["environment"], &claims["roles"], &claims["tenant"], &claims["sub"]],
        [&json!("prod"), &json!(["a"]), &json!("example.com"), &json!("alice")]
    );
    assert_eq!((token.expires_in, claims["exp"].as_u64()), (60, Some(START + 60)));
}

/// R65, R87: where the token ends with the assertion, the policy is told what is left, and can't make it more.
#[test]
fn r87_the_life_that_is_left() {
    let (guarded, client) = Guarded::of(json!({ "limit_to_assertion": true }), json!({}));
    guarded.narrows(None, None, Some(101));
    let claims = json!({ "exp": START + 100 });
    assert_eq!(guarded.ask(&client, None, claims.clone()).expect_err("refused").reason, Reason::PolicyDenied);
    assert_eq!(guarded.asked()["lifetime"], 100);
    guarded.narrows(None, None, Some(100));
    assert_eq!(guarded.ask(&client, None, claims).expect("granted").expires_in, 100);
}

/// R87: a decision that asks for more than the rules allow refuses, and uses nothing up.
#[test]
fn r87_malformed_decisions_refuse() {
    let (guarded, client) = Guarded::of(
        json!({ "scopes": ["read", "write"], "claim_mappings": { "sub": "tenant" } }),
        json!({ "scope": "read write admin", "access_token_lifetime": 900 }),
    );
    let large = format!(r#"{{"a":"{}"}}"#, "x".repeat(5000));
    let many = ["read"; 1000];
    // Scopes, claims and lifetime of the decision, and the member at fault.
    type Case<'a> = (Option<&'a [&'a str]>, Option<&'a str>, Option<u32>, &'a str);
    let cases: &[Case<'_>] = &[
        (Some(&["read", "admin"]), None, None, "scopes"),
        (Some(&["read", "read"]), None, None, "scopes"),
        (Some(&[]), None, None, "scopes"),
        (Some(&["read write"]), None, None, "scopes"),
        (Some(&many), None, None, "scopes"),
        (None, Some(r#"{"sub":"root"}"#), None, "claims"),
        (None, Some(r#"{"scope":"admin"}"#), None, "claims"),
        (None, Some(r#"{"cnf":{}}"#), None, "claims"),
        (None, Some(r#"{"tenant":"other"}"#), None, "claims"),
        (None, Some(r#"{"a":1,"a":2}"#), None, "claims"),
        (None, Some("not json"), None, "claims"),
        (None, Some(&*large), None, "claims"),
        (None, None, Some(901), "lifetime"),
        (None, None, Some(u32::MAX), "lifetime"),
        (None, None, Some(29), "lifetime"),
        (None, None, Some(0), "lifetime"),
        // One good member does not make up for another one.
        (Some(&["read"]), Some(r#"{"iss":"x"}"#), Some(60), "claims"),
    ];
    for &(scopes, claims, lifetime, member) in cases {
        guarded.narrows(scopes, claims, lifetime);
        let refusal = guarded.ask(&client, None, json!({})).expect_err("refused");
        assert_eq!(refusal.reason, Reason::PolicyDenied, "{scopes:?} {claims:?} {lifetime:?}");
        assert_eq!(guarded.event()["policy_reason"], format!("malformed: {member}"));
        assert_eq!(guarded.marks(), 0);
    }
    guarded.narrows(Some(&["read"]), Some(r#"{"b":1}"#), Some(900));
    guarded.ask(&client, None, json!({})).expect("what is allowed is granted");
}

/// R71, R87: a policy that fails in the middle has let nothing be used up or signed. In a component this is a trap, which
/// ends the instance; here it is a panic.
#[test]
fn r87_a_policy_that_fails_grants_nothing() {
    let (guarded, client) = Guarded::of(json!({}), json!({}));
    *guarded.policy.decide.borrow_mut() = Box::new(|| -> PolicyDecision { panic!("it was asked to") });
    let failed = catch_unwind(AssertUnwindSafe(|| guarded.ask(&client, None, json!({})).is_ok()));
    assert!(failed.is_err(), "nobody takes its failure for a decision");
    assert_eq!(guarded.marks(), 0);
    guarded.decides(PolicyDecision::Allow(Narrowing::default()));
    guarded.ask(&client, None, json!({})).expect("the same assertion");
}

/// R87: an explanation asks it too, and comes to the verdict of an exchange.
#[test]
fn r87_explain_comes_to_the_same_verdict() {
    let (guarded, client) = Guarded::of(json!({}), json!({}));
    let text = assertion(&key(1), START, json!({}));
    let explain = |client_id: Option<&str>| {
        run(guarded.service().explain(&default_organization(), &text, client_id)).expect("explained")
    };
    let client_id = client.application.client_id();
    let step = |client_id: Option<&str>| {
        let steps = explain(client_id).checks;
        let step = steps.iter().find(|step| step.rule == "R87").expect("its step");
        (step.passed, step.reason, step.saw.clone())
    };
    guarded.narrows(Some(&["read"]), None, Some(60));
    assert_eq!(step(Some(client_id)), (true, None, r#"it grants "read" for 60 s"#.to_string()));
    guarded.denies("foreign-owner");
    let refused = (false, Some("policy-denied"), "it refuses: foreign-owner".to_string());
    assert_eq!(step(Some(client_id)), refused);
    assert!(!explain(Some(client_id)).accepted);
    guarded.decides(PolicyDecision::Allow(Narrowing::default()));
    assert!(explain(Some(client_id)).accepted);
    assert_eq!(guarded.marks(), 0, "an explanation writes nothing");
    // Of an application that may do anything there is no scope to narrow, and no name.
    assert!(step(None).0);
    assert_eq!(guarded.asked()["client_id"], json!(null));
    // It is not asked where the rules refuse.
    let times = guarded.policy.times.get();
    let other = assertion(&key(2), START, json!({}));
    run(guarded.service().explain(&default_organization(), &other, Some(client_id))).expect("explained");
    assert_eq!(guarded.policy.times.get(), times);
}
