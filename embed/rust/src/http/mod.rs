//! A token endpoint as a [`tower`](tower_service::Service) service, over one store: the token endpoint, our keys, metadata,
//! health, and the admin API where an admin token is set.
//!
//! It is made by [`HttpEndpoint::builder`], and cloned for each connection. It needs tokio. With axum,
//! `Router::new().nest_service("/auth", endpoint)` mounts it; [`Options::new`] takes the URL of that mount from outside.
//!
//! ```no_run
//! use asserta_exchanger::http::HttpEndpoint;
//! use asserta_exchanger::{MemoryStore, Options};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let options = Options::new("https://api.example.com/auth");
//! let trust = std::fs::read_to_string("trust.json")?;
//! let endpoint = HttpEndpoint::builder(MemoryStore::default(), options).trust(trust).start()?;
//! # Ok(())
//! # }
//! ```

mod refusal;
mod workers;

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use tokio::sync::{Semaphore, oneshot};
use tokio::time::timeout;

pub use crate::bindings::http::exports::asserta::exchange::http::FetchProblem;

use self::refusal::Refusal;
use self::workers::{Failure, Plan, Worker};
use crate::bindings::http::exports::asserta::exchange::http as wit;
use crate::error::{BoxError, Error};
use crate::exchanger::Options;
use crate::fetching::KeyDocument;
use crate::store::Store;

/// The largest body of a request, in bytes (R15). Nothing is read beyond.
const MAX_BODY: usize = 65_536;
/// How long a client may take for its body, and how long it waits for its response at most.
const BODY_TIME: Duration = Duration::from_secs(30);
const RESPONSE_TIME: Duration = Duration::from_secs(30);
/// Of one call. An exchange takes 15 million, with RS256 310 million, a new key for RS256 2 billion or more, and
/// the search for its primes has no end that is sure.
const FUEL: u64 = 2_000_000_000;
const FUEL_RS256: u64 = 50_000_000_000;

/// A response, complete.
pub type Response = http::Response<Full<Bytes>>;

/// GETs a JWKS document.
pub(crate) type Fetch = Arc<dyn Fn(&str) -> Result<KeyDocument, FetchProblem> + Send + Sync>;
/// Takes an event.
pub(crate) type OnEvent = Arc<dyn Fn(&str) + Send + Sync>;

/// What an endpoint is made of.
pub struct Builder<S> {
    store: S,
    options: Options,
    settings: Vec<wit::Setting>,
    fetch: Fetch,
    on_event: OnEvent,
    instances: usize,
    max_requests: usize,
}

impl<S: Store + Clone + Sync> Builder<S> {
    /// The bearer token of the admin API, at least 32 bytes. Without one there is no admin API.
    #[must_use]
    pub fn admin_token(self, token: impl Into<String>) -> Self {
        self.setting("admin_token", token)
    }

    /// A document of registrations as JSON text, applied at start, once.
    #[must_use]
    pub fn trust(self, document: impl Into<String>) -> Self {
        self.setting("trust", document)
    }

    /// Whether each organization's last decisions are kept, for the admin API. Default: true.
    #[must_use]
    pub fn activity(self, activity: bool) -> Self {
        self.setting("activity", activity.to_string())
    }

    fn setting(mut self, name: &str, text: impl Into<String>) -> Self {
        self.settings.push((name.to_owned(), text.into()));
        self
    }

    /// GETs an issuer's JWKS document, on a thread that may block: https only, status 200 only, `Accept-Encoding: identity`,
    /// no redirect followed, at most 64 KiB and 5 seconds, no private address. Without one no keys can be had.
    #[must_use]
    pub fn fetch(
        mut self,
        fetch: impl Fn(&str) -> Result<KeyDocument, FetchProblem> + Send + Sync + 'static,
    ) -> Self {
        self.fetch = Arc::new(fetch);
        self
    }

    /// Takes what happens, a JSON document each (`wit/events.wit`). Default: nobody does.
    #[must_use]
    pub fn on_event(mut self, on_event: impl Fn(&str) + Send + Sync + 'static) -> Self {
        self.on_event = Arc::new(on_event);
        self
    }

    /// How many requests are computed at once. Default: one for each processor.
    #[must_use]
    pub fn instances(mut self, instances: usize) -> Self {
        self.instances = instances.max(1);
        self
    }

    /// How many may be under way; further ones get 503. Default: 256.
    #[must_use]
    pub fn max_requests(mut self, max_requests: usize) -> Self {
        self.max_requests = max_requests;
        self
    }

    /// Starts it. The first time in a process the component is compiled, which takes seconds.
    ///
    /// # Errors
    /// [`Error::Invalid`] names the setting that can't be accepted; or the component can't be started.
    pub fn start(self) -> Result<HttpEndpoint<S>, Error> {
        let Self { store, mut options, mut settings, fetch, on_event, instances, max_requests } = self;
        let core = &options.settings;
        settings.push(("public_url".to_owned(), core.public_url.clone()));
        settings.push(("dev".to_owned(), core.dev.to_string()));
        settings.push(("dpop_nonce".to_owned(), core.dpop_nonce.to_string()));
        let algorithm = core.access_token_algorithm.clone().unwrap_or_default();
        let fuel = if algorithm == "RS256" { FUEL_RS256 } else { FUEL };
        settings.push(("access_token_algorithm".to_owned(), algorithm));
        options.fuel = options.fuel.or(Some(fuel));
        let plan = Arc::new(Plan::new(store, options, settings, on_event)?);
        let workers: Vec<_> =
            (0..instances).map(|_| Worker::new(Arc::clone(&plan), Arc::clone(&fetch))).collect();
        if let Some(first) = workers.first() {
            first.start()?;
        }
        let requests = Arc::new(Semaphore::new(max_requests));
        Ok(HttpEndpoint(Arc::new(Shared { workers, requests })))
    }
}

/// A token endpoint. Its clones are one.
pub struct HttpEndpoint<S: 'static>(Arc<Shared<S>>);

struct Shared<S: 'static> {
    workers: Vec<Worker<S>>,
    requests: Arc<Semaphore>,
}

impl<S> Clone for HttpEndpoint<S> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<S: Store + Clone + Sync> HttpEndpoint<S> {
    /// An endpoint over this store, which is cloned into each instance: its clones must share what they hold.
    pub fn builder(store: S, options: Options) -> Builder<S> {
        Builder {
            store,
            options,
            settings: Vec::new(),
            fetch: Arc::new(|_| Err(FetchProblem::Unknown)),
            on_event: Arc::new(|_| {}),
            instances: std::thread::available_parallelism().map_or(1, usize::from),
            max_requests: 256,
        }
    }

    async fn respond<B>(self, request: http::Request<B>) -> Result<Response, Refusal>
    where
        B: http_body::Body,
        B::Error: Into<BoxError>,
    {
        // The whole body first: who is slow to send it takes nobody's place.
        let (parts, body) = request.into_parts();
        let request = wit::Request {
            method: parts.method.as_str().to_owned(),
            path: parts.uri.path().to_owned(),
            query: parts.uri.query().map(str::to_owned),
            headers: parts
                .headers
                .iter()
                .map(|(name, value)| (name.as_str().to_owned(), value.as_bytes().to_vec()))
                .collect(),
            body: read(&parts.method, body).await?,
        };
        let permit = Arc::clone(&self.0.requests).try_acquire_owned().map_err(|_| Refusal::Busy)?;
        let (sender, response) = oneshot::channel();
        // A task of its own: a client that hangs up in the middle can't stop an exchange half-way, nor a fetch that others
        // wait for.
        tokio::spawn(async move {
            let Some(worker) = self.0.workers.iter().min_by_key(|worker| worker.load()) else { return };
            // Where the client is gone, the response goes nowhere.
            _ = sender.send(worker.handle(request).await);
            worker.after_response().await;
            drop(permit);
        });
        match timeout(RESPONSE_TIME, response).await {
            Ok(Ok(Ok(response))) => written(response),
            Ok(Ok(Err(Failure::Lost))) | Err(_) => Err(Refusal::Busy),
            Ok(Ok(Err(Failure::Error(error)))) => {
                tracing::error!(error = %error, "a request failed");
                Err(Refusal::Failed)
            }
            Ok(Err(_)) => Err(Refusal::Failed),
        }
    }
}

impl<S, B> tower_service::Service<http::Request<B>> for HttpEndpoint<S>
where
    S: Store + Clone + Sync,
    B: http_body::Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<BoxError>,
{
    type Response = Response;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<B>) -> Self::Future {
        let responded = self.clone().respond(request);
        Box::pin(async move { Ok(responded.await.unwrap_or_else(Refusal::response)) })
    }
}

/// The body, of which no more is read than may be there. What a method brings that has no use for one is left alone.
async fn read<B>(method: &http::Method, body: B) -> Result<wit::Body, Refusal>
where
    B: http_body::Body,
    B::Error: Into<BoxError>,
{
    if matches!(method.as_str(), "GET" | "HEAD" | "OPTIONS" | "DELETE") {
        return Ok(wit::Body::Bytes(Vec::new()));
    }
    if body.size_hint().lower() > MAX_BODY as u64 {
        return Ok(wit::Body::TooLarge);
    }
    match timeout(BODY_TIME, Limited::new(body, MAX_BODY).collect()).await {
        Ok(Ok(collected)) => Ok(wit::Body::Bytes(collected.to_bytes().into())),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Ok(wit::Body::TooLarge),
        Ok(Err(_)) => Ok(wit::Body::Broken),
        Err(_) => Err(Refusal::TooSlow),
    }
}

/// A response as the client gets it.
fn written(response: wit::Response) -> Result<Response, Refusal> {
    let mut builder = http::Response::builder().status(response.status);
    for (name, value) in &response.headers {
        builder = builder.header(name, value);
    }
    builder.body(Full::new(Bytes::from(response.body))).map_err(|_| Refusal::Failed)
}
