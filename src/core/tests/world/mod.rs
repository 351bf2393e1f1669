//! A world for the service: stores, clock, entropy and JWKS endpoints in memory, whose futures yield,
//! so that many requests can be interleaved on one thread, step by step and always in the same way.

#![allow(dead_code, unreachable_pub, reason = "each test file uses a part of it")]

pub mod fetched_keys;
pub mod keyed_clients;
mod memory;
pub mod workloads;

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::future::Future;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

use asserta_core::application::ApplicationMetadata;
use asserta_core::client_auth::{Presented, PresentedBy};
use asserta_core::grants::TokenRequest;
use asserta_core::jose::Portable;
use asserta_core::jose::base64url;
use asserta_core::jose::key::{SigningAlgorithm, SigningKey};
use asserta_core::oauth::GrantType;
use asserta_core::organization::OrganizationId;
use asserta_core::ports::{
    Clock, Entropy, Event, Events, FetchProblem, FetchRequest, FetchedDocument, KeyFetcher, Ports,
};
use asserta_core::service::{NewApplication, Service, Settings};
use asserta_core::trust::TrustedIssuer;
pub use memory::Memory;
use serde_json::{Value, json};

pub const START: u64 = 1_800_000_000;
pub const ISSUER: &str = "https://idp.example";

/// Lets every other future take a step.
pub async fn yield_once() {
    let mut yielded = false;
    std::future::poll_fn(
        |_| if std::mem::replace(&mut yielded, true) { Poll::Ready(()) } else { Poll::Pending },
    )
    .await;
}

/// Runs one future to its end.
pub fn run<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(value) = future.as_mut().poll(&mut context) {
            return value;
        }
    }
}

/// Runs futures side by side, a step each in turn.
pub fn run_all<T>(futures: impl IntoIterator<Item = impl Future<Output = T>>) -> Vec<T> {
    let mut running: Vec<Pin<Box<_>>> = futures.into_iter().map(Box::pin).collect();
    let mut done: Vec<Option<T>> = running.iter().map(|_| None).collect();
    let mut context = Context::from_waker(Waker::noop());
    while done.iter().any(Option::is_none) {
        for (future, slot) in running.iter_mut().zip(&mut done).filter(|(_, slot)| slot.is_none()) {
            if let Poll::Ready(value) = future.as_mut().poll(&mut context) {
                *slot = Some(value);
            }
        }
    }
    done.into_iter().flatten().collect()
}

/// What the JWKS endpoint answers, and how often it was asked.
#[derive(Default)]
pub struct Endpoint {
    pub answer: RefCell<Option<FetchedDocument>>,
    /// Why there is no answer, where there is none.
    pub problem: Cell<Option<FetchProblem>>,
    pub fetches: Cell<u32>,
    /// How many requests it has at the moment, and the most that it ever had.
    pub running: Cell<u32>,
    pub most_at_once: Cell<u32>,
    /// What there is at certain addresses; at all others it is the same.
    pub at: RefCell<BTreeMap<String, Result<FetchedDocument, FetchProblem>>>,
    /// Each request: the address, the authorities, and whether it may be private.
    pub asked: RefCell<Vec<(String, Option<String>, bool)>>,
}

impl Endpoint {
    pub fn serve(&self, document: &Value, max_age: Option<u64>) {
        self.serve_text(&document.to_string(), max_age);
    }

    pub fn serve_text(&self, text: &str, max_age: Option<u64>) {
        *self.answer.borrow_mut() = Some(FetchedDocument { body: text.as_bytes().into(), max_age });
    }

    /// Serves a document at one address.
    pub fn serve_at(&self, uri: &str, text: &str) {
        let document = FetchedDocument { body: text.as_bytes().into(), max_age: None };
        self.at.borrow_mut().insert(uri.into(), Ok(document));
    }

    /// Fails at one address.
    pub fn fail_at(&self, uri: &str, problem: FetchProblem) {
        self.at.borrow_mut().insert(uri.into(), Err(problem));
    }

    /// The addresses that were asked since this was last called.
    pub fn asked(&self) -> Vec<String> {
        self.asked.take().into_iter().map(|(uri, ..)| uri).collect()
    }

    pub fn fail(&self) {
        *self.answer.borrow_mut() = None;
    }
}

impl KeyFetcher for Endpoint {
    const CALLER_SUPPLIES: bool = false;

    async fn fetch(&self, request: FetchRequest<'_>) -> Result<FetchedDocument, FetchProblem> {
        self.fetches.set(self.fetches.get() + 1);
        let FetchRequest { uri, authorities, allow_private } = request;
        self.asked.borrow_mut().push((uri.into(), authorities.map(Into::into), allow_private));
        self.running.set(self.running.get() + 1);
        self.most_at_once.set(self.most_at_once.get().max(self.running.get()));
        for _ in 0..20 {
            yield_once().await;
        }
        self.running.set(self.running.get() - 1);
        if let Some(answer) = self.at.borrow().get(uri) {
            return answer.clone();
        }
        self.answer.borrow().clone().ok_or(self.problem.get().unwrap_or(FetchProblem::Unknown))
    }
}

/// The time, and how often somebody slept.
pub struct TestClock(pub Cell<u64>, pub Cell<u32>);

impl Clock for TestClock {
    fn now(&self) -> u64 {
        self.0.get()
    }

    async fn sleep(&self, _milliseconds: u64) {
        self.1.set(self.1.get() + 1);
        yield_once().await;
    }
}

#[derive(Default)]
pub struct Counting(Cell<u64>);

impl Entropy for Counting {
    fn fill(&self, bytes: &mut [u8]) {
        for byte in bytes {
            self.0.set(self.0.get().wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1));
            *byte = (self.0.get() >> 56) as u8;
        }
    }
}

/// What was told to the operator: as Rust shows it, and as a log has it.
#[derive(Default)]
pub struct Told(pub RefCell<Vec<String>>, pub RefCell<Vec<Value>>);

impl Events for Told {
    fn emit(&self, event: &Event<'_>) {
        self.0.borrow_mut().push(format!("{event:?}"));
        let line = serde_json::to_string(event).expect("an event is plain");
        self.1.borrow_mut().push(serde_json::from_str(&line).expect("JSON"));
    }
}

pub struct World {
    pub registry: Memory,
    pub replay: Memory,
    pub endpoint: Endpoint,
    pub clock: TestClock,
    pub events: Told,
    entropy: Counting,
}

impl Ports for &World {
    type Store = Memory;
    type KeyFetcher = Endpoint;
    type Clock = TestClock;
    type Entropy = Counting;
    type Signatures = Portable;

    fn registry(&self) -> &Memory {
        &self.registry
    }

    fn replay(&self) -> &Memory {
        &self.replay
    }

    fn key_fetcher(&self) -> &Endpoint {
        &self.endpoint
    }

    fn clock(&self) -> &TestClock {
        &self.clock
    }

    fn entropy(&self) -> &Counting {
        &self.entropy
    }

    fn signatures(&self) -> &Portable {
        &Portable
    }

    fn events(&self) -> &dyn Events {
        &self.events
    }
}

impl Default for World {
    fn default() -> Self {
        Self {
            registry: Memory::default(),
            replay: Memory::default(),
            endpoint: Endpoint::default(),
            clock: TestClock(Cell::new(START), Cell::default()),
            events: Told::default(),
            entropy: Counting::default(),
        }
    }
}

impl World {
    pub fn service(&self) -> Service<&World> {
        let settings = Settings::new("https://as.example/", SigningAlgorithm::Es256, false);
        Service::new(self, settings.expect("a good URL"))
    }

    pub fn advance(&self, seconds: u64) {
        self.clock.0.set(self.clock.0.get() + seconds);
    }
}

pub fn default_organization() -> OrganizationId {
    OrganizationId::default_organization()
}

/// A key of the third party.
pub fn key(seed: u8) -> SigningKey {
    SigningKey::generate(SigningAlgorithm::EdDsa, &[seed; 32])
}

pub fn jwks(keys: &[&SigningKey]) -> Value {
    let keys: Vec<Value> =
        keys.iter().map(|key| serde_json::to_value(key.public_jwk()).expect("a JWK")).collect();
    json!({ "keys": keys })
}

/// These keys and one for ES256, of RFC 7515 appendix A.3: nothing here signs with it.
pub fn and_es256(mut set: Value) -> Value {
    let key = json!({ "kty": "EC", "crv": "P-256", "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
        "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0" });
    set["keys"].as_array_mut().expect("keys").push(key);
    set
}

pub fn issuer(document: Value) -> TrustedIssuer {
    let mut whole = json!({ "name": "idp", "issuer": ISSUER });
    whole.as_object_mut().expect("an object").append(&mut document.as_object().expect("an object").clone());
    serde_json::from_value(whole).expect("a trusted issuer")
}

pub fn metadata(document: Value) -> ApplicationMetadata {
    let mut whole = json!({ "grant_types": [GrantType::JwtBearer.name()], "scope": "read write" });
    whole.as_object_mut().expect("an object").append(&mut document.as_object().expect("an object").clone());
    serde_json::from_value(whole).expect("an application")
}

/// An assertion of that key; `claims` is laid over good ones.
pub fn assertion(key: &SigningKey, now: u64, claims: Value) -> String {
    assertion_of_type(key, None, now, claims)
}

/// The same with this `typ`.
pub fn assertion_of_type(key: &SigningKey, typ: Option<&str>, now: u64, claims: Value) -> String {
    let mut whole =
        json!({ "iss": ISSUER, "sub": "alice", "aud": "https://as.example", "exp": now + 300, "jti": "1" });
    for (name, value) in claims.as_object().expect("an object") {
        if value.is_null() {
            whole.as_object_mut().expect("an object").remove(name);
        } else {
            whole[name] = value.clone();
        }
    }
    let mut header = json!({ "alg": key.algorithm().name(), "kid": key.kid() });
    if let Some(typ) = typ {
        header["typ"] = typ.into();
    }
    let input = [header, whole].map(|part| base64url::encode(part.to_string().as_bytes())).join(".");
    let signature = base64url::encode(&key.sign(input.as_bytes(), &[0; 32]));
    format!("{input}.{signature}")
}

pub fn request(client: &NewApplication, assertion: &str) -> TokenRequest {
    let id = client.application.client_id();
    let credentials = Presented::secret(id, secret(client), PresentedBy::Basic);
    TokenRequest::jwt_bearer(credentials, assertion, None, None).expect("short enough")
}

/// The secret of an application that has one.
pub fn secret(client: &NewApplication) -> &str {
    client.client_secret.as_ref().expect("it has a secret")
}
