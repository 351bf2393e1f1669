//! Token exchange (RFC 8693): whose tokens are exchanged, for whom, and what the new one says (R90 to R93).

mod world;

use asserta_core::client_auth::{Client, Presented, PresentedBy};
use asserta_core::grants::token_exchange::{Parameters, TokenType};
use asserta_core::grants::{HttpTokenRequest, TokenRequest};
use asserta_core::jose::base64url;
use asserta_core::jose::key::SigningKey;
use asserta_core::json::{self, JsonError};
use asserta_core::oauth::{ErrorCode, GrantType, HttpResponse, Reason, Refusal, metadata as server_metadata};
use asserta_core::organization::OrganizationId;
use asserta_core::ports::Ports as _;
use asserta_core::service::{Explanation, NewApplication, Service};
use asserta_core::trust::{Issuer, TrustedIssuer};
use serde_json::{Value, json};
use world::*;

const JWT: &str = TokenType::Jwt.name();
const ID_TOKEN: &str = TokenType::IdToken.name();
const ACCESS_TOKEN: &str = TokenType::AccessToken.name();
const GRANT: &str = GrantType::TokenExchange.name();
/// The issuer of actor tokens.
const OTHER: &str = "https://other.example";

/// An issuer that consents, another one whose tokens name actors, and an application.
struct Scene {
    world: World,
    client: NewApplication,
}

impl Scene {
    fn new(issuer_members: Value, application: Value) -> Self {
        let world = World::default();
        let mut trusted = json!({ "jwks": jwks(&[&key(1)]), "token_exchange": {} });
        overlay(&mut trusted, &issuer_members);
        let other =
            json!({ "name": "other", "issuer": OTHER, "jwks": jwks(&[&key(2)]), "token_exchange": {} });
        let mut members =
            json!({ "grant_types": [GRANT], "audience": ["https://api.example", "orders", "billing"] });
        overlay(&mut members, &application);
        let registry = world.service();
        for document in [trusted, other] {
            run(registry.registry().create_trusted_issuer(&default_organization(), &issuer(document)))
                .expect("trusted");
        }
        let client = run(registry.registry().create_application(&default_organization(), metadata(members)))
            .expect("registered");
        drop(registry);
        Self { world, client }
    }

    /// With an issuer whose `token_exchange` is this.
    fn with(token_exchange: Value) -> Self {
        Self::new(json!({ "token_exchange": token_exchange }), json!({}))
    }

    fn service(&self) -> Service<&World> {
        self.world.service()
    }

    fn client_id(&self) -> &str {
        self.client.application.client_id()
    }

    fn credentials(&self) -> Presented {
        Presented::secret(self.client_id(), secret(&self.client), PresentedBy::Basic)
    }

    /// A subject token for the client, with members over good ones.
    fn subject(&self, claims: Value) -> String {
        let mut whole = json!({ "aud": self.client_id() });
        overlay(&mut whole, &claims);
        assertion(&key(1), START, whole)
    }

    fn asked(&self, parameters: &Parameters<'_>) -> Result<Value, Refusal> {
        let request = TokenRequest::token_exchange(self.credentials(), parameters)?;
        let issued = run(self.service().exchange(&default_organization(), &request))?;
        assert_eq!(issued.issued_token_type, Some(ACCESS_TOKEN), "R90");
        let response: Value = serde_json::from_slice(&HttpResponse::granted(&issued).body).expect("JSON");
        assert_eq!(response["issued_token_type"], ACCESS_TOKEN);
        let claims = issued.token.split('.').nth(1).and_then(|text| base64url::decode(text).ok());
        Ok(serde_json::from_slice(&claims.expect("claims")).expect("JSON"))
    }

    fn exchange(&self, subject: &str) -> Result<Value, Refusal> {
        self.asked(&of(subject))
    }

    fn exchange_for(&self, subject: &str, actor: &str) -> Result<Value, Refusal> {
        self.asked(&Parameters { actor_token: Some(actor), actor_token_type: Some(JWT), ..of(subject) })
    }

    /// An exchange with this `token_exchange`; `explain` must say the same.
    fn verdict(&self, subject: &str, actor: Option<&str>) -> Result<Value, Reason> {
        let parameters =
            Parameters { actor_token: actor, actor_token_type: actor.map(|_| JWT), ..of(subject) };
        let told = self.explained(&parameters);
        let verdict = self.asked(&parameters).map_err(|refusal| refusal.reason);
        assert_eq!(told.accepted, verdict.is_ok(), "{told:#?}");
        let first = told.checks.iter().find_map(|check| check.reason);
        assert_eq!(first, verdict.as_ref().err().map(|reason| reason.name()), "{told:#?}");
        verdict
    }

    fn explained(&self, parameters: &Parameters<'_>) -> Explanation {
        run(self.service().explain_exchange(&default_organization(), parameters, self.client_id(), None))
            .expect("explained")
    }
}

fn overlay(document: &mut Value, members: &Value) {
    let document = document.as_object_mut().expect("an object");
    for (name, value) in members.as_object().expect("an object") {
        document.insert(name.clone(), value.clone());
    }
}

fn of(subject: &str) -> Parameters<'_> {
    Parameters { subject_token: Some(subject), subject_token_type: Some(JWT), ..Parameters::default() }
}

/// A token with this `typ`.
fn typed(key: &SigningKey, typ: &str, claims: &Value) -> String {
    let header = json!({ "alg": key.algorithm().name(), "kid": key.kid(), "typ": typ });
    let input = [header, claims.clone()].map(|part| base64url::encode(part.to_string().as_bytes())).join(".");
    let signature = base64url::encode(&key.sign(input.as_bytes(), &[0; 32]));
    format!("{input}.{signature}")
}

/// An actor token of the other issuer.
fn actor(claims: Value) -> String {
    let mut whole = json!({ "iss": OTHER, "sub": "service", "aud": "https://as.example", "jti": "a" });
    overlay(&mut whole, &claims);
    assertion(&key(2), START, whole)
}

#[test]
fn r90_a_token_for_the_client_is_exchanged() {
    let scene = Scene::with(json!({}));
    let token = scene.verdict(&scene.subject(json!({})), None).expect("granted");
    assert_eq!([&token["sub"], &token["assertion_issuer"]], ["alice", ISSUER]);
    assert_eq!(token["client_id"], scene.client_id());
    assert!(token.get("act").is_none() && token.get("may_act").is_none());
    // With others beside the client, too.
    let several = scene.subject(json!({ "aud": ["https://as.example", scene.client_id()] }));
    assert!(scene.exchange(&several).is_ok());
}

#[test]
fn r90_without_the_issuers_word_nothing_is_exchanged() {
    let scene = Scene::new(json!({ "token_exchange": null }), json!({}));
    assert_eq!(scene.verdict(&scene.subject(json!({})), None), Err(Reason::ExchangeNotAllowed));
    // A disabled issuer is as good as unknown.
    let scene = Scene::new(json!({ "enabled": false }), json!({}));
    let refusal = scene.exchange(&scene.subject(json!({}))).expect_err("refused");
    assert_eq!((refusal.reason, refusal.code), (Reason::IssuerUnknown, ErrorCode::InvalidRequest));
}

#[test]
fn r24_the_application_needs_the_grant() {
    let scene = Scene::new(json!({}), json!({ "grant_types": [GrantType::JwtBearer.name()] }));
    let refusal = scene.exchange(&scene.subject(json!({}))).expect_err("refused");
    assert_eq!((refusal.reason, refusal.code), (Reason::GrantNotAllowed, ErrorCode::UnauthorizedClient));
    // And the other way round.
    let scene = Scene::with(json!({}));
    let request = TokenRequest::jwt_bearer(scene.credentials(), &scene.subject(json!({})), None, None);
    let refusal = run(scene.service().exchange(&default_organization(), &request.expect("small")));
    assert_eq!(refusal.expect_err("refused").reason, Reason::GrantNotAllowed);
}

#[test]
fn r90_the_parameters() {
    let scene = Scene::with(json!({}));
    let subject = scene.subject(json!({}));
    let good = of(&subject);
    for (parameters, reason) in [
        (Parameters { subject_token: None, ..good.clone() }, Reason::SubjectTokenMissing),
        (Parameters { subject_token: Some(""), ..good.clone() }, Reason::SubjectTokenMissing),
        (Parameters { subject_token_type: None, ..good.clone() }, Reason::SubjectTokenMissing),
        (Parameters::default(), Reason::SubjectTokenMissing),
        (Parameters { actor_token: Some("a.b.c"), ..good.clone() }, Reason::ActorTokenIncomplete),
        (Parameters { actor_token_type: Some(JWT), ..good.clone() }, Reason::ActorTokenIncomplete),
        (Parameters { subject_token_type: Some("jwt"), ..good.clone() }, Reason::TokenTypeUnsupported),
        (
            Parameters { subject_token_type: Some("urn:ietf:params:oauth:token-type:saml2"), ..good.clone() },
            Reason::TokenTypeUnsupported,
        ),
        (
            Parameters { actor_token: Some("a"), actor_token_type: Some("x"), ..good.clone() },
            Reason::TokenTypeUnsupported,
        ),
        (Parameters { requested_token_type: Some(JWT), ..good.clone() }, Reason::TokenTypeUnsupported),
        (
            Parameters {
                requested_token_type: Some("urn:ietf:params:oauth:token-type:refresh_token"),
                ..good.clone()
            },
            Reason::TokenTypeUnsupported,
        ),
    ] {
        let refusal = scene.asked(&parameters).expect_err("refused");
        assert_eq!((refusal.reason, refusal.code), (reason, ErrorCode::InvalidRequest), "{parameters:?}");
        assert!(!scene.explained(&parameters).accepted);
    }
    let wanted = Parameters { requested_token_type: Some(ACCESS_TOKEN), ..good.clone() };
    assert!(scene.asked(&wanted).is_ok());
    let empty = Parameters { actor_token: Some(""), actor_token_type: Some(""), scope: Some(""), ..good };
    assert!(scene.asked(&empty).is_ok(), "what is empty is absent (R13)");
}

/// R15: before anybody is asked who it is.
#[test]
fn r15_limits() {
    let scene = Scene::with(json!({}));
    let (subject, long) = (scene.subject(json!({})), "a".repeat(16 * 1024 + 1));
    let parameter = "a".repeat(4097);
    let many: Vec<String> = (0..9).map(|number| format!("r{number}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let good = of(&subject);
    for (parameters, reason) in [
        (of(&long), Reason::AssertionTooLarge),
        (
            Parameters { actor_token: Some(&long), actor_token_type: Some(JWT), ..good.clone() },
            Reason::AssertionTooLarge,
        ),
        (Parameters { scope: Some(&parameter), ..good.clone() }, Reason::ParameterTooLarge),
        (Parameters { audiences: vec![&parameter], ..good.clone() }, Reason::ParameterTooLarge),
        (Parameters { resources: many.clone(), ..good.clone() }, Reason::ParameterRepeated),
        (Parameters { audiences: many, ..good.clone() }, Reason::ParameterRepeated),
    ] {
        let refused = TokenRequest::token_exchange(scene.credentials(), &parameters).err();
        assert_eq!(refused, Some(reason));
    }
}

/// R13: over HTTP, `resource` and `audience` may be repeated, and nothing else.
#[test]
fn r13_repeated_parameters() {
    let scene = Scene::with(json!({}));
    let form = format!(
        "grant_type={GRANT}&subject_token={}&subject_token_type={JWT}&client_id={}&client_secret={}",
        scene.subject(json!({})),
        scene.client_id(),
        secret(&scene.client)
    );
    let read = |more: &str, query: Option<&str>| {
        TokenRequest::from_http(HttpTokenRequest {
            method: "POST",
            content_type: Some("application/x-www-form-urlencoded"),
            authorization: None,
            query,
            dpop: Default::default(),
            body: format!("{form}{more}").as_bytes(),
        })
        .map(drop)
    };
    assert_eq!(read("", None), Ok(()));
    let eight = |name: &str| (0..8).map(|number| format!("&{name}=a{number}")).collect::<String>();
    assert_eq!(read(&[eight("audience"), eight("resource")].concat(), None), Ok(()));
    for more in [
        &*[eight("audience"), "&audience=a".to_owned()].concat(),
        &*[eight("resource"), "&resource=a".to_owned()].concat(),
        "&subject_token=x",
        "&subject_token_type=x",
        "&actor_token=x&actor_token=x",
        "&actor_token_type=x&actor_token_type=x",
        "&requested_token_type=x&requested_token_type=x",
        "&scope=read&scope=read",
        "&grant_type=x",
    ] {
        assert_eq!(read(more, None), Err(Reason::ParameterRepeated), "{more}");
    }
    for query in ["subject_token=a", "actor_token=a"] {
        assert_eq!(read("", Some(query)), Err(Reason::CredentialsInQuery), "R22: {query}");
    }
}

#[test]
fn r90_types_of_tokens() {
    let of_type = |issuer: Value, header: Option<&str>, token_type: &str| {
        let scene = Scene::new(issuer, json!({}));
        let claims = json!({ "iss": ISSUER, "sub": "alice", "aud": scene.client_id(), "exp": START + 60 });
        let token = header.map_or_else(|| scene.subject(json!({})), |typ| typed(&key(1), typ, &claims));
        scene.asked(&Parameters { subject_token_type: Some(token_type), ..of(&token) }).map_err(|r| r.reason)
    };
    let access = json!({ "typ": "at+jwt" });
    assert!(of_type(json!({}), None, ID_TOKEN).is_ok());
    assert!(of_type(json!({}), Some("JWT"), ID_TOKEN).is_ok());
    assert!(of_type(access.clone(), Some("at+jwt"), ACCESS_TOKEN).is_ok());
    assert!(of_type(access.clone(), Some("application/at+JWT"), JWT).is_ok(), "an access token is a JWT");
    assert!(of_type(json!({ "typ": "application/at+jwt" }), Some("at+jwt"), ACCESS_TOKEN).is_ok());
    assert_eq!(of_type(json!({}), None, ACCESS_TOKEN), Err(Reason::TokenTypeUnsupported));
    assert_eq!(of_type(access.clone(), Some("at+jwt"), ID_TOKEN), Err(Reason::TokenTypeUnsupported));
    assert_eq!(of_type(access, Some("JWT"), ACCESS_TOKEN), Err(Reason::TypeNotAllowed), "R34");
    assert_eq!(of_type(json!({}), Some("at+jwt"), JWT), Err(Reason::TypeNotAllowed), "R35");
    for other in ["logout+jwt", "dpop+jwt", "oauth-id-jag+jwt", "client-authentication+jwt"] {
        assert_eq!(of_type(json!({}), Some(other), JWT), Err(Reason::TypeNotAllowed), "R35: {other}");
    }
}

#[test]
fn r91_nobody_meant_the_client() {
    let scene =
        Scene::with(json!({ "allow_may_act": true, "actor_claim": "azp", "allowed_actors": ["web"] }));
    for claims in [
        json!({ "aud": "https://as.example" }),
        json!({ "aud": "https://as.example", "azp": "mobile" }),
        json!({ "aud": "https://as.example", "azp": ["web"] }),
        json!({ "aud": "https://as.example", "azp": "web2" }),
        json!({ "aud": "https://as.example", "may_act": { "sub": "somebody" } }),
        json!({ "aud": "https://as.example", "may_act": {} }),
        json!({ "aud": "https://as.example", "may_act": "service" }),
    ] {
        let refused = scene.verdict(&scene.subject(claims.clone()), None);
        assert_eq!(refused, Err(Reason::ConsentMissing), "{claims}");
    }
    // For somebody else altogether.
    let refused = scene.verdict(&scene.subject(json!({ "aud": "another-client" })), None);
    assert_eq!(refused, Err(Reason::AudienceMismatch));
}

#[test]
fn r91_the_issuers_claim_names_who_got_it() {
    let us = json!({ "aud": "https://as.example" });
    let scene = Scene::with(json!({ "actor_claim": "azp", "allowed_actors": ["web", "mobile"] }));
    for azp in ["web", "mobile"] {
        let mut claims = us.clone();
        claims["azp"] = azp.into();
        assert!(scene.verdict(&scene.subject(claims), None).is_ok(), "{azp}");
    }
    let scene = Scene::with(json!({ "actor_claim": "/client/id", "allowed_actors": ["web"] }));
    let mut claims = us;
    claims["client"] = json!({ "id": "web" });
    assert!(scene.verdict(&scene.subject(claims), None).is_ok());
}

#[test]
fn r91_may_act() {
    let scene = Scene::with(json!({ "allow_may_act": true }));
    let id = scene.client_id().to_owned();
    let subject = |may_act: &Value| scene.subject(json!({ "aud": "https://as.example", "may_act": may_act }));
    // Of the client.
    for (may_act, is_good) in [
        (json!({ "client_id": id }), true),
        (json!({ "client_id": id, "iss": "https://as.example" }), true),
        (json!({ "sub": id }), true),
        (json!({ "sub": id, "iss": "https://as.example" }), true),
        (json!({ "sub": id, "client_id": id }), true),
        (json!({ "sub": id, "iss": ISSUER }), false),
        (json!({ "client_id": id, "iss": ISSUER }), false),
        (json!({ "client_id": "another" }), false),
        (json!({ "client_id": "another", "sub": id }), false),
        (json!({ "client_id": [id] }), false),
        (json!({ "sub": id, "iss": null }), false),
        (json!({ "client_id": null, "sub": id }), false),
    ] {
        let verdict = scene.verdict(&subject(&may_act), None).map(drop);
        let wanted = if is_good { Ok(()) } else { Err(Reason::ConsentMissing) };
        assert_eq!(verdict, wanted, "{may_act}");
    }
    // Of the actor: without an `iss` it is one of the subject token's own issuer.
    let own = assertion(&key(1), START, json!({ "sub": "service", "jti": "own" }));
    for (may_act, token, is_good) in [
        (json!({ "sub": "service", "iss": OTHER }), actor(json!({})), true),
        (json!({ "sub": "service" }), own.clone(), true),
        (json!({ "sub": "service", "iss": ISSUER }), own.clone(), true),
        (json!({ "sub": "service", "iss": OTHER, "client_id": id }), actor(json!({})), true),
        (json!({ "sub": "service" }), actor(json!({})), false),
        (json!({ "sub": "service", "iss": OTHER }), own, false),
        (json!({ "sub": "another", "iss": OTHER }), actor(json!({})), false),
        (json!({ "sub": "service", "iss": OTHER, "client_id": "another" }), actor(json!({})), false),
        // The client, whom it names, does not bring another actor along.
        (json!({ "client_id": id }), actor(json!({})), false),
        (json!({ "sub": id }), actor(json!({})), false),
        (json!({ "sub": id, "iss": "https://as.example" }), actor(json!({})), false),
        (json!({ "sub": id, "client_id": id }), actor(json!({})), false),
        (json!({ "sub": "another", "iss": OTHER, "client_id": id }), actor(json!({})), false),
    ] {
        let verdict = scene.verdict(&subject(&may_act), Some(&token)).map(drop);
        let wanted = if is_good { Ok(()) } else { Err(Reason::ConsentMissing) };
        assert_eq!(verdict, wanted, "{may_act}");
    }
    // Whom it names is meant, whoever the token is for.
    let for_client = json!({ "aud": id, "may_act": { "client_id": "another" } });
    assert_eq!(scene.verdict(&scene.subject(for_client.clone()), None), Err(Reason::ConsentMissing));
    // Where the issuer's word does not count for that, it says nothing.
    let deaf = Scene::with(json!({}));
    assert!(deaf.verdict(&deaf.subject(json!({ "may_act": { "client_id": "another" } })), None).is_ok());
    let scene = Scene::with(json!({}));
    let claims = json!({ "aud": "https://as.example", "may_act": { "client_id": scene.client_id() } });
    assert_eq!(scene.verdict(&scene.subject(claims), None), Err(Reason::ConsentMissing));
}

#[test]
fn r92_who_acts() {
    let scene = Scene::with(json!({}));
    let nested = |depth: usize| {
        (1..depth).fold(json!({ "sub": "one" }), |act, _| json!({ "sub": "next", "act": act }))
    };
    let named = json!({ "sub": "service", "iss": OTHER });
    let token = scene.verdict(&scene.subject(json!({})), Some(&actor(json!({})))).expect("granted");
    assert_eq!(token["act"], named);
    assert_eq!(token["sub"], "alice");
    for before in 1..=3 {
        let subject = scene.subject(json!({ "act": nested(before) }));
        let token = scene.verdict(&subject, Some(&actor(json!({})))).expect("granted");
        assert_eq!(token["act"], json!({ "sub": "service", "iss": OTHER, "act": nested(before) }));
    }
    // Without an actor token those before stay.
    let token = scene.verdict(&scene.subject(json!({ "act": nested(4) })), None).expect("granted");
    assert_eq!(token["act"], nested(4));
    let four = scene.subject(json!({ "act": nested(4) }));
    assert_eq!(scene.verdict(&four, Some(&actor(json!({})))), Err(Reason::ActorInvalid));
    for bad in [
        nested(5),
        json!("service"),
        json!([]),
        json!(7),
        json!({ "sub": "x", "act": null }),
        json!({ "sub": "x", "act": "y" }),
        json!({ "sub": "x", "level": 1e20 }),
    ] {
        let refusal = scene.exchange(&scene.subject(json!({ "act": bad }))).expect_err("refused");
        assert_eq!(
            (refusal.reason, refusal.code),
            (Reason::ActorInvalid, ErrorCode::InvalidRequest),
            "{bad}"
        );
    }
}

#[test]
fn r93_a_bad_actor_token() {
    let scene = Scene::with(json!({}));
    let subject = scene.subject(json!({}));
    let rest = json!({ "iss": OTHER, "sub": "service", "aud": "https://as.example", "exp": START + 60 });
    for (token, cause) in [
        ("no-jwt".to_owned(), Reason::AssertionMalformed),
        (actor(json!({ "iss": "https://unknown.example" })), Reason::IssuerUnknown),
        (actor(json!({ "aud": "https://elsewhere.example" })), Reason::AudienceMismatch),
        (actor(json!({ "exp": START - 600 })), Reason::Expired),
        (actor(json!({ "sub": "" })), Reason::SubjectInvalid),
        (typed(&key(2), "at+jwt", &rest), Reason::TypeNotAllowed),
        (typed(&key(3), "JWT", &rest), Reason::KeyUnknown),
    ] {
        let refusal = scene.exchange_for(&subject, &token).expect_err("refused");
        assert_eq!(refusal.reason, Reason::ActorTokenRefused);
        assert_eq!(refusal.code, ErrorCode::InvalidRequest);
        assert_eq!(refusal.cause.as_deref(), Some(cause.sentence()));
        assert_eq!(scene.verdict(&subject, Some(&token)), Err(Reason::ActorTokenRefused));
    }
    // R36: whatever proof there is.
    let refusal = scene.exchange_for(&subject, &actor(json!({ "cnf": { "jkt": "x" } }))).expect_err("bound");
    assert_eq!(refusal.reason, Reason::ActorTokenRefused);
    assert!(refusal.cause.is_some_and(|cause| cause.contains("cnf") && !cause.contains("proof")));
    assert!(scene.exchange_for(&subject, &actor(json!({ "aud": scene.client_id() }))).is_ok());
    assert!(scene.exchange_for(&subject, &actor(json!({}))).is_ok(), "it is not used up");
    assert!(scene.exchange_for(&subject, &actor(json!({}))).is_ok());
}

/// R93: an issuer speaks for actors no more than for subjects.
#[test]
fn r93_the_actors_issuer_has_a_policy() {
    let scene = Scene::with(json!({}));
    let (subject, token) = (scene.subject(json!({})), actor(json!({ "team": "blue" })));
    let other = |members: Value| {
        let mut document =
            json!({ "name": "other", "issuer": OTHER, "jwks": jwks(&[&key(2)]), "token_exchange": {} });
        overlay(&mut document, &members);
        run(scene.service().registry().put_trusted_issuer(
            &default_organization(),
            "other",
            &issuer(document),
        ))
        .expect("replaced");
        scene.verdict(&subject, Some(&token)).map(drop)
    };
    let blue = json!([{ "claim": "team", "equals": "blue" }]);
    let red = json!([{ "claim": "team", "equals": "red" }]);
    assert_eq!(other(json!({ "subjects": ["service"], "claims": blue })), Ok(()));
    assert_eq!(other(json!({ "rules": [{ "name": "blue", "claims": blue }] })), Ok(()));
    // What it could be exchanged for does not matter.
    assert_eq!(other(json!({ "scopes": ["nothing"] })), Ok(()));
    for refused in [
        json!({ "subjects": ["another"] }),
        json!({ "claims": red }),
        json!({ "rules": [{ "name": "red", "claims": red }] }),
        json!({ "rules": [{ "name": "blue", "claims": blue, "mode": "audit" }] }),
        json!({ "enabled": false }),
        json!({ "token_exchange": null }),
        json!({ "max_lifetime": 60 }),
    ] {
        assert_eq!(other(refused.clone()), Err(Reason::ActorTokenRefused), "{refused}");
    }
}

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

/// R91: the members of a registration.
#[test]
fn r91_registration() {
    let parse = |exchange: Value| {
        let document = issuer(json!({ "jwks": jwks(&[&key(1)]), "token_exchange": exchange }));
        Issuer::parse(document, false).map(drop).map_err(|error| error.field)
    };
    assert_eq!(parse(json!({})), Ok(()));
    assert_eq!(parse(json!({ "actor_claim": "azp", "allowed_actors": ["web"], "replay": "once" })), Ok(()));
    let (claim, actors) = ("token_exchange.actor_claim", "token_exchange.allowed_actors");
    let many: Vec<String> = (0..101).map(|number| format!("a{number}")).collect();
    for (exchange, field) in [
        (json!({ "actor_claim": "azp" }), claim),
        (json!({ "actor_claim": "azp", "allowed_actors": [] }), claim),
        (json!({ "actor_claim": "", "allowed_actors": ["a"] }), claim),
        (json!({ "actor_claim": "/a~2", "allowed_actors": ["a"] }), claim),
        (json!({ "allowed_actors": ["a"] }), actors),
        (json!({ "actor_claim": "azp", "allowed_actors": [""] }), actors),
        (json!({ "actor_claim": "azp", "allowed_actors": many }), actors),
    ] {
        assert_eq!(parse(exchange.clone()), Err(field.into()), "{exchange}");
    }
    for (exchange, path) in [
        (json!({ "actors": 1 }), "token_exchange.actors"),
        (json!({ "replay": "twice" }), "token_exchange.replay"),
        (json!({ "allow_may_act": "yes" }), "token_exchange.allow_may_act"),
        (json!({ "allowed_actors": "a" }), "token_exchange.allowed_actors"),
    ] {
        let document = json!({ "name": "idp", "issuer": ISSUER, "token_exchange": exchange }).to_string();
        match json::from_slice::<TrustedIssuer>(document.as_bytes()) {
            Err(JsonError::Member { path: found, .. }) => assert_eq!(found, path),
            other => panic!("{path}: {other:?}"),
        }
    }
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

/// R13: as many resources and audiences as a form may have, and none count as well.
#[test]
fn r13_as_often_as_in_a_form() {
    let scene = Scene::with(json!({}));
    let subject = scene.subject(json!({}));
    for (resources, audiences, is_good) in [
        (vec!["orders"; 8], vec!["orders"; 8], true),
        (vec!["orders"; 9], vec![], false),
        (vec![], vec!["orders"; 9], false),
        (vec![""; 9], vec![], false),
    ] {
        let parameters = Parameters { resources, audiences, ..of(&subject) };
        let asked = scene.asked(&parameters).map(drop).map_err(|refusal| refusal.reason);
        assert_eq!(asked, if is_good { Ok(()) } else { Err(Reason::ParameterRepeated) });
        assert_eq!(scene.explained(&parameters).accepted, is_good);
    }
}
