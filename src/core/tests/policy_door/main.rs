//! A policy of the operator's own (R87): when it is asked, what it is told, and that it gives no more than the rules do,
//! whatever it says.

mod narrowing;
mod told;
#[path = "../world/mod.rs"]
mod world;

use std::cell::{Cell, RefCell};

use asserta_core::client_auth::{Presented, PresentedBy};
use asserta_core::grants::TokenRequest;
use asserta_core::jose::{Portable, base64url};
use asserta_core::oauth::Refusal;
use asserta_core::ports::{Events, Narrowing, Policy, PolicyContext, PolicyDecision, Ports};
use asserta_core::service::{NewApplication, Service};
use asserta_core::tokens::AccessToken;
use serde_json::{Value, json};
use world::{
    Counting, Endpoint, Memory, START, TestClock, World, assertion, default_organization, issuer, jwks, key,
    metadata, run, secret,
};

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
