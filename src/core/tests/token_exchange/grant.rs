//! What holds of every grant holds of this one, and where it is seen.

use asserta_core::client_auth::{Client, Presented};
use asserta_core::grants::TokenRequest;
use asserta_core::grants::token_exchange::Parameters;
use asserta_core::oauth::{ErrorCode, GrantType, Reason, metadata as server_metadata};
use asserta_core::organization::OrganizationId;
use asserta_core::ports::Ports as _;
use serde_json::{Value, json};

use super::{GRANT, JWT, Scene, actor, of, overlay};
use crate::world::{START, World, assertion, default_organization, issuer, jwks, key, run, run_all};

#[test]
fn r93_the_rules_of_an_assertion_hold() {
    let scene = Scene::new(
        json!({
            "subjects": ["alice", "bob"],
            "claims": [{ "claim": "team", "equals": "blue" }],
            "rules": [{ "name": "bobs", "subjects": ["bob"], "scopes": ["read"], "access_token_lifetime": 60 }],
        }),
        json!({}),
    );
    let subject = |claims: Value| {
        let mut whole = json!({ "team": "blue", "sub": "bob" });
        overlay(&mut whole, &claims);
        scene.subject(whole)
    };
    let token = scene.verdict(&subject(json!({})), None).expect("granted");
    assert_eq!([&token["scope"], &token["assertion_rule"]], ["read", "bobs"]);
    assert_eq!(token["exp"], START + 60);
    for (claims, reason) in [
        (json!({ "sub": "alice" }), Reason::NoRuleFits),
        (json!({ "sub": "eve" }), Reason::SubjectNotAllowed),
        (json!({ "team": "red" }), Reason::ClaimConditionFailed),
        (json!({ "exp": START - 600 }), Reason::Expired),
        (json!({ "exp": START + 86_400 }), Reason::LifetimeTooLong),
        (json!({ "nbf": START + 600 }), Reason::NotYetValid),
        (json!({ "iat": START + 600 }), Reason::IssuedAtInvalid),
        (json!({ "cnf": { "jkt": "x" } }), Reason::AssertionBound),
        (json!({ "cnf": {} }), Reason::AssertionBound),
        (json!({ "jti": 7 }), Reason::JwtIdInvalid),
        (json!({ "aud": [7] }), Reason::AudienceInvalid),
        (json!({ "iss": "https://idp.example/" }), Reason::IssuerUnknown),
    ] {
        let token = subject(claims.clone());
        let refusal = scene.exchange(&token).expect_err("refused");
        assert_eq!((refusal.reason, refusal.code), (reason, ErrorCode::InvalidRequest), "{claims}");
        assert!(!refusal.sentence().contains("ssertion"), "{}", refusal.sentence());
        assert_eq!(scene.verdict(&token, None), Err(reason));
    }
    let token = subject(json!({}));
    let of_scope = |scope| scene.asked(&Parameters { scope: Some(scope), ..of(&token) });
    for (scope, reason) in [("write", Reason::ScopeNotAllowed), ("a  b", Reason::ScopeMalformed)] {
        let refusal = of_scope(scope).expect_err("refused");
        assert_eq!((refusal.reason, refusal.code), (reason, ErrorCode::InvalidScope));
    }
    assert_eq!(of_scope("read").expect("granted")["scope"], "read");
}

/// R13, R63, R93: both parameters name what the application's `audience` lists.
#[test]
fn r93_resource_and_audience() {
    let scene = Scene::with(json!({}));
    let subject = scene.subject(json!({}));
    let aud = |resources: &[&'static str], audiences: &[&'static str]| {
        let (resources, audiences) = (resources.to_vec(), audiences.to_vec());
        scene.asked(&Parameters { resources, audiences, ..of(&subject) }).map(|token| token["aud"].clone())
    };
    let all = json!(["https://api.example", "orders", "billing"]);
    assert_eq!(aud(&[], &[]).expect("granted"), all);
    assert_eq!(aud(&[], &["orders"]).expect("granted"), "orders");
    assert_eq!(
        aud(&["https://api.example"], &["orders", "orders"]).expect("granted"),
        json!(["https://api.example", "orders"])
    );
    assert_eq!(aud(&["orders"], &["orders"]).expect("granted"), "orders");
    for (resources, audiences) in
        [(&[][..], &["other"][..]), (&["https://api.example"], &["other"]), (&["https://api.example/"], &[])]
    {
        let refusal = aud(resources, audiences).expect_err("refused");
        assert_eq!((refusal.reason, refusal.code), (Reason::ResourceUnknown, ErrorCode::InvalidTarget));
    }
}

#[test]
fn r93_used_up_only_where_the_issuer_says_so() {
    let scene = Scene::with(json!({}));
    let subject = scene.subject(json!({}));
    assert!(scene.verdict(&subject, None).is_ok());
    assert!(scene.verdict(&subject, None).is_ok());
    let scene = Scene::with(json!({ "replay": "once" }));
    let subject = scene.subject(json!({}));
    assert!(scene.verdict(&subject, None).is_ok());
    let refusal = scene.exchange(&subject).expect_err("refused");
    assert_eq!((refusal.reason, refusal.code), (Reason::Replayed, ErrorCode::InvalidRequest));
    assert_eq!(refusal.sentence(), "The subject token has been used before.");
    assert_eq!(scene.verdict(&subject, None), Err(Reason::Replayed));
}

/// R45: of exchanges at the same moment one succeeds.
#[test]
fn r45_once_at_the_same_moment() {
    let scene = Scene::with(json!({ "replay": "once" }));
    let subject = scene.subject(json!({}));
    let request = TokenRequest::token_exchange(scene.credentials(), &of(&subject)).expect("small");
    let services: Vec<_> = (0..8).map(|_| scene.service()).collect();
    let organization = OrganizationId::default_organization();
    let outcomes = run_all(services.iter().map(|service| service.exchange(&organization, &request)));
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1);
}

/// R65, R66: no longer than the subject token, where the issuer says so.
#[test]
fn r65_no_longer_than_the_subject_token() {
    let scene = Scene::new(json!({ "limit_to_assertion": true }), json!({}));
    let token = scene.verdict(&scene.subject(json!({ "exp": START + 120 })), None).expect("granted");
    assert_eq!(token["exp"], START + 120);
    let short = scene.subject(json!({ "exp": START + 29 }));
    assert_eq!(scene.verdict(&short, None), Err(Reason::Expired));
}

/// R29, R21: without a client nothing is exchanged, whatever rules there are.
#[test]
fn r29_never_without_a_client() {
    let rules = json!([{
        "name": "open", "client": "none", "client_id": "open", "scopes": ["read"], "subjects": ["alice"]
    }]);
    let scene = Scene::new(json!({ "rules": rules }), json!({}));
    let subject = scene.subject(json!({ "aud": "https://as.example" }));
    for client_id in [None, Some("open"), Some(scene.client_id())] {
        let request = TokenRequest::token_exchange(Client::nothing(client_id), &of(&subject)).expect("small");
        let refusal = run(scene.service().exchange(&default_organization(), &request)).expect_err("refused");
        assert_eq!(refusal.reason, Reason::ClientUnauthenticated);
    }
}

/// R35: a JWT that authenticates the client is no token of the exchange.
#[test]
fn r35_one_jwt_one_role() {
    let members = json!({ "token_endpoint_auth_method": "private_key_jwt", "client_assertion_issuer": "idp", "client_assertion_subject": "alice" });
    let scene = Scene::new(json!({}), members);
    let id = scene.client_id();
    let presented = |text: &str| Presented::assertion(Some(id), text).expect("small");
    let token = assertion(&key(1), START, json!({ "aud": "https://as.example" }));
    let subject = scene.subject(json!({ "jti": "s" }));
    let with_actor = Parameters { actor_token: Some(&token), actor_token_type: Some(JWT), ..of(&subject) };
    for parameters in [of(&token), with_actor] {
        let request = TokenRequest::token_exchange(presented(&token), &parameters).expect("small");
        let refusal = run(scene.service().exchange(&default_organization(), &request)).expect_err("refused");
        assert_eq!(refusal.reason, Reason::ClientAssertionRefused);
    }
    let request = TokenRequest::token_exchange(presented(&token), &of(&subject)).expect("small");
    assert!(run(scene.service().exchange(&default_organization(), &request)).is_ok());
}

/// R75: the event is of the subject token's issuer, and says why an actor token was refused.
#[test]
fn r75_the_event() {
    let scene = Scene::with(json!({}));
    let subject = scene.subject(json!({}));
    scene.exchange_for(&subject, &actor(json!({}))).expect("granted");
    scene.exchange_for(&subject, &actor(json!({ "exp": 1 }))).expect_err("refused");
    let lines = scene.world.events.1.borrow();
    let decided: Vec<&Value> = lines.iter().filter(|line| line["event"] == "exchange").collect();
    for line in &decided {
        assert_eq!([&line["grant_type"], &line["trusted_issuer"]], [GRANT, "idp"]);
        assert!(!line.to_string().contains("alice") && !line.to_string().contains("service"), "R3: {line}");
    }
    assert_eq!(decided[0]["outcome"], "granted");
    assert_eq!(decided[1]["outcome"], "actor-token-refused");
    assert_eq!(decided[1]["cause"], Reason::Expired.sentence());
}

/// R67: the grant is listed where an enabled issuer allows it, and as long as one does.
#[test]
fn r67_listed_where_it_works() {
    let world = World::default();
    let organization = default_organization();
    let listed = || {
        let service = world.service();
        let offered = run(service.registry().offered(&organization)).expect("known");
        let settings = service.settings();
        let text =
            server_metadata(&settings.urls(&organization), &[settings.access_token_algorithm()], &offered);
        let document: Value = serde_json::from_slice(&text).expect("JSON");
        let grants = document["grant_types_supported"].as_array().expect("a list").clone();
        assert!(grants.contains(&GrantType::JwtBearer.name().into()));
        grants.contains(&GRANT.into())
    };
    let put = |name: &str, members: Value| {
        let mut document =
            json!({ "name": name, "issuer": format!("https://{name}.example"), "jwks": jwks(&[&key(1)]) });
        overlay(&mut document, &members);
        let document = issuer(document);
        run(world.service().registry().put_trusted_issuer(&organization, name, &document)).expect("put");
    };
    assert!(!listed());
    put("one", json!({}));
    assert!(!listed());
    put("one", json!({ "token_exchange": {}, "enabled": false }));
    assert!(!listed());
    put("one", json!({ "token_exchange": {} }));
    put("two", json!({ "token_exchange": {} }));
    assert!(listed());
    put("one", json!({}));
    assert!(listed(), "by the other one");
    run(world.service().registry().remove_trusted_issuer(&organization, "two")).expect("removed");
    assert!(!listed());
}

/// R70: a store that fails issues nothing.
#[test]
fn r70_a_store_that_fails() {
    let scene = Scene::with(json!({ "replay": "once" }));
    let subject = scene.subject(json!({}));
    (&scene.world).replay().broken.set(true);
    let refusal = scene.exchange(&subject).expect_err("refused");
    assert_eq!((refusal.reason, refusal.status()), (Reason::StoreUnavailable, 503));
}

/// R102: whose tokens are bound to a key gets none by an exchange without a proof, and `explain` says the same.
#[test]
fn r102_explained_as_it_is_exchanged() {
    let scene = Scene::new(json!({}), json!({ "dpop_bound_access_tokens": true }));
    let refused = scene.verdict(&scene.subject(json!({})), None);
    assert_eq!(refused.expect_err("no proof"), Reason::ProofMissing);
}

/// R90: what `explain` says of the issuer; R36: and of a token that is bound, whatever is proved.
#[test]
fn r90_r36_what_is_seen() {
    let scene = Scene::with(json!({}));
    let saw = |subject: &str, check: &str| {
        let told = scene.explained(&of(subject));
        told.checks.into_iter().find(|step| step.check == check).expect("it is checked").saw
    };
    let subject = scene.subject(json!({ "cnf": { "jkt": "x" } }));
    assert!(saw(&subject, "token exchange").ends_with("and is registered without typ"));
    assert!(saw(&subject, "cnf").contains("whatever is proved"));
    let scene = Scene::new(json!({ "typ": "at+jwt" }), json!({}));
    let told = scene.explained(&of(&subject));
    assert!(told.checks.iter().any(|step| step.saw.ends_with(r#"and is registered with typ "at+jwt""#)));
}
