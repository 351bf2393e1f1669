//! ID-JAGs (R37, R38): what one must say, what it grants, what its issuer's registration may say, and where the metadata
//! has the profile.

mod world;

use asserta_core::client_auth::{Client, Presented, PresentedBy};
use asserta_core::grants::TokenRequest;
use asserta_core::jose::base64url;
use asserta_core::oauth::{ErrorCode, Reason, Refusal, metadata as document};
use asserta_core::organization::OrganizationUrls;
use asserta_core::service::{NewApplication, RegistryError};
use serde_json::{Value, json};
use world::*;

const TYP: &str = "oauth-id-jag+jwt";
const RESOURCE: &str = "https://mcp.example/mcp";

/// An issuer of ID-JAGs and an application for two resources.
struct Scene {
    world: World,
    client: NewApplication,
}

impl Scene {
    fn new(members: Value) -> Self {
        let world = World::default();
        put(&world, members).expect("registered");
        let application = json!({ "audience": [RESOURCE, "https://other.example"] });
        let created = run(world
            .service()
            .registry()
            .create_application(&default_organization(), metadata(application)));
        Self { client: created.expect("registered"), world }
    }

    fn client_id(&self) -> &str {
        self.client.application.client_id()
    }

    /// An ID-JAG with these claims over good ones; null takes one away.
    fn id_jag(&self, typ: Option<&str>, claims: Value) -> String {
        let mut whole = json!({ "client_id": self.client_id(), "iat": START });
        whole.as_object_mut().expect("an object").append(&mut claims.as_object().expect("claims").clone());
        assertion_of_type(&key(1), typ, START, whole)
    }

    /// The claims of the token, and `scope` of the response as `told`.
    fn ask(&self, assertion: &str, scope: Option<&str>, resources: &[&str]) -> Result<Value, Refusal> {
        let credentials = Presented::secret(self.client_id(), secret(&self.client), PresentedBy::Basic);
        let resources = resources.iter().copied();
        let request =
            TokenRequest::jwt_bearer(credentials, assertion, scope, resources).expect("short enough");
        let issued = run(self.world.service().exchange(&default_organization(), &request))?;
        let claims = issued.token.split('.').nth(1).and_then(|text| base64url::decode(text).ok());
        let mut claims: Value = serde_json::from_slice(&claims.expect("claims")).expect("JSON");
        claims["told"] = issued.scope.into();
        Ok(claims)
    }

    /// The same for fresh claims, with what `explain` has to say of them first.
    fn exchange(&self, claims: Value, scope: Option<&str>, resources: &[&str]) -> Result<Value, Reason> {
        let assertion = self.id_jag(Some(TYP), claims);
        let explained =
            run(self.world.service().explain(&default_organization(), &assertion, Some(self.client_id())));
        let first = explained.expect("explained").checks.into_iter().find_map(|step| step.reason);
        let asked = self.ask(&assertion, scope, resources);
        if scope.is_none() && resources.is_empty() {
            assert_eq!(first, asked.as_ref().err().map(|refusal| refusal.reason.name()), "explain differs");
        }
        asked.map_err(|refusal| {
            assert_eq!(refusal.code, refusal.reason.code());
            refusal.reason
        })
    }

    fn refused(&self, claims: Value) -> Reason {
        self.exchange(claims, None, &[]).expect_err("refused")
    }

    fn saw(&self, claims: Value, check: &str) -> String {
        let assertion = self.id_jag(Some(TYP), claims);
        let explained = run(self.world.service().explain(&default_organization(), &assertion, None));
        let checks = explained.expect("explained").checks;
        checks.into_iter().find(|step| step.check == check).expect("the row").saw
    }
}

fn put(world: &World, members: Value) -> Result<bool, RegistryError> {
    let mut whole = json!({ "jwks": jwks(&[&key(1)]), "profile": "id-jag" });
    whole.as_object_mut().expect("an object").append(&mut members.as_object().expect("members").clone());
    let issuer = issuer(whole);
    run(world.service().registry().put_trusted_issuer(&default_organization(), &issuer.name, &issuer))
}

/// R37: it is exchanged, and works once; for the application's audience where it names no resource.
#[test]
fn r37_it_is_exchanged_once() {
    let scene = Scene::new(json!({}));
    let id_jag = scene.id_jag(Some(TYP), json!({}));
    let token = scene.ask(&id_jag, None, &[]).expect("granted");
    assert_eq!([&token["sub"], &token["scope"], &token["told"]], ["alice", "read write", "read write"]);
    assert_eq!(token["client_id"], scene.client_id());
    assert_eq!(token["aud"], json!([RESOURCE, "https://other.example"]));
    assert_eq!(token.get("act"), None);
    assert_eq!(scene.ask(&id_jag, None, &[]).expect_err("used").reason, Reason::Replayed);
}

/// R37: once, also of a record that says otherwise, as no registration may.
#[test]
fn r37_once_whatever_the_record_says() {
    let scene = Scene::new(json!({}));
    let key = "trusted-issuer/default/idp";
    let record = scene.world.registry.entries.borrow()[key].clone();
    let mut record: Value = serde_json::from_slice(&record).expect("JSON");
    record["replay"] = "allow".into();
    scene.world.registry.entries.borrow_mut().insert(key.into(), record.to_string().into_bytes());
    let id_jag = scene.id_jag(Some(TYP), json!({}));
    let asked = [scene.ask(&id_jag, None, &[]), scene.ask(&id_jag, None, &[])];
    assert!(asked.iter().filter(|asked| asked.is_ok()).count() <= 1);
}

/// R34, R35, R37: an issuer of ID-JAGs has nothing else accepted, and nobody else's are.
#[test]
fn r37_typ() {
    let scene = Scene::new(json!({}));
    for (typ, passes) in [
        (Some("Application/OAuth-ID-JAG+JWT"), true),
        (None, false),
        (Some("JWT"), false),
        (Some("at+jwt"), false),
        (Some("oauth-id-jag"), false),
        (Some("oauth-id-jag+jwt;x=1"), false),
    ] {
        let asked = scene.ask(&scene.id_jag(typ, json!({})), None, &[]);
        let verdict = asked.as_ref().map(drop).map_err(|refusal| refusal.reason);
        assert_eq!(verdict, if passes { Ok(()) } else { Err(Reason::TypeNotAllowed) }, "{typ:?}");
    }
    let ordinary = Scene::new(json!({ "profile": "jwt-bearer" }));
    assert_eq!(ordinary.refused(json!({})), Reason::TypeNotAllowed);
    assert!(ordinary.ask(&ordinary.id_jag(None, json!({})), None, &[]).is_ok());
}

/// R37: `aud` is our issuer identifier alone.
#[test]
fn r37_audience() {
    let scene = Scene::new(json!({}));
    let us = "https://as.example";
    assert!(scene.exchange(json!({ "aud": [us] }), None, &[]).is_ok());
    for aud in [
        json!([us, us]),
        json!([us, "https://other.example"]),
        json!("https://as.example/"),
        json!("https://as.example/oauth2/token"),
        json!(["https://as.example/oauth2/token"]),
        json!(RESOURCE),
    ] {
        assert_eq!(scene.refused(json!({ "aud": aud })), Reason::AudienceMismatch, "{aud}");
    }
    assert_eq!(scene.refused(json!({ "aud": [] })), Reason::AudienceInvalid);
}

/// R37: what must be there, and for whom it is.
#[test]
fn r37_claims() {
    let scene = Scene::new(json!({}));
    for (claims, reason) in [
        (json!({ "jti": null }), Reason::JwtIdInvalid),
        (json!({ "iat": null }), Reason::IssuedAtInvalid),
        (json!({ "exp": null }), Reason::ExpiryInvalid),
        (json!({ "sub": null }), Reason::SubjectInvalid),
        (json!({ "client_id": null }), Reason::OtherClient),
        (json!({ "client_id": "other" }), Reason::OtherClient),
        (json!({ "client_id": "" }), Reason::OtherClient),
        (json!({ "client_id": [scene.client_id()] }), Reason::OtherClient),
        (json!({ "cnf": { "jkt": "x" } }), Reason::AssertionBound),
        (json!({ "authorization_details": [] }), Reason::AuthorizationInvalid),
        (json!({ "authorization_details": [{ "type": "x" }] }), Reason::AuthorizationInvalid),
    ] {
        assert_eq!(scene.refused(claims.clone()), reason, "{claims}");
        assert_eq!(reason.code(), ErrorCode::InvalidGrant);
    }
}

/// R29, R37: a client authenticates, whatever other issuers allow.
#[test]
fn r37_never_without_a_client() {
    let scene = Scene::new(json!({}));
    let rule = json!({ "name": "ci", "client": "none", "client_id": "ci", "subjects": ["alice"], "scopes": ["read"] });
    let other =
        json!({ "name": "ci", "issuer": "https://ci.example", "profile": "jwt-bearer", "rules": [rule] });
    put(&scene.world, other).expect("registered");
    for client_id in [None, Some("ci"), Some(scene.client_id())] {
        let id_jag = scene.id_jag(Some(TYP), json!({ "client_id": client_id.unwrap_or("ci") }));
        let request =
            TokenRequest::jwt_bearer(Client::nothing(client_id), &id_jag, None, None).expect("short enough");
        let refusal =
            run(scene.world.service().exchange(&default_organization(), &request)).expect_err("refused");
        assert_eq!(refusal.reason, Reason::IssuerUnknown, "{client_id:?}");
    }
}

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

/// R34, R37: what contradicts the profile can't be registered, and the member is named.
#[test]
fn r37_registration() {
    let rule = json!({ "name": "ci", "client": "none", "client_id": "ci", "subjects": ["alice"], "scopes": ["read"] });
    let world = World::default();
    for (members, field) in [
        (json!({ "alias": "https://known-as.example" }), "alias"),
        (json!({ "typ": "JWT" }), "typ"),
        (json!({ "typ": "at+jwt" }), "typ"),
        (json!({ "replay": "allow" }), "replay"),
        (json!({ "rules": [{ "name": "all" }, rule] }), "rules[1].client"),
        (json!({ "rules": [rule], "enabled": false }), "rules[0].client"),
        (json!({ "issuer": "https://as.example" }), "issuer"),
        (json!({ "issuer": "https://as.example/t/acme" }), "issuer"),
        (json!({ "profile": "jwt-bearer", "typ": TYP }), "typ"),
    ] {
        let refused = put(&world, members.clone()).expect_err("refused");
        let RegistryError::Invalid(error) = refused else { panic!("{refused}") };
        assert_eq!(error.field, field, "{members}: {error}");
    }
    for members in [json!({ "typ": TYP }), json!({ "audience_mode": "exactly-one", "require_jti": true })] {
        put(&world, members).expect("no contradiction");
    }
    // A node of before reads the record of an issuer without the profile.
    put(&world, json!({ "profile": "jwt-bearer" })).expect("registered");
    let record = world.registry.entries.borrow()["trusted-issuer/default/idp"].clone();
    assert!(!String::from_utf8_lossy(&record).contains("profile"));
}

/// R38, R67: the metadata lists the profile as long as an enabled issuer has it.
#[test]
fn r38_r67_metadata() {
    let world = World::default();
    let listed = || {
        let offered = run(world.service().registry().offered(&default_organization())).expect("known");
        let urls = OrganizationUrls::new("https://as.example", &default_organization());
        let text = document(&urls, &[asserta_core::jose::SigningAlgorithm::Es256], &offered);
        let document: Value = serde_json::from_slice(&text).expect("JSON");
        document.get("authorization_grant_profiles_supported").cloned()
    };
    let profiles = Some(json!(["urn:ietf:params:oauth:grant-profile:id-jag"]));
    assert_eq!(listed(), None);
    for (members, expected) in [
        (json!({}), &profiles),
        (json!({ "enabled": false }), &None),
        (json!({ "enabled": true }), &profiles),
        (json!({ "profile": "jwt-bearer" }), &None),
        (json!({}), &profiles),
    ] {
        put(&world, members.clone()).expect("registered");
        assert_eq!(&listed(), expected, "{members}");
    }
    // Another one has it, too.
    put(&world, json!({ "name": "second", "issuer": "https://second.example" })).expect("registered");
    for (name, expected) in [("idp", &profiles), ("second", &None)] {
        run(world.service().registry().remove_trusted_issuer(&default_organization(), name))
            .expect("removed");
        assert_eq!(&listed(), expected, "{name}");
    }
    let kept = world.registry.entries.borrow();
    assert_eq!(kept.keys().filter(|key| key.starts_with("offered/")).count(), 0, "nothing is left behind");
}

/// R37, R38: `explain` has a row for each check, with what it saw.
#[test]
fn r37_r38_explained() {
    let scene = Scene::new(json!({}));
    let id = scene.client_id().to_string();
    for (claims, check, saw) in [
        (json!({}), "typ", format!("typ {TYP:?}; the issuer is registered with typ {TYP:?}")),
        (json!({}), "client_id", format!("client_id {id:?}; that client alone may present it")),
        (
            json!({ "client_id": 7 }),
            "client_id",
            "client_id is a number; a string is wanted; that client alone may present it".into(),
        ),
        (
            json!({ "authorization_details": [] }),
            "authorization_details",
            "authorization_details are there; they are not supported".into(),
        ),
        (json!({ "scope": "read" }), "scope of the assertion", "scope \"read\"".into()),
        (
            json!({ "scope": "read" }),
            "scope",
            "nothing asked; the assertion is for \"read\"; granted may be \"\"".into(),
        ),
        (
            json!({ "resource": [] }),
            "resource of the assertion",
            "resource nothing; 1 to 8 are accepted".into(),
        ),
        (
            json!({ "resource": 7 }),
            "resource of the assertion",
            "resource is a number; a string or an array of strings is wanted".into(),
        ),
        (
            json!({ "act": {} }),
            "act",
            "act is there; accepted are objects with a sub that is text, at most 4 in each other".into(),
        ),
    ] {
        let found = scene.saw(claims.clone(), check);
        if check == "scope" {
            // The application that may do anything has no scope.
            assert!(found.starts_with("nothing asked; the assertion is for \"read\"; "), "{found}");
        } else {
            assert_eq!(found, saw, "{claims}");
        }
    }
    let saw = scene.saw(json!({ "resource": RESOURCE }), "resource");
    assert_eq!(saw, format!("nothing asked; the token is for {RESOURCE:?}"), "any application's");
    assert!(scene.saw(json!({ "iat": null }), "iat").contains("accepted is from "));
    let other = scene.id_jag(Some(TYP), json!({ "client_id": "other" }));
    let explained =
        run(scene.world.service().explain(&default_organization(), &other, Some(&id))).expect("explained");
    let step = explained.checks.into_iter().find(|step| step.check == "client_id").expect("the row");
    assert_eq!(step.saw, format!("client_id \"other\"; {id:?} asks"));
    // Without the profile there is none of these rows.
    let ordinary = Scene::new(json!({ "profile": "jwt-bearer" }));
    let explained = run(ordinary.world.service().explain(
        &default_organization(),
        &ordinary.id_jag(None, json!({})),
        None,
    ));
    let checks = explained.expect("explained").checks;
    assert!(checks.iter().all(|step| !matches!(step.check, "client_id" | "act")));
}
