//! What an issuer is trusted with, apart from any grant: each problem is precise, the first in the order of the rules
//! decides, and an explanation has the same verdicts (R25, R40, R41, R49, R61 to R63, R80).

mod world;

use asserta_core::application::Application;
use asserta_core::check::Finding;
use asserta_core::grants::jwt_bearer::expectations;
use asserta_core::jose::Portable;
use asserta_core::jwt::{Keys, UnverifiedJwt, Verification};
use asserta_core::keys::KeySource;
use asserta_core::organization::OrganizationUrls;
use asserta_core::trust::Issuer;
use asserta_core::trust::policy::{
    Allowed, Asker, Claimed, PolicyProblem, Terms, admit, explain_admission, explain_judgement, judge,
};
use serde_json::{Value, json};
use world::*;

/// What is asked for.
#[derive(Clone, Copy, Default)]
struct Asked<'a> {
    scope: Option<&'a str>,
    resources: &'a [&'a str],
}

/// The verdict on an assertion with these claims, which `explain` must come to as well.
fn verdict(
    policy: Value,
    application: Value,
    asked: Asked<'_>,
    claims: Value,
) -> Result<Allowed, PolicyProblem> {
    let idp = key(1);
    let mut policy = policy;
    policy["jwks"] = jwks(&[&idp]);
    let issuer = Issuer::parse(issuer(policy), false).expect("a good issuer");
    let application =
        Application::parse("app".into(), None, 0, metadata(application), false).expect("a good application");
    let urls = OrganizationUrls::new("https://as.example", &default_organization());
    let resources: Vec<String> = asked.resources.iter().map(ToString::to_string).collect();
    let terms = Terms {
        urls: &urls,
        asker: Asker::Application(&application),
        issuer: &issuer,
        scope: asked.scope,
        resources: &resources,
    };
    let text = assertion(&idp, START, claims);
    let jwt = UnverifiedJwt::parse(&text).expect("a JWT");
    let KeySource::Inline(keys) = issuer.keys() else { panic!("the keys are in the document") };
    let verified = Verification::new(&jwt, expectations(&terms), START, false)
        .verify(Keys { keys, have_kid: true }, &Portable)
        .expect("verified");

    let verdict = admit(terms).and_then(|admitted| judge(&admitted, &verified, &Claimed::NOTHING).verdict);
    let findings =
        [explain_admission(terms), explain_judgement(terms, verified.claims(), &Claimed::NOTHING)].concat();
    let first = findings.iter().find_map(|finding: &Finding<_>| finding.verdict.err());
    assert_eq!(verdict.as_ref().err().copied(), first, "explain differs");
    assert_eq!(
        findings.iter().map(|finding| finding.rule).collect::<Vec<_>>(),
        ["R40", "R25", "R41", "R49", "R39", "R80, R81", "R61", "R63"],
        "each check has its row, whatever the others found"
    );
    verdict
}

#[test]
fn r25_r63_problems_are_precise() {
    let unmet = json!([{ "claim": "hd", "equals": "example.com" }]);
    let asked = |scope| Asked { scope: Some(scope), ..Asked::default() };
    let elsewhere = Asked { resources: &["https://other.example"], ..Asked::default() };
    let (all, none) = (json!({}), Asked::default());
    for (policy, application, asked, problem) in [
        (json!({ "enabled": false }), &all, none, PolicyProblem::IssuerDisabled),
        (json!({}), &json!({ "trusted_issuers": ["other"] }), none, PolicyProblem::IssuerNotAccepted),
        (json!({ "subjects": ["ali", "bob*"] }), &all, none, PolicyProblem::SubjectNotAllowed),
        (json!({ "claims": unmet }), &all, none, PolicyProblem::ConditionFailed),
        (json!({ "rules": [{ "name": "a", "claims": unmet }] }), &all, none, PolicyProblem::NoRuleFits),
        (json!({ "rules": [{ "name": "a", "mode": "audit" }] }), &all, none, PolicyProblem::NoRuleFits),
        (
            json!({ "rules": [{ "name": "a", "applications": ["other"] }] }),
            &all,
            none,
            PolicyProblem::NoRuleFits,
        ),
        (
            json!({ "rules": [{ "name": "a", "scopes": ["read"] }] }),
            &all,
            asked("write"),
            PolicyProblem::ScopeNotAllowed,
        ),
        (
            json!({ "rules": [{ "name": "a", "scopes": ["other"] }] }),
            &all,
            none,
            PolicyProblem::ScopeNotAllowed,
        ),
        (json!({ "scopes": ["other"] }), &all, none, PolicyProblem::ScopeNotAllowed),
        (json!({}), &all, asked("read  write"), PolicyProblem::ScopeMalformed),
        (json!({}), &all, asked("admin"), PolicyProblem::ScopeNotAllowed),
        (json!({ "scopes": ["read"] }), &all, asked("read write"), PolicyProblem::ScopeNotAllowed),
        (json!({}), &all, elsewhere, PolicyProblem::ResourceUnknown),
        // The first in the order of the rules, where several are there.
        (
            json!({ "enabled": false, "subjects": [], "claims": unmet }),
            &json!({ "trusted_issuers": [] }),
            elsewhere,
            PolicyProblem::IssuerDisabled,
        ),
        (json!({ "subjects": [], "claims": unmet }), &all, asked("?\\"), PolicyProblem::SubjectNotAllowed),
        (json!({ "claims": unmet }), &all, asked("admin"), PolicyProblem::ConditionFailed),
    ] {
        let found = verdict(policy.clone(), application.clone(), asked, json!({})).err();
        assert_eq!(found, Some(problem), "{policy} {application}");
    }
}

#[test]
fn r61_r62_what_is_allowed() {
    let policy =
        json!({ "subjects": ["ali*"], "scopes": ["write", "admin"], "claim_mappings": { "hd": "domain" } });
    let application = json!({ "audience": ["https://a.example", "https://b.example"] });
    let claims = json!({ "hd": "example.com" });
    let verdict = |asked| verdict(policy.clone(), application.clone(), asked, claims.clone());

    let allowed = verdict(Asked::default()).expect("allowed");
    assert_eq!((allowed.scope(), allowed.audience().len()), ("write", 2), "all that may be granted");
    let [(name, value)] = allowed.claims() else { panic!("one claim is carried over") };
    assert_eq!((name.as_str(), value.as_str()), ("domain", Some("example.com")));

    let asked = Asked { scope: Some("write write"), resources: &["https://b.example"] };
    let allowed = verdict(asked).expect("allowed");
    assert_eq!((allowed.scope(), allowed.audience()), ("write", &["https://b.example".to_owned()][..]));
}

/// R62: what is carried over is named as in conditions: what begins with `/` is a JSON Pointer.
#[test]
fn r62_nested_claims_are_carried_over() {
    let carried = |policy: Value, claims: Value| -> Vec<(String, String)> {
        let allowed = verdict(policy, json!({}), Asked::default(), claims).expect("allowed");
        allowed.claims().iter().map(|(name, value)| (name.clone(), value.to_text())).collect()
    };
    for (from, claims, value) in [
        ("/g/x", json!({ "g": { "x": "y" } }), Some(r#""y""#)),
        ("/g/1", json!({ "g": ["x", { "y": 1 }] }), Some(r#"{"y":1}"#)),
        ("/hd", json!({ "hd": "a.example" }), Some(r#""a.example""#)),
        ("/a~1b", json!({ "a/b": true }), Some("true")),
        ("a/b", json!({ "a/b": 1, "a": { "b": 2 } }), Some("1")),
        ("/~1x", json!({ "/x": "y" }), Some(r#""y""#)),
        ("/g/x", json!({ "/g/x": "y", "g": {} }), None),
        ("/g/x", json!({ "g": "x" }), None),
    ] {
        let wanted: Vec<_> = value.map(|value| ("to".to_owned(), value.to_owned())).into_iter().collect();
        assert_eq!(
            carried(json!({ "claim_mappings": { from: "to" } }), claims.clone()),
            wanted,
            "{from} {claims}"
        );
        let of_rule = json!({ "rules": [{ "name": "a", "claim_mappings": { from: "to" } }] });
        assert_eq!(carried(of_rule, claims), wanted, "{from}, of a rule");
    }
    for from in ["/a~", "/~2", &"/a".repeat(17)] {
        for (policy, at) in [
            (json!({ "claim_mappings": { from: "to" } }), ""),
            (json!({ "rules": [{ "name": "a", "claim_mappings": { from: "to" } }] }), "rules[0]."),
        ] {
            let error = Issuer::parse(issuer(with_keys(policy)), false).expect_err("refused");
            assert_eq!(error.field, format!("{at}claim_mappings.{from}"));
        }
    }
}

fn with_keys(mut policy: Value) -> Value {
    policy["jwks"] = jwks(&[&key(1)]);
    policy
}

/// R39: another claim may become the subject of the token. What is trusted goes by the assertion's own `sub` all the same.
#[test]
fn r39_the_claim_in_place_of_sub() {
    let found = |policy: Value, claims: Value| {
        verdict(policy, json!({}), Asked::default(), claims).map(|allowed| allowed.subject().to_owned())
    };
    let by = |claim: &str| json!({ "subject_claim": claim });
    assert_eq!(found(json!({}), json!({})).as_deref(), Ok("alice"));
    for (policy, claims, subject) in [
        (by("sub"), json!({}), "alice"),
        (by("/sub"), json!({}), "alice"),
        (by("email"), json!({ "email": "bob@example.com" }), "bob@example.com"),
        (by("/act/ids/1"), json!({ "act": { "ids": ["x", "employee-7"] } }), "employee-7"),
        (by("a/b"), json!({ "a/b": "x", "a": { "b": "y" } }), "x"),
        (by("email"), json!({ "email": "é".repeat(512) }), &*"é".repeat(512)),
        (
            json!({ "subject_claim": "email", "subjects": ["alice"], "claims": [{ "claim": "sub", "equals": "alice" }],
                "rules": [{ "name": "a", "subjects": ["alice"] }] }),
            json!({ "email": "bob@example.com" }),
            "bob@example.com",
        ),
    ] {
        assert_eq!(found(policy.clone(), claims).as_deref(), Ok(subject), "{policy}");
    }
    for claims in [
        json!({}),
        json!({ "email": "" }),
        json!({ "email": 7 }),
        json!({ "email": ["bob@example.com"] }),
        json!({ "email": { "x": "y" } }),
        json!({ "email": "a".repeat(1025) }),
        json!({ "/email": "x", "Email": "x" }),
    ] {
        let refused = found(by("email"), claims.clone());
        assert_eq!(refused, Err(PolicyProblem::SubjectClaimInvalid), "{claims}");
    }
    // The subject of the token opens nothing.
    let bob = json!({ "subject_claim": "email", "subjects": ["bob"] });
    assert_eq!(found(bob, json!({ "email": "bob" })), Err(PolicyProblem::SubjectNotAllowed));
    let bob = json!({ "subject_claim": "email", "rules": [{ "name": "a", "subjects": ["bob"] }] });
    assert_eq!(found(bob, json!({ "email": "bob" })), Err(PolicyProblem::NoRuleFits));
}

/// R39: what can't be the name of a claim is not registered.
#[test]
fn r39_names_of_claims() {
    for claim in ["", "/a~", "a\n", &*"a".repeat(257), &*"/a".repeat(17)] {
        let policy = issuer(json!({ "jwks": jwks(&[&key(1)]), "subject_claim": claim }));
        let error = Issuer::parse(policy, false).expect_err(claim);
        assert_eq!(error.field, "subject_claim", "{claim}");
    }
    let plain = issuer(json!({ "jwks": jwks(&[&key(1)]), "subject_claim": "sub" }));
    let stored = serde_json::to_value(&plain).expect("JSON");
    assert_eq!(stored.get("subject_claim"), None, "a node of before reads the record");
}

/// R41: with a trust domain, `sub` is a SPIFFE ID of it, and within `subjects` all the same.
#[test]
fn r41_subjects_of_a_trust_domain() {
    let found = |policy: Value, sub: &str| {
        let mut policy = policy;
        policy["trust_domain"] = "prod.example.org".into();
        verdict(policy, json!({}), Asked::default(), json!({ "sub": sub })).map(drop)
    };
    let api = "spiffe://prod.example.org/api";
    for (policy, sub, expected) in [
        (json!({}), api, Ok(())),
        (json!({ "subjects": [api] }), api, Ok(())),
        (json!({ "subjects": ["spiffe://**"] }), api, Ok(())),
        (json!({ "rules": [{ "name": "a" }] }), api, Ok(())),
        (json!({}), "alice", Err(PolicyProblem::SubjectNotAllowed)),
        (json!({ "subjects": ["alice"] }), "alice", Err(PolicyProblem::SubjectNotAllowed)),
        (json!({}), "spiffe://staging.example.org/api", Err(PolicyProblem::SubjectNotAllowed)),
        (json!({}), "spiffe://prod.example.org/api/", Err(PolicyProblem::SubjectNotAllowed)),
        (json!({ "subjects": [] }), api, Err(PolicyProblem::SubjectNotAllowed)),
        // It holds for every rule.
        (
            json!({ "rules": [{ "name": "a", "subjects": ["spiffe://staging.example.org/api"] }] }),
            "spiffe://staging.example.org/api",
            Err(PolicyProblem::SubjectNotAllowed),
        ),
    ] {
        assert_eq!(found(policy.clone(), sub), expected, "{policy} {sub}");
    }
    let wrong = issuer(json!({ "jwks": jwks(&[&key(1)]), "trust_domain": "spiffe://prod.example.org" }));
    assert_eq!(Issuer::parse(wrong, false).expect_err("no trust domain").field, "trust_domain");
}
