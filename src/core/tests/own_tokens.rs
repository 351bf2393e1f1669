//! What becomes of our tokens once they are issued: introspection (R110), revocation by their client (R111) and by an
//! administrator (R112).

mod world;

use asserta_core::client_auth::{Presented, PresentedBy};
use asserta_core::grants::token_exchange::{Parameters, TokenType};
use asserta_core::grants::{TokenQuestion, TokenRequest};
use asserta_core::jose::base64url;
use asserta_core::jose::key::{SigningAlgorithm, SigningKey};
use asserta_core::oauth::{ErrorCode, GrantType, Reason, Refusal};
use asserta_core::organization::OrganizationId;
use asserta_core::resource::{Guard, Introspection, Outcome, Request, Settings};
use asserta_core::service::{NewApplication, Page, RegistryError, Service};
use asserta_core::tokens::{Revocation, RevocationRequest};
use serde_json::{Value, json};
use world::*;

const API: &str = "https://api.example";

/// A world with an issuer, and one of its instances.
struct Installation<'a> {
    world: &'a World,
    service: Service<&'a World>,
    organization: OrganizationId,
}

impl<'a> Installation<'a> {
    fn new(world: &'a World) -> Self {
        let (service, organization) = (world.service(), default_organization());
        let trusted = issuer(json!({ "jwks": jwks(&[&key(1)]) }));
        run(service.registry().create_trusted_issuer(&organization, &trusted)).expect("trusted");
        Self { world, service, organization }
    }

    fn register(&self, document: Value) -> NewApplication {
        run(self.service.registry().create_application(&self.organization, metadata(document))).expect("new")
    }

    /// A client whose tokens are for the API.
    fn client(&self) -> NewApplication {
        self.register(json!({ "audience": API }))
    }

    fn token_of(&self, client: &NewApplication) -> String {
        let jti = self.world.events.1.borrow().len().to_string();
        let assertion = assertion(&key(1), self.world.clock.0.get(), json!({ "jti": jti }));
        run(self.service.exchange(&self.organization, &request(client, &assertion))).expect("granted").token
    }

    fn look_up(&self, client: &NewApplication, token: &str) -> Result<Value, Refusal> {
        self.look_up_at(&self.service, client, token)
    }

    fn look_up_at(
        &self,
        service: &Service<&World>,
        client: &NewApplication,
        token: &str,
    ) -> Result<Value, Refusal> {
        let told = run(service.introspect(&self.organization, &question(client, token)))?;
        Ok(serde_json::to_value(told.document()).expect("JSON"))
    }

    fn is_active(&self, client: &NewApplication, token: &str) -> bool {
        let told = self.look_up(client, token).expect("answered");
        let is_active = told["active"] == true;
        assert!(is_active || told == json!({ "active": false }), "R110: nothing else is told: {told}");
        is_active
    }

    fn revoke(&self, client: &NewApplication, token: &str) -> Result<(), Refusal> {
        run(self.service.revoke(&self.organization, &question(client, token)))
    }

    fn revoke_all(&self, document: Value) -> Result<Revocation, RegistryError> {
        let request: RevocationRequest = serde_json::from_value(document).expect("a request");
        run(self.service.revoke_all(&self.organization, &request))
    }

    fn listed(&self) -> Vec<Revocation> {
        let page = Page::default();
        run(self.service.registry().revocations(&self.organization, &page)).expect("listed").items
    }

    fn last_event(&self) -> Value {
        self.world.events.1.borrow().last().cloned().expect("an event")
    }
}

fn question(client: &NewApplication, token: &str) -> TokenQuestion {
    let id = client.application.client_id();
    TokenQuestion::new(Presented::secret(id, secret(client), PresentedBy::Basic), token)
}

fn claims_of(token: &str) -> Value {
    let claims = token.split('.').nth(1).and_then(|text| base64url::decode(text).ok()).expect("claims");
    serde_json::from_slice(&claims).expect("JSON")
}

/// The token with this header and these claims over its own, signed by a key of somebody else, under the same `kid`.
fn forged(token: &str, header: &Value, claims: &Value, key: &SigningKey) -> String {
    let part = |index: usize, over: &Value| {
        let text = token.split('.').nth(index).and_then(|text| base64url::decode(text).ok()).expect("a part");
        let mut whole: Value = serde_json::from_slice(&text).expect("JSON");
        for (name, value) in over.as_object().expect("an object") {
            whole[name] = value.clone();
        }
        base64url::encode(whole.to_string().as_bytes())
    };
    let input = format!("{}.{}", part(0, header), part(1, claims));
    let signature = base64url::encode(&key.sign(input.as_bytes(), &[0; 32]));
    format!("{input}.{signature}")
}

fn refused(result: Result<impl Sized, Refusal>) -> (Reason, ErrorCode) {
    let refusal = result.map(drop).expect_err("refused");
    (refusal.reason, refusal.code)
}

/// R110: what is told of a token to the client that has it and to a resource that it is for; to others nothing.
#[test]
fn r110_told_to_whom_it_concerns() {
    let world = World::default();
    let installation = Installation::new(&world);
    let client = installation.client();
    let resource =
        installation.register(json!({ "grant_types": [], "audience": [API, "https://other.example"] }));
    let stranger = installation.register(json!({ "audience": "https://third.example" }));
    let without_audience = installation.register(json!({}));
    let token = installation.token_of(&client);
    let claims = claims_of(&token);
    let expected = json!({
        "active": true, "iss": "https://as.example", "sub": "alice", "aud": API,
        "client_id": client.application.client_id(), "scope": "read write",
        "iat": START, "exp": START + 3600, "jti": claims["jti"], "token_type": "Bearer",
    });
    assert_eq!(installation.look_up(&client, &token), Ok(expected.clone()));
    assert_eq!(installation.look_up(&resource, &token), Ok(expected));
    for other in [&stranger, &without_audience] {
        assert!(!installation.is_active(other, &token));
        assert_eq!(installation.last_event()["cause"], "of-other-client");
    }
    // A token for our own issuer is nobody's but its client's.
    let own = installation.token_of(&without_audience);
    assert!(installation.is_active(&without_audience, &own));
    assert!(!installation.is_active(&client, &own));
}

/// R110: whatever is no valid token of ours is not active, and nobody is told why.
#[test]
fn r110_never_active() {
    let world = World::default();
    let installation = Installation::new(&world);
    let client = installation.client();
    let token = installation.token_of(&client);
    let (head, signature) = token.rsplit_once('.').expect("dots");
    let of_issuer = assertion(&key(1), START, json!({}));
    let same_kid = SigningKey::generate(SigningAlgorithm::Es256, &[9; 32]);
    for (bad, why) in [
        (String::new(), "malformed"),
        ("abc".to_owned(), "malformed"),
        (format!("{token} "), "malformed"),
        (format!("{head}."), "malformed"),
        (of_issuer, "of-other-type"),
        (forged(&token, &json!({ "typ": "JWT" }), &json!({}), &same_kid), "of-other-type"),
        (forged(&token, &json!({ "typ": "AT+JWT" }), &json!({}), &same_kid), "of-other-type"),
        (forged(&token, &json!({}), &json!({ "exp": START + 9999 }), &same_kid), "foreign"),
        (forged(&token, &json!({ "kid": "unknown" }), &json!({}), &same_kid), "foreign"),
        (forged(&token, &json!({ "alg": "EdDSA" }), &json!({}), &key(1)), "foreign"),
        (format!("{head}.{}", signature.chars().rev().collect::<String>()), ""),
    ] {
        assert!(!installation.is_active(&client, &bad), "{bad}");
        let event = installation.last_event();
        assert!(why.is_empty() || event["cause"] == why, "{bad}: {event}");
        assert_eq!((&event["event"], &event["outcome"]), (&json!("introspection"), &json!("inactive")));
    }
    world.advance(3599);
    assert!(installation.is_active(&client, &token));
    world.advance(1);
    assert!(!installation.is_active(&client, &token), "it has expired, to the second");
    assert_eq!(installation.last_event()["cause"], "expired");
}

/// R110: a key that no longer signs is still ours (R73); a token of another organization is not ours there.
#[test]
fn r110_our_keys_and_our_organization() {
    let world = World::default();
    let installation = Installation::new(&world);
    let client = installation.client();
    let token = installation.token_of(&client);
    run(installation.service.signing_keys().rotate(&installation.organization)).expect("rotated");
    world.advance(601);
    let newer = installation.token_of(&client);
    assert_ne!(token.split('.').next(), newer.split('.').next(), "another kid");
    for token in [&token, &newer] {
        assert!(installation.is_active(&client, token));
    }
    let acme = OrganizationId::parse("acme").expect("a name");
    run(installation.service.registry().put_organization(&acme, None)).expect("new");
    let other = Installation { world: &world, service: world.service(), organization: acme };
    let there = other.client();
    assert!(!other.is_active(&there, &newer));
    assert_eq!(other.revoke(&there, &newer), Ok(()), "it knows no such token");
    assert!(installation.is_active(&client, &newer));
    assert_eq!(refused(other.look_up(&client, &newer)).1, ErrorCode::InvalidClient);
}

/// R110, R111: whoever does not authenticate learns and changes nothing.
#[test]
fn r110_r111_the_client_authenticates() {
    let world = World::default();
    let installation = Installation::new(&world);
    let client = installation.client();
    let token = installation.token_of(&client);
    let id = client.application.client_id();
    let (basic, post) = (PresentedBy::Basic, PresentedBy::Post);
    let by_key = installation.register(json!({
        "token_endpoint_auth_method": "private_key_jwt", "jwks": jwks(&[&key(2)]),
    }));
    let by_key = by_key.application.client_id();
    for (id, secret, by) in [
        (by_key, "", basic),
        (by_key, secret(&client), basic),
        (id, "wrong", basic),
        ("nobody", secret(&client), basic),
        (id, secret(&client), post),
    ] {
        let question = TokenQuestion::new(Presented::secret(id, secret, by), &token);
        let unauthenticated = (Reason::ClientUnauthenticated, ErrorCode::InvalidClient);
        assert_eq!(
            refused(run(installation.service.introspect(&installation.organization, &question))),
            unauthenticated
        );
        assert_eq!(
            refused(run(installation.service.revoke(&installation.organization, &question))),
            unauthenticated
        );
    }
    let event = installation.last_event();
    assert_eq!((&event["outcome"], &event["status"]), (&json!("client-unauthenticated"), &json!(401)));
    assert!(installation.is_active(&client, &token));
}

/// R27, R110, R111: a client assertion authenticates once here, too, whichever endpoint takes it.
#[test]
fn r27_r110_a_client_assertion_works_once() {
    let world = World::default();
    let installation = Installation::new(&world);
    let by_key = installation.register(json!({
        "token_endpoint_auth_method": "private_key_jwt", "jwks": jwks(&[&key(2)]), "audience": API,
    }));
    let token = installation.token_of(&installation.client());
    let id = by_key.application.client_id();
    let question = |jti: &str| {
        let claims = json!({ "iss": id, "sub": id, "jti": jti });
        let presented = Presented::assertion(None, &assertion(&key(2), START, claims)).expect("short enough");
        TokenQuestion::new(presented, &token)
    };
    let (service, organization) = (&installation.service, &installation.organization);
    assert!(run(service.introspect(organization, &question("1"))).expect("answered").is_active());
    let again = (Reason::ClientAssertionRefused, ErrorCode::InvalidClient);
    assert_eq!(refused(run(service.introspect(organization, &question("1")))), again);
    assert_eq!(refused(run(service.revoke(organization, &question("1")))), again);
    assert_eq!(
        refused(run(service.revoke(organization, &question("2")))),
        (Reason::TokenOfOtherClient, ErrorCode::UnauthorizedClient)
    );
}

/// R28, R110: a trusted issuer vouches for a resource that has neither secret nor key.
#[test]
fn r28_r110_by_the_word_of_a_trusted_issuer() {
    let world = World::default();
    let installation = Installation::new(&world);
    let federated = installation.register(json!({
        "token_endpoint_auth_method": "private_key_jwt", "audience": API,
        "client_assertion_issuer": "idp", "client_assertion_subject": "pod",
    }));
    let token = installation.token_of(&installation.client());
    let ask = |sub: &str, jti: &str| {
        let vouched = assertion(&key(1), START, json!({ "sub": sub, "jti": jti }));
        let id = Some(federated.application.client_id());
        let presented = Presented::assertion(id, &vouched).expect("short enough");
        let question = TokenQuestion::new(presented, &token);
        run(installation.service.introspect(&installation.organization, &question))
    };
    assert!(ask("pod", "1").expect("answered").is_active());
    let failed = (Reason::ClientAssertionRefused, ErrorCode::InvalidClient);
    assert_eq!((refused(ask("pod", "1")), refused(ask("other", "2"))), (failed, failed));
}

/// R111: a client takes back its own token, and it is gone in every instance at once; another's lives on.
#[test]
fn r111_revoked_everywhere_at_once() {
    let world = World::default();
    let installation = Installation::new(&world);
    let (client, other) = (installation.client(), installation.client());
    let (token, sibling) = (installation.token_of(&client), installation.token_of(&client));
    let elsewhere = world.service();
    assert_eq!(installation.look_up_at(&elsewhere, &client, &token).expect("answered")["active"], true);

    let refusal = refused(installation.revoke(&other, &token));
    assert_eq!(refusal, (Reason::TokenOfOtherClient, ErrorCode::UnauthorizedClient));
    assert!(installation.is_active(&client, &token));

    assert_eq!(installation.revoke(&client, &token), Ok(()));
    let event = installation.last_event();
    assert_eq!((&event["event"], &event["outcome"]), (&json!("revocation"), &json!("revoked")));
    assert!(event["jti_sha256"].is_string() && !event.to_string().contains("alice"), "{event}");
    for service in [&installation.service, &elsewhere, &world.service()] {
        let told = installation.look_up_at(service, &client, &token).expect("answered");
        assert_eq!(told, json!({ "active": false }));
    }
    assert!(installation.is_active(&client, &sibling), "no more than the one");
    // What is revoked, or unknown, can be revoked.
    for token in [token.as_str(), "abc", ""] {
        assert_eq!(installation.revoke(&client, token), Ok(()));
    }
    assert_eq!(installation.last_event()["outcome"], "nothing-to-revoke");
}

/// R111: the mark stays until the token has expired, and is swept then like every other.
#[test]
fn r111_the_mark_is_swept() {
    let world = World::default();
    let installation = Installation::new(&world);
    let client = installation.client();
    let token = installation.token_of(&client);
    assert_eq!(installation.revoke(&client, &token), Ok(()));
    let marks = || world.replay.entries.borrow().len();
    let before = marks();
    while world.clock.0.get() < START + 3600 - 60 {
        world.advance(60);
        run(installation.service.after_response()).expect("swept");
        assert!(!installation.is_active(&client, &token));
    }
    assert_eq!(marks(), before);
    for _ in 0..200 {
        world.advance(3600);
        run(installation.service.after_response()).expect("swept");
    }
    assert_eq!(marks(), 0);
}

/// R70, R110, R111: where the store fails, nobody is told that a token is active, or that it is revoked.
#[test]
fn r70_r110_r111_a_store_that_fails() {
    let world = World::default();
    let installation = Installation::new(&world);
    let client = installation.client();
    let token = installation.token_of(&client);
    world.replay.broken.set(true);
    let unavailable = (Reason::StoreUnavailable, ErrorCode::TemporarilyUnavailable);
    assert_eq!(refused(installation.look_up(&client, &token)), unavailable);
    assert_eq!(refused(installation.revoke(&client, &token)), unavailable);
    world.replay.broken.set(false);
    assert!(installation.is_active(&client, &token));
}

/// R112: all that an application or an issuer got before a time; what it gets later is good.
#[test]
fn r112_all_of_an_application_or_an_issuer() {
    for by_issuer in [true, false] {
        let world = World::default();
        let installation = Installation::new(&world);
        let (client, other) = (installation.client(), installation.client());
        let elsewhere = world.service();
        let id = client.application.client_id().to_owned();
        let (old, of_other) = (installation.token_of(&client), installation.token_of(&other));
        // The other instance knows that nothing is revoked.
        assert_eq!(installation.look_up_at(&elsewhere, &client, &old).expect("answered")["active"], true);
        world.advance(10);
        let young = installation.token_of(&client);
        let whose = if by_issuer { json!({ "trusted_issuer": "idp" }) } else { json!({ "client_id": id }) };
        let mut document = whose.clone();
        document["issued_before"] = json!(START + 10);
        let made = installation.revoke_all(document.clone()).expect("revoked");
        assert_eq!((made.issued_before, made.expires_at), (START + 10, START + 10 + 86_400));
        assert_eq!(installation.last_event()["event"], "all-revoked");
        for service in [&installation.service, &elsewhere] {
            let is_active = |client, token| {
                installation.look_up_at(service, client, token).expect("answered")["active"] == true
            };
            assert!(!is_active(&client, &old) && is_active(&client, &young));
            assert_eq!(is_active(&other, &of_other), !by_issuer);
        }
        // No time: all of this second, too. An earlier time takes nothing back.
        let made = installation.revoke_all(whose).expect("revoked");
        assert_eq!(made.issued_before, START + 11);
        document["issued_before"] = json!(1);
        assert_eq!(installation.revoke_all(document).expect("known").issued_before, START + 11);
        assert!(!installation.is_active(&client, &young));
        assert_eq!(installation.listed(), [made]);
        world.advance(1);
        let newest = installation.token_of(&client);
        assert!(installation.is_active(&client, &newest));
    }
}

/// R92, R112: with all of an issuer fall the tokens with which its subjects act for others. Who acted before them is history.
#[test]
fn r112_who_acts_by_an_issuers_word() {
    let world = World::default();
    let installation = Installation::new(&world);
    let (registry, services) = (installation.service.registry(), "https://services.example");
    let consenting = issuer(json!({ "jwks": jwks(&[&key(1)]), "token_exchange": {} }));
    run(registry.put_trusted_issuer(&installation.organization, "idp", &consenting)).expect("put");
    let document = json!({
        "name": "services", "issuer": services, "jwks": jwks(&[&key(2)]), "token_exchange": {},
    });
    run(registry.create_trusted_issuer(&installation.organization, &issuer(document))).expect("trusted");
    let client = installation.register(json!({ "grant_types": [GrantType::TokenExchange.name()] }));
    let id = client.application.client_id();
    let exchanged = |claims: Value, actor: Option<&str>| {
        let subject = assertion(&key(1), START, claims);
        let jwt = Some(TokenType::Jwt.name());
        let parameters = Parameters {
            subject_token: Some(&subject),
            subject_token_type: jwt,
            actor_token: actor,
            actor_token_type: actor.and(jwt),
            ..Parameters::default()
        };
        let credentials = Presented::secret(id, secret(&client), PresentedBy::Basic);
        let request = TokenRequest::token_exchange(credentials, &parameters).expect("a request");
        run(installation.service.exchange(&installation.organization, &request)).expect("granted").token
    };
    let actor = assertion(&key(2), START, json!({ "iss": services, "sub": "orders" }));
    let acts = json!({ "sub": "orders", "iss": services });
    let by_actor = exchanged(json!({ "aud": id }), Some(&actor));
    let carried_over = exchanged(json!({ "aud": id, "act": acts }), None);
    let acted_before = exchanged(json!({ "aud": id, "act": { "sub": "x", "act": acts } }), None);
    let nobody = exchanged(json!({ "aud": id, "act": { "sub": "x" } }), None);
    installation.revoke_all(json!({ "trusted_issuer": "services" })).expect("revoked");
    for (token, is_active) in [(by_actor, false), (carried_over, false), (acted_before, true), (nobody, true)]
    {
        assert_eq!(installation.is_active(&client, &token), is_active, "{}", claims_of(&token));
    }
}

/// R112, R120: a guard that asks takes no token any more that was revoked, by its client or with all of an application, although
/// it has passed before.
#[test]
fn r112_a_guard_that_asks() {
    let world = World::default();
    let installation = Installation::new(&world);
    let client = installation.client();
    let claims = claims_of(&installation.token_of(&client));
    let issuer = claims["iss"].as_str().expect("an issuer");
    let settings = Settings::parse(issuer, API, "", None, true).expect("good settings");
    let mut guard = Guard::new(settings);
    let now = || installation.world.clock.0.get();
    let keys = run(installation.service.signing_keys().jwks(&installation.organization)).expect("keys");
    guard.supply_keys(Some(&keys), None, now());
    let mut reason = |token: &str| {
        let authorization = format!("Bearer {token}");
        let authorization: &[&str] = &[&authorization];
        let request = Request { method: "GET", target: "/", authorization, dpop: &[] };
        let outcome = guard.check(&request, Introspection::NotAsked, now());
        assert!(matches!(outcome, Outcome::IntrospectionNeeded(_)), "{outcome:?}");
        let told = installation.look_up(&client, token).expect("answered").to_string();
        match guard.check(&request, Introspection::Response(told.as_bytes()), now()) {
            Outcome::Passed(_) => None,
            Outcome::Challenge(challenge) => Some(challenge.reason.name()),
            other => panic!("{other:?}"),
        }
    };
    let (one, other) = (installation.token_of(&client), installation.token_of(&client));
    assert_eq!((reason(&one), reason(&other)), (None, None));
    installation.revoke(&client, &one).expect("revoked");
    assert_eq!((reason(&one), reason(&other)), (Some("not-active"), None));
    installation.revoke_all(json!({ "client_id": client.application.client_id() })).expect("revoked");
    assert_eq!(reason(&other), Some("not-active"));
    world.advance(1);
    assert_eq!(reason(&installation.token_of(&client)), None);
}

/// R112: it goes with the last token that it can concern.
#[test]
fn r112_it_expires() {
    let world = World::default();
    let installation = Installation::new(&world);
    let client = installation.register(json!({ "audience": API, "access_token_lifetime": 86_400 }));
    let token = installation.token_of(&client);
    installation.revoke_all(json!({ "client_id": client.application.client_id() })).expect("revoked");
    let records =
        || world.registry.entries.borrow().keys().filter(|key| key.starts_with("revocation/")).count();
    let tend = |hours: u64| {
        for _ in 0..hours {
            world.advance(3600);
            _ = installation.token_of(&client);
            run(installation.service.after_response()).expect("swept");
        }
    };
    tend(23);
    assert!(!installation.is_active(&client, &token));
    assert_eq!((installation.listed().len(), records()), (1, 1));
    tend(2);
    assert!(!installation.is_active(&client, &token), "it has expired");
    assert_eq!(installation.listed(), []);
    tend(48);
    assert_eq!(records(), 0);
}

/// R112: what can't be meant is refused with the member at fault.
#[test]
fn r112_refused() {
    let world = World::default();
    let installation = Installation::new(&world);
    for (document, field) in [
        (json!({}), "trusted_issuer"),
        (json!({ "trusted_issuer": "idp", "client_id": "a" }), "trusted_issuer"),
        (json!({ "trusted_issuer": "nobody" }), "trusted_issuer"),
        (json!({ "client_id": "not one!" }), "client_id"),
        (json!({ "client_id": "a", "issued_before": START + 61 }), "issued_before"),
        (json!({ "client_id": "a", "issued_before": u64::MAX }), "issued_before"),
    ] {
        match installation.revoke_all(document.clone()) {
            Err(RegistryError::Invalid(error)) => assert_eq!(error.field, field, "{document}"),
            other => panic!("{document}: {other:?}"),
        }
    }
    assert_eq!(installation.listed(), []);
    // Clocks differ a little, and who was removed can be meant.
    installation.revoke_all(json!({ "client_id": "gone", "issued_before": START + 60 })).expect("revoked");
    let nobody = OrganizationId::parse("nobody").expect("a name");
    let request: RevocationRequest = serde_json::from_value(json!({ "client_id": "a" })).expect("a request");
    let unknown = run(installation.service.revoke_all(&nobody, &request));
    assert_eq!(unknown, Err(RegistryError::OrganizationUnknown));
}

/// R70, R112: a revocation that was answered holds in every instance, wherever the store failed before.
#[test]
fn r112_wherever_the_store_fails() {
    for step in 0..60 {
        let world = World::default();
        let installation = Installation::new(&world);
        let client = installation.client();
        let elsewhere = world.service();
        let token = installation.token_of(&client);
        assert_eq!(installation.look_up_at(&elsewhere, &client, &token).expect("answered")["active"], true);
        world.registry.fails_after.set(Some(step));
        let whose = json!({ "client_id": client.application.client_id() });
        let made = installation.revoke_all(whose.clone());
        world.registry.fails_after.set(None);
        if made.is_err() {
            world.advance(20);
            installation.revoke_all(whose).expect("at the second time");
        }
        for service in [&installation.service, &elsewhere] {
            let told = installation.look_up_at(service, &client, &token).expect("answered");
            assert_eq!(told, json!({ "active": false }), "after {step} steps");
        }
    }
}

/// R74, R112: a revocation that can't be read refuses what it concerns, and nothing else.
#[test]
fn r74_r112_a_revocation_that_can_not_be_read() {
    let world = World::default();
    let installation = Installation::new(&world);
    let (client, other) = (installation.client(), installation.client());
    let (token, of_other) = (installation.token_of(&client), installation.token_of(&other));
    let whose = json!({ "client_id": client.application.client_id(), "issued_before": 1 });
    installation.revoke_all(whose.clone()).expect("revoked");
    let key = format!("revocation/default/client/{}", client.application.client_id());
    world.registry.entries.borrow_mut().insert(key, b"{".to_vec());
    assert_eq!(refused(installation.look_up(&client, &token)).0, Reason::StoreUnavailable);
    assert!(installation.is_active(&other, &of_other));
    // Made anew, it can be read.
    installation.revoke_all(whose).expect("revoked");
    assert!(installation.is_active(&client, &token));
}
