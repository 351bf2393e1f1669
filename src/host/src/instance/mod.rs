//! One instance of the component: what it sees of the world, and how a request gets into it.

mod imports;
mod limits;
mod log;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use serde_json::json;
use tokio::sync::oneshot;
use wasmtime::component::{Component, HasSelf, Linker};
use wasmtime::{PoolConcurrencyLimitError, Store};

use self::limits::{OutOfTime, Usage};
use crate::bindings::http as wit;
use crate::bindings::{Endpoint, EndpointPre};
use crate::clock::WallClock;
use crate::keyvalue::{Bucket, KeyValue};
use crate::metrics::Metrics;
use crate::outbound::Outbound;
use crate::settings::EndpointSettings;
use crate::signatures::{self, Signatures};

pub(crate) type Request = http::Request<Bytes>;
pub(crate) type Response = http::Response<Full<Bytes>>;

/// The largest body that the component takes, in bytes.
const MAX_BODY_SIZE: usize = 65_536;

/// Why the component gave no response. The text is for the log.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NoResponse {
    #[error("other hosts in this process use all instances that there may be")]
    NoRoom,
    #[error("its organization has as many requests at once as it may have")]
    NoShare,
    #[error("no instance could be made: {0}")]
    Instantiation(String),
    #[error("the component failed: {0}")]
    Trap(String),
    #[error("the request took too long")]
    Timeout,
    #[error("the request computed for too long")]
    OutOfTime,
    #[error("the component gave no response, or one that is not HTTP")]
    Unusable,
    #[error("the setting {setting} cannot be used: {problem}")]
    Setting { setting: String, problem: String },
}

impl NoResponse {
    fn not_made(error: wasmtime::Error) -> Self {
        if error.root_cause().is::<PoolConcurrencyLimitError>() {
            Self::NoRoom
        } else {
            Self::Instantiation(format!("{error:#}"))
        }
    }

    fn failed(error: wasmtime::Error) -> Self {
        if error.is::<OutOfTime>() { Self::OutOfTime } else { Self::Trap(format!("{error:#}")) }
    }
}

/// What all instances of a host share.
pub(crate) struct World {
    pub(crate) stores: Arc<dyn KeyValue>,
    pub(crate) settings: EndpointSettings,
    pub(crate) clock: Arc<dyn WallClock>,
    pub(crate) outbound: Outbound,
    pub(crate) signatures: Signatures,
    /// Where what happens is counted, if somebody watches.
    pub(crate) metrics: Option<Arc<Metrics>>,
    /// The most linear memory that an instance may have.
    pub(crate) memory_limit: usize,
    /// How long a request may compute.
    pub(crate) computing_time: Duration,
}

/// The state of one instance, on this side of the border.
pub(crate) struct State {
    world: Arc<World>,
    /// The stores that it has used.
    registry: Option<Arc<dyn Bucket>>,
    replay: Option<Arc<dyn Bucket>>,
    usage: Usage,
}

/// The component, linked.
#[derive(Clone)]
pub(crate) struct Linked(EndpointPre<State>);

impl Linked {
    pub(crate) fn new(component: &Component) -> wasmtime::Result<Self> {
        let mut linker = Linker::new(component.engine());
        Endpoint::add_to_linker::<_, HasSelf<State>>(&mut linker, |state| state)?;
        signatures::add_to_linker(&mut linker, |state: &mut State| &state.world.signatures)?;
        Ok(Self(EndpointPre::new(linker.instantiate_pre(component)?)?))
    }
}

/// An instance, configured.
pub(crate) struct Instance {
    store: Store<State>,
    exports: Endpoint,
    /// How many requests it has had.
    pub(crate) requests: u32,
}

impl Instance {
    pub(crate) async fn start(linked: &Linked, world: &Arc<World>) -> Result<Self, NoResponse> {
        let usage = Usage::new(world.memory_limit, world.computing_time);
        let state = State { world: world.clone(), registry: None, replay: None, usage };
        let mut store = Store::new(linked.0.engine(), state);
        Usage::watch(&mut store);
        let exports = linked.0.instantiate_async(&mut store).await.map_err(NoResponse::not_made)?;
        let settings = world.settings.all();
        let configured = exports.asserta_exchange_http().call_configure(&mut store, &settings).await;
        match configured.map_err(NoResponse::not_made)? {
            Ok(()) => Ok(Self { store, exports, requests: 0 }),
            Err(bad) => {
                let event = json!({"event": "bad-setting", "setting": bad.name, "problem": bad.problem});
                log::event(&event);
                Err(NoResponse::Setting { setting: bad.name, problem: bad.problem })
            }
        }
    }

    /// Bytes of linear memory.
    pub(crate) fn memory(&self) -> usize {
        self.store.data().usage.memory()
    }

    /// Has the component serve a request, and do what it does afterwards.
    pub(crate) async fn serve(
        &mut self,
        request: Request,
        client: &mut Option<oneshot::Sender<Result<Response, NoResponse>>>,
    ) -> Result<(), NoResponse> {
        self.requests += 1;
        Usage::begin_request(&mut self.store);
        let http = self.exports.asserta_exchange_http();
        let outcome = http.call_handle(&mut self.store, &received(request)).await;
        let outcome = outcome.map_err(NoResponse::failed)?;
        let response = self.finish(outcome).await?.ok_or(NoResponse::Unusable)?;
        if let Some(client) = client.take() {
            // Where the client is gone, the response goes nowhere.
            _ = client.send(sent(response));
        }
        let http = self.exports.asserta_exchange_http();
        let outcome = http.call_after_response(&mut self.store).await.map_err(NoResponse::failed)?;
        self.finish(outcome).await.map(drop)
    }

    /// Waits and fetches for the component, until it is done. What waits keeps this instance meanwhile; how many may wait
    /// for one document the component says.
    async fn finish(&mut self, mut outcome: wit::Outcome) -> Result<Option<wit::Response>, NoResponse> {
        loop {
            let (ticket, fetched) = match outcome {
                wit::Outcome::Response(response) => return Ok(Some(response)),
                wit::Outcome::Done => return Ok(None),
                wit::Outcome::Later(later) => {
                    tokio::time::sleep(Duration::from_millis(later.milliseconds.into())).await;
                    (later.ticket, None)
                }
                wit::Outcome::Fetch(fetch) => {
                    let fetched = self.store.data().world.outbound.get(&fetch).await;
                    (fetch.ticket, Some(fetched))
                }
            };
            let http = self.exports.asserta_exchange_http();
            let resumed = http.call_resume(&mut self.store, ticket, fetched.as_ref()).await;
            outcome = resumed.map_err(NoResponse::failed)?;
        }
    }
}

/// A request as the component takes it.
fn received(request: Request) -> wit::Request {
    let (parts, body) = request.into_parts();
    let headers = parts.headers.iter();
    wit::Request {
        method: parts.method.as_str().to_owned(),
        path: parts.uri.path().to_owned(),
        query: parts.uri.query().map(str::to_owned),
        headers: headers.map(|(name, value)| (name.as_str().to_owned(), value.as_bytes().to_vec())).collect(),
        body: if body.len() > MAX_BODY_SIZE { wit::Body::TooLarge } else { wit::Body::Bytes(body.into()) },
    }
}

/// A response as the client gets it.
fn sent(response: wit::Response) -> Result<Response, NoResponse> {
    let mut builder = http::Response::builder().status(response.status);
    for (name, value) in &response.headers {
        builder = builder.header(name, value);
    }
    builder.body(Full::new(Bytes::from(response.body))).map_err(|_| NoResponse::Unusable)
}
