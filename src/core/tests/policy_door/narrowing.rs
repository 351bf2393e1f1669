//! What the policy may decide: it refuses or narrows what the rules give, and no more.

use std::panic::{AssertUnwindSafe, catch_unwind};

use asserta_core::oauth::{ErrorCode, Reason};
use asserta_core::ports::{Narrowing, PolicyDecision};
use serde_json::json;

use super::{Guarded, claims_of};
use crate::world::{START, assertion, default_organization, key, run};

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
