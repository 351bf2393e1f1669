//! What an ID-JAG grants (R38): its scope, its resource and its actor, and what rules cut.

use asserta_core::oauth::Reason;
use serde_json::{Value, json};

use super::{RESOURCE, Scene};
use crate::world::{default_organization, metadata, run};

/// R38: the scope is what is in all of claim, request and registrations.
#[test]
fn r38_scope() {
    let scene = Scene::new(json!({}));
    let number = std::cell::Cell::new(0);
    let ask = |claim: Value, asked: Option<&str>| {
        number.set(number.get() + 1);
        let claims = json!({ "scope": claim, "jti": format!("scope-{}", number.get()) });
        scene.exchange(claims, asked, &[]).map(|token| (token["scope"].clone(), token["told"].clone()))
    };
    for (claim, asked, granted, told) in [
        (json!("read"), None, json!("read"), json!("read")),
        (json!("read admin"), None, json!("read"), json!("read")),
        (json!("read"), Some("read"), json!("read"), json!(null)),
        (json!("read"), Some("read write"), json!("read"), json!("read")),
        (json!("read write"), Some("write"), json!("write"), json!(null)),
        (json!("read admin"), Some("admin read"), json!("read"), json!("read")),
        (json!(null), Some("write"), json!("write"), json!(null)),
        (json!(null), None, json!("read write"), json!("read write")),
    ] {
        assert_eq!(ask(claim.clone(), asked), Ok((granted, told)), "{claim} {asked:?}");
    }
    for (claim, asked, reason) in [
        (json!("read"), Some("write"), Reason::ScopeNotAllowed),
        (json!("admin"), Some("admin"), Reason::ScopeNotAllowed),
        (json!("admin"), None, Reason::ScopeNotAllowed),
        (json!("Read"), None, Reason::ScopeNotAllowed),
        // R61 holds where the claim says nothing.
        (json!(null), Some("read admin"), Reason::ScopeNotAllowed),
        (json!("read"), Some("read  write"), Reason::ScopeMalformed),
        (json!(""), None, Reason::AuthorizationInvalid),
        (json!(" read"), None, Reason::AuthorizationInvalid),
        (json!("read  write"), None, Reason::AuthorizationInvalid),
        (json!(["read"]), None, Reason::AuthorizationInvalid),
        (json!(7), None, Reason::AuthorizationInvalid),
    ] {
        assert_eq!(ask(claim.clone(), asked), Err(reason), "{claim} {asked:?}");
    }
}

/// R38: an application without a scope gets a token without one.
#[test]
fn r38_no_scope_at_all() {
    let scene = Scene::new(json!({}));
    let application = metadata(json!({ "scope": "", "audience": RESOURCE }));
    let created =
        run(scene.world.service().registry().create_application(&default_organization(), application));
    let scene = Scene { client: created.expect("registered"), ..scene };
    let token = scene.exchange(json!({ "scope": "read" }), None, &[]).expect("granted");
    assert_eq!((token.get("scope"), &token["told"]), (None, &json!(null)));
}

/// R38: its resource must be the application's, and becomes `aud`; a request may choose among them.
#[test]
fn r38_resource() {
    let scene = Scene::new(json!({}));
    let number = std::cell::Cell::new(0);
    let ask = |claim: Value, asked: &[&str]| {
        number.set(number.get() + 1);
        let claims = json!({ "resource": claim, "jti": format!("resource-{}", number.get()) });
        scene.exchange(claims, None, asked).map(|token| token["aud"].clone())
    };
    let other = "https://other.example";
    for (claim, asked, aud) in [
        (json!(RESOURCE), &[][..], json!(RESOURCE)),
        (json!([RESOURCE]), &[RESOURCE], json!(RESOURCE)),
        (json!([other, RESOURCE, other]), &[], json!([other, RESOURCE])),
        (json!([other, RESOURCE]), &[RESOURCE], json!(RESOURCE)),
        (json!(null), &[other], json!(other)),
    ] {
        assert_eq!(ask(claim.clone(), asked), Ok(aud), "{claim} {asked:?}");
    }
    let nine: Vec<String> = (0..9).map(|number| format!("https://{number}.example")).collect();
    for (claim, asked, reason) in [
        (json!(RESOURCE), &[other][..], Reason::ResourceUnknown),
        (json!([RESOURCE]), &[RESOURCE, other], Reason::ResourceUnknown),
        (json!("https://mcp.example/mcp/"), &[], Reason::ResourceOfAssertionUnknown),
        (json!([RESOURCE, "https://unknown.example"]), &[RESOURCE], Reason::ResourceOfAssertionUnknown),
        (json!("https://as.example"), &[], Reason::ResourceOfAssertionUnknown),
        (json!(""), &[], Reason::AuthorizationInvalid),
        (json!([]), &[], Reason::AuthorizationInvalid),
        (json!([RESOURCE, 7]), &[], Reason::AuthorizationInvalid),
        (json!({ "uri": RESOURCE }), &[], Reason::AuthorizationInvalid),
        (json!(nine), &[], Reason::AuthorizationInvalid),
    ] {
        assert_eq!(ask(claim.clone(), asked), Err(reason), "{claim} {asked:?}");
    }
}

/// R38, R80: a rule cuts what the ID-JAG says like everything else; one that is only watched is told of as well (R82).
#[test]
fn r38_rules() {
    let scene = Scene::new(json!({ "rules": [
        { "name": "watched", "scopes": ["write"], "mode": "audit" },
        { "name": "reads", "scopes": ["read"], "audience": RESOURCE },
    ] }));
    let claims = json!({ "scope": "read write", "resource": RESOURCE });
    let token = scene.exchange(claims, None, &[]).expect("granted");
    assert_eq!([&token["scope"], &token["aud"], &token["assertion_rule"]], ["read", RESOURCE, "reads"]);
    let claims = json!({ "resource": "https://other.example", "jti": "2" });
    assert_eq!(scene.refused(claims), Reason::ResourceOfAssertionUnknown);
}

/// R38: who acts is carried over, as it came.
#[test]
fn r38_actor() {
    let scene = Scene::new(json!({}));
    let nested =
        |depth: usize| (1..depth).fold(json!({ "sub": "a" }), |inner, _| json!({ "sub": "b", "act": inner }));
    for (depth, passes) in [(1, true), (4, true), (5, false)] {
        let asked = scene.exchange(json!({ "act": nested(depth), "jti": format!("{depth}") }), None, &[]);
        let actor = asked.map(|token| token["act"].clone());
        assert_eq!(actor, if passes { Ok(nested(depth)) } else { Err(Reason::ActorInvalid) }, "{depth}");
    }
    for good in
        [json!({ "sub": "a", "iss": "https://i.example" }), json!({ "sub": "a", "n": 1, "groups": ["x"] })]
    {
        let asked = scene.exchange(json!({ "act": good, "jti": good.to_string() }), None, &[]);
        assert_eq!(asked.map(|token| token["act"].clone()), Ok(good));
    }
    for bad in [
        json!("agent"),
        json!([]),
        json!({}),
        json!({ "iss": "https://i.example" }),
        json!({ "sub": "" }),
        json!({ "sub": 7 }),
        json!({ "sub": "x".repeat(1025) }),
        json!({ "sub": "a", "iss": null }),
        json!({ "sub": "a", "act": null }),
        json!({ "sub": "a", "act": {} }),
        json!({ "sub": "a", "act": { "sub": "b", "act": "c" } }),
        json!({ "sub": "a", "n": 1e300 }),
    ] {
        let bad = json!({ "act": bad });
        assert_eq!(scene.refused(bad.clone()), Reason::ActorInvalid, "{bad}");
    }
}
