//! A token endpoint as a tower service.

mod partner;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use asserta_exchanger::documents::{ApplicationMetadata, NewApplication};
use asserta_exchanger::http::{Builder, FetchProblem, HttpEndpoint};
use asserta_exchanger::{Area, Error, Exchanger, KeyDocument, MemoryStore, Options, Store, StoreError};
use bytes::Bytes;
use http::{Request, StatusCode};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, Empty, Full};
use jwt_simple::reexports::ct_codecs::{Base64, Encoder as _};
use serde_json::Value;
use tokio::task::JoinSet;
use tower_service::Service as _;

use partner::{PUBLIC_URL, Partner, exchanger};

type Body = UnsyncBoxBody<Bytes, std::convert::Infallible>;

const GRANT_TYPE: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
/// Enough for all but a signature.
const SCARCE: u64 = 4_000_000;

fn builder(store: &MemoryStore) -> Builder<MemoryStore> {
    HttpEndpoint::builder(store.clone(), Options::new(PUBLIC_URL)).instances(2)
}

fn started<S: Store + Clone + Sync>(builder: Builder<S>) -> HttpEndpoint<S> {
    builder.start().expect("it starts")
}

/// A store in which the partner is trusted, with the keys it hands over itself or those of its endpoint.
fn registered(partner: &Partner, by_endpoint: bool) -> (MemoryStore, NewApplication) {
    let store = MemoryStore::default();
    let (mut exchanger, app) = exchanger(partner, store.clone(), Options::new(PUBLIC_URL));
    if by_endpoint {
        exchanger.replace_trusted_issuer("default", &partner.with_endpoint()).expect("a good issuer");
    }
    (store, app)
}

async fn ask<S: Store + Clone + Sync>(
    mut endpoint: HttpEndpoint<S>,
    request: Request<Body>,
) -> (StatusCode, Value) {
    let response = endpoint.call(request).await.expect("infallible");
    let status = response.status();
    let body = response.into_body().collect().await.expect("a whole body").to_bytes();
    (status, serde_json::from_slice(&body).unwrap_or_default())
}

fn whole(body: impl Into<Bytes>) -> Body {
    Full::new(body.into()).boxed_unsync()
}

fn get(path: &str) -> Request<Body> {
    Request::get(path).body(Empty::new().boxed_unsync()).expect("a request")
}

fn post(app: &NewApplication, body: Body) -> Request<Body> {
    let credentials = format!("{}:{}", app.application.client_id, app.client_secret);
    let credentials = Base64::encode_to_string(credentials).expect("text");
    Request::post("/oauth2/token")
        .header("authorization", format!("Basic {credentials}"))
        .header("content-type", "application/x-www-form-urlencoded")
        .body(body)
        .expect("a request")
}

fn exchange(app: &NewApplication, assertion: &str) -> Request<Body> {
    post(app, whole(format!("grant_type={GRANT_TYPE}&assertion={assertion}")))
}

/// R45: whatever instance has them.
#[tokio::test(flavor = "multi_thread")]
async fn one_of_many_that_present_an_assertion_gets_a_token() {
    let partner = Partner::new();
    let (store, app) = registered(&partner, false);
    let events = Arc::new(Mutex::new(Vec::new()));
    let taken = Arc::clone(&events);
    let endpoint = started(
        builder(&store).on_event(move |event| taken.lock().expect("no panic").push(event.to_owned())),
    );
    for round in 0..3 {
        let assertion = partner.assertion(&format!("round {round}"));
        let mut asked = JoinSet::new();
        for _ in 0..64 {
            asked.spawn(ask(endpoint.clone(), exchange(&app, &assertion)));
        }
        let responses = asked.join_all().await;
        let granted = responses.iter().filter(|(status, _)| *status == 200);
        assert_eq!(granted.clone().count(), 1, "{responses:?}");
        assert!(granted.clone().all(|(_, body)| body["token_type"] == "Bearer"));
        let refused = responses.iter().filter(|(_, body)| body["error"] == "invalid_grant");
        assert_eq!(refused.count(), 63, "{responses:?}");
    }
    let granted = r#""outcome":"granted""#;
    let events = events.lock().expect("no panic");
    assert_eq!(events.iter().filter(|event| event.contains(granted)).count(), 3, "{events:?}");
}

#[tokio::test]
async fn documents_and_what_is_not_there() {
    let endpoint = started(builder(&MemoryStore::default()));
    let (status, metadata) = ask(endpoint.clone(), get("/.well-known/openid-configuration")).await;
    assert_eq!((status.as_u16(), &metadata["issuer"]), (200, &PUBLIC_URL.into()));
    assert_eq!(ask(endpoint.clone(), get("/health?a=b")).await.0, 200);
    assert_eq!(ask(endpoint.clone(), get("/nothing")).await.0, 404);
    assert_eq!(ask(endpoint, get("/admin/organizations")).await.0, 404);
}

/// R15: announced, and in pieces of which the rest is not asked for.
#[tokio::test]
async fn a_body_that_is_too_large() {
    let partner = Partner::new();
    let (store, app) = registered(&partner, false);
    let endpoint = started(builder(&store));
    let announced = whole(vec![b'a'; 65_537]);
    assert_eq!(ask(endpoint.clone(), post(&app, announced)).await.0, 413);
    let endless = Endless.boxed_unsync();
    assert_eq!(ask(endpoint.clone(), post(&app, endless)).await.0, 413);
    assert_eq!(ask(endpoint, post(&app, whole(vec![b'a'; 65_536]))).await.0, 400);
}

/// A body that never ends.
struct Endless;

impl http_body::Body for Endless {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<http_body::Frame<Bytes>, Self::Error>>> {
        std::task::Poll::Ready(Some(Ok(http_body::Frame::data(Bytes::from_static(&[b'a'; 1024])))))
    }
}

/// R52: and who needs no keys meanwhile is not held up.
#[tokio::test(flavor = "multi_thread")]
async fn a_slow_keys_endpoint_is_asked_once() {
    let partner = Partner::new();
    let (store, app) = registered(&partner, true);
    let fetches = Arc::new(AtomicUsize::new(0));
    let (count, jwks) = (Arc::clone(&fetches), partner.jwks());
    let endpoint = started(builder(&store).fetch(move |_| {
        count.fetch_add(1, Ordering::Relaxed);
        std::thread::sleep(Duration::from_secs(1));
        Ok(KeyDocument { text: jwks.clone(), max_age: Some(600) })
    }));
    let mut asked = JoinSet::new();
    for number in 0..12 {
        asked.spawn(ask(endpoint.clone(), exchange(&app, &partner.assertion(&number.to_string()))));
    }
    tokio::time::sleep(Duration::from_millis(300)).await;
    let health = ask(endpoint, get("/health"));
    assert_eq!(tokio::time::timeout(Duration::from_millis(500), health).await.expect("in time").0, 200);
    let responses = asked.join_all().await;
    assert!(responses.iter().all(|(status, _)| *status == 200), "{responses:?}");
    assert_eq!(fetches.load(Ordering::Relaxed), 1);
}

/// R51, R56: told with its cause, and asked for once.
#[tokio::test]
async fn keys_that_do_not_come() {
    let partner = Partner::new();
    let (store, app) = registered(&partner, true);
    let events = Arc::new(Mutex::new(String::new()));
    let taken = Arc::clone(&events);
    let endpoint = started(
        builder(&store)
            .fetch(|_| Err(FetchProblem::Status(404)))
            .on_event(move |event| taken.lock().expect("no panic").push_str(event)),
    );
    for jti in ["one", "two", "three"] {
        let (status, body) = ask(endpoint.clone(), exchange(&app, &partner.assertion(jti))).await;
        assert_eq!((status.as_u16(), &body["error"]), (503, &"temporarily_unavailable".into()));
    }
    let events = events.lock().expect("no panic");
    // The half minute may end in between.
    assert!((1..=2).contains(&events.matches("keys-failed").count()) && events.contains("404"), "{events}");
}

/// R71.
#[tokio::test]
async fn a_trap_is_one_request_s_misfortune() {
    let partner = Partner::new();
    let (store, app) = registered(&partner, false);
    let options = Options::new(PUBLIC_URL).fuel(SCARCE);
    let endpoint = started(HttpEndpoint::builder(store, options).instances(1));
    for jti in ["one", "two", "three"] {
        let (status, body) = ask(endpoint.clone(), exchange(&app, &partner.assertion(jti))).await;
        assert_eq!((status.as_u16(), &body["error"]), (500, &"server_error".into()));
        assert_eq!(ask(endpoint.clone(), get("/health")).await.0, 200);
    }
}

/// A store that panics, as no store should.
#[derive(Clone)]
struct Panicking;

impl Store for Panicking {
    fn get(&mut self, _: Area, _: &str) -> Result<Option<String>, StoreError> {
        panic!("out of luck")
    }
    fn set(&mut self, _: Area, _: &str, _: &str) -> Result<(), StoreError> {
        panic!("out of luck")
    }
    fn delete(&mut self, _: Area, _: &str) -> Result<(), StoreError> {
        panic!("out of luck")
    }
    fn keys(&mut self, _: Area, _: &str, _: Option<&str>, _: usize) -> Result<Vec<String>, StoreError> {
        panic!("out of luck")
    }
    fn increment(&mut self, _: Area, _: &str) -> Result<i64, StoreError> {
        panic!("out of luck")
    }
}

#[tokio::test]
async fn a_store_that_panics_ends_no_more_than_a_request() {
    let endpoint = started(HttpEndpoint::builder(Panicking, Options::new(PUBLIC_URL)).instances(1));
    for _ in 0..3 {
        let (status, body) = ask(endpoint.clone(), get("/health")).await;
        assert_eq!((status.as_u16(), &body["error"]), (503, &"temporarily_unavailable".into()));
    }
}

#[tokio::test]
async fn more_requests_than_it_takes() {
    let endpoint = started(builder(&MemoryStore::default()).max_requests(0));
    assert_eq!(ask(endpoint, get("/health")).await.0, 503);
}

#[tokio::test]
async fn the_admin_api_and_a_document_of_registrations() {
    let token = "t".repeat(32);
    let trust = r#"{"organizations": [{"name": "acme"}]}"#;
    let endpoint = started(builder(&MemoryStore::default()).admin_token(&token).trust(trust));
    let list = Request::get("/admin/organizations").header("authorization", format!("Bearer {token}"));
    let (status, list) =
        ask(endpoint.clone(), list.body(Empty::new().boxed_unsync()).expect("a request")).await;
    assert_eq!((status.as_u16(), &list["items"][0]["name"]), (200, &"acme".into()));
    assert_eq!(ask(endpoint, get("/admin/organizations")).await.0, 401);
}

#[test]
fn a_bad_setting_is_told_at_the_start() {
    let options = || Options::new(PUBLIC_URL);
    let store = MemoryStore::default;
    for (name, builder) in [
        ("public_url", HttpEndpoint::builder(store(), Options::new("nowhere"))),
        ("admin_token", HttpEndpoint::builder(store(), options()).admin_token("short")),
        ("trust", HttpEndpoint::builder(store(), options()).trust("{")),
        ("access_token_algorithm", HttpEndpoint::builder(store(), options().access_token_algorithm("HS256"))),
    ] {
        let Err(Error::Invalid(error)) = builder.start() else { panic!("{name} is taken") };
        assert_eq!(error.field, name);
    }
}

/// What an exchanger over the same store registers, and the other way round, is one.
#[tokio::test]
async fn an_exchanger_beside_it() {
    let partner = Partner::new();
    let (store, _) = registered(&partner, false);
    let endpoint = started(builder(&store));
    let mut beside = Exchanger::new(store, Options::new(PUBLIC_URL)).expect("it starts");
    let app = beside.register_application("default", &ApplicationMetadata::jwt_bearer()).expect("a good one");
    assert_eq!(ask(endpoint, exchange(&app, &partner.assertion("one"))).await.0, 200);
}
