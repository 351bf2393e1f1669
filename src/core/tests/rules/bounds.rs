//! Which rules are refused, and how much work all others are at most.

use std::time::{Duration, Instant};

use asserta_core::application::Application;
use asserta_core::field::FieldError;
use asserta_core::grants::jwt_bearer::expectations;
use asserta_core::jose::Portable;
use asserta_core::jwt::{Keys, UnverifiedJwt, Verification};
use asserta_core::keys::KeySource;
use asserta_core::organization::OrganizationUrls;
use asserta_core::trust::Issuer;
use asserta_core::trust::policy::{Asker, Claimed, Judgement, PolicyProblem, Terms, admit, judge};
use serde_json::{Value, json};

use crate::world::{START, assertion, default_organization, issuer, jwks, key, metadata};

fn refused(policy: Value) -> Option<String> {
    let mut policy = policy;
    policy["jwks"] = jwks(&[&key(1)]);
    Issuer::parse(issuer(policy), false).err().map(|FieldError { field, .. }| field)
}

/// R80: what can't be registered, and which member is at fault.
#[test]
fn r80_rules_that_are_refused() {
    let named =
        |number: usize| -> Vec<Value> { (0..number).map(|n| json!({ "name": format!("r{n}") })).collect() };
    let subjects = |number: usize| -> Vec<String> { (0..number).map(|n| format!("s{n}")).collect() };
    let pattern = format!("{}*b", "a*".repeat(490));
    let conditions = vec![json!({ "claim": "c", "equals": 1 }); 33];
    let mappings: serde_json::Map<String, Value> =
        (0..33).map(|n| (format!("a{n}"), json!(format!("b{n}")))).collect();
    for (rules, field) in [
        (json!([]), "rules"),
        (json!(named(65)), "rules"),
        (json!([{ "name": "" }]), "rules[0].name"),
        (json!([{ "name": "a\nb" }]), "rules[0].name"),
        (json!([{ "name": "a".repeat(129) }]), "rules[0].name"),
        (json!([{ "name": "a" }, { "name": "b" }, { "name": "a" }]), "rules[2].name"),
        (json!([{ "name": "a", "subjects": ["b", "**"] }]), "rules[0].subjects[1]"),
        (json!([{ "name": "a", "claims": conditions }]), "rules[0].claims"),
        (json!([{ "name": "a", "claims": [{ "claim": "c", "glob": "*" }] }]), "rules[0].claims[0].glob"),
        (
            json!([{ "name": "a", "claims": [{ "claim": "/~", "present": true }] }]),
            "rules[0].claims[0].claim",
        ),
        (json!([{ "name": "a", "applications": [] }]), "rules[0].applications"),
        (json!([{ "name": "a", "applications": ["a", "b c"] }]), "rules[0].applications[1]"),
        (json!([{ "name": "a", "scopes": ["a b"] }]), "rules[0].scopes[0]"),
        (json!([{ "name": "a", "audience": [] }]), "rules[0].audience"),
        (json!([{ "name": "a", "audience": "" }]), "rules[0].audience"),
        (json!([{ "name": "a", "access_token_lifetime": 29 }]), "rules[0].access_token_lifetime"),
        (json!([{ "name": "a", "access_token_lifetime": 86_401 }]), "rules[0].access_token_lifetime"),
        (json!([{ "name": "a", "claim_mappings": { "x": "sub" } }]), "rules[0].claim_mappings.x"),
        (json!([{ "name": "a", "claim_mappings": { "x": "assertion_rule" } }]), "rules[0].claim_mappings.x"),
        (json!([{ "name": "a", "claim_mappings": { "x": "z", "y": "z" } }]), "rules[0].claim_mappings.x"),
        (json!([{ "name": "a", "claim_mappings": mappings }]), "rules[0].claim_mappings"),
        (
            json!([{ "name": "a", "subjects": subjects(600) }, { "name": "b", "subjects": subjects(401) }]),
            "rules",
        ),
        (json!([{ "name": "a", "subjects": vec![pattern.clone(); 66] }]), "rules"),
    ] {
        assert_eq!(refused(json!({ "rules": rules })).as_deref(), Some(field), "{rules}");
    }
    for rules in [json!(named(64)), json!([{ "name": "a", "subjects": subjects(1000), "scopes": [] }])] {
        assert_eq!(refused(json!({ "rules": rules })), None);
    }
}

/// How long a judgement takes, and what it comes to.
fn timed(policy: Value, claims: Value) -> (Duration, Judgement) {
    let idp = key(1);
    let mut policy = policy;
    policy["jwks"] = jwks(&[&idp]);
    let issuer = Issuer::parse(issuer(policy), false).expect("a good issuer");
    let application =
        Application::parse("app".into(), None, 0, metadata(json!({})), false).expect("an application");
    let urls = OrganizationUrls::new("https://as.example", &default_organization());
    let terms = Terms {
        urls: &urls,
        asker: Asker::Application(&application),
        issuer: &issuer,
        scope: None,
        resources: &[],
    };
    let text = assertion(&idp, START, claims);
    let jwt = UnverifiedJwt::parse(&text).expect("a JWT");
    let KeySource::Inline(keys) = issuer.keys() else { panic!("the keys are in the document") };
    let verified = Verification::new(&jwt, expectations(&terms), START, false)
        .verify(Keys { keys, have_kid: true }, &Portable)
        .expect("verified");
    let admitted = admit(terms).expect("admitted");
    let began = Instant::now();
    let judgement = judge(&admitted, &verified, &Claimed::NOTHING);
    (began.elapsed(), judgement)
}

/// R80, R83: rules, pointers, lists and patterns that are made to be slow are not. This is about the most work that can
/// be registered; the limit is generous, since this build is not optimised.
#[test]
fn r80_r83_the_work_is_bounded() {
    let never = json!({ "claim": "sub", "equals": "nobody" });
    let rule = |number: usize, condition: Value, times: usize| {
        let mut conditions = vec![condition; times];
        conditions.push(never.clone());
        json!({ "name": format!("r{number}"), "claims": conditions })
    };
    let stars = format!("{}*", "*a".repeat(490));
    let values: Vec<u32> = (1000..2000).collect();
    let rules: Vec<Value> = (0..64)
        .map(|number| match number {
            0 => rule(number, json!({ "claim": "text", "glob": stars }), 31),
            1..5 => rule(number, json!({ "claim": "list", "not": { "one_of": values } }), 1),
            _ => rule(number, json!({ "claim": format!("/deep{}", "/0".repeat(14)), "present": true }), 31),
        })
        .collect();
    let deep = (0..14).fold(json!(1), |inner, _| json!([inner]));
    let list: Vec<u32> = (0..2000).map(|number| number % 10).collect();
    let claims = json!({ "text": "a".repeat(1024), "list": list, "deep": deep });
    let (took, judgement) = timed(json!({ "rules": rules }), claims);
    assert_eq!(judgement.verdict.err(), Some(PolicyProblem::NoRuleFits));
    assert!(took < Duration::from_secs(10), "{took:?}");
    println!("the most work that can be registered: {took:?}");
    // Beyond that nothing is registered.
    let too_much = [
        json!([
            rule(0, json!({ "claim": "text", "glob": stars }), 31),
            rule(1, json!({ "claim": "text", "not": { "glob": stars } }), 5)
        ]),
        json!([
            rule(0, json!({ "claim": "list", "one_of": values }), 4),
            rule(1, json!({ "claim": "list", "all_of": values }), 1)
        ]),
    ];
    for rules in too_much {
        assert_eq!(refused(json!({ "rules": rules })).as_deref(), Some("rules"));
    }
}

/// R80: 64 rules of 8 conditions, the last one fitting, are no work beside a signature.
#[test]
fn r80_many_rules_are_quick() {
    let rules: Vec<Value> = (0..64)
        .map(|number| {
            let mut claims: Vec<Value> =
                (0..7).map(|claim| json!({ "claim": format!("claim_{claim}"), "equals": "value" })).collect();
            claims.push(json!({ "claim": "repository", "equals": format!("acme/repository-{number}") }));
            json!({ "name": format!("r{number}"), "claims": claims })
        })
        .collect();
    let mut claims = json!({ "repository": "acme/repository-63" });
    for claim in 0..7 {
        claims[format!("claim_{claim}")] = "value".into();
    }
    let (with, judgement) = timed(json!({ "rules": rules }), claims.clone());
    assert_eq!(judgement.rule.as_deref(), Some("r63"));
    assert!(judgement.verdict.is_ok());
    let (without, _) = timed(json!({}), claims);
    println!("64 rules of 8 conditions: {with:?}, no rules: {without:?}");
    assert!(with < Duration::from_millis(50), "{with:?}");
}
