//! The endpoint as a component of plain values (`wit/http.wit`): what an instance of it sees of the world, and how a
//! request gets into it.

mod document;
mod imports;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use tokio::sync::oneshot;
use wasmtime::Store;
use wasmtime::component::{Component, HasSelf, Linker};

use crate::guest::{Usage, Watched, World, log};
use crate::instances::{NoAnswer, Request, Response, failed};
use crate::keyvalue::Bucket;
use crate::signatures;

pub(crate) use bindings::EndpointPre as HandlerPre;

use bindings::exports::asserta::exchange::http as wit;

/// Bindings to the component's world.
mod bindings {
    #![allow(missing_docs, unreachable_pub, reason = "generated code")]

    wasmtime::component::bindgen!({
        path: "../../wit",
        world: "endpoint",
        imports: { default: async | trappable },
        exports: { default: async },
        additional_derives: [PartialEq, Eq, Hash],
    });
}

/// The largest body that the component takes, in bytes.
const BODY_SIZE: usize = 65_536;

/// The state of one instance, on this side of the border.
pub(crate) struct State {
    world: Arc<World>,
    /// The stores that it has used.
    registry: Option<Arc<dyn Bucket>>,
    replay: Option<Arc<dyn Bucket>>,
    usage: Usage,
}

impl Watched for State {
    fn usage(&mut self) -> &mut Usage {
        &mut self.usage
    }
}

/// An instance, configured.
pub(crate) struct Handler {
    store: Store<State>,
    exports: bindings::Endpoint,
}

/// The component's world, linked.
pub(crate) fn link(component: &Component) -> wasmtime::Result<HandlerPre<State>> {
    let mut linker = Linker::new(component.engine());
    bindings::Endpoint::add_to_linker::<_, HasSelf<State>>(&mut linker, |state| state)?;
    signatures::add_to_linker(&mut linker, |state: &mut State| &state.world.signatures)?;
    HandlerPre::new(linker.instantiate_pre(component)?)
}

impl Handler {
    pub(crate) async fn start(
        component: &HandlerPre<State>,
        world: &Arc<World>,
    ) -> wasmtime::Result<Result<Self, wit::BadSetting>> {
        let usage = Usage::new(world.memory_limit, world.computing_time);
        let state = State { world: world.clone(), registry: None, replay: None, usage };
        let mut store = Store::new(component.engine(), state);
        Usage::watch(&mut store);
        let exports = component.instantiate_async(&mut store).await?;
        let settings: Vec<_> = world
            .variables
            .all()
            .into_iter()
            .map(|(name, text)| (name.to_owned(), text.to_owned()))
            .collect();
        let configured = exports.asserta_exchange_http().call_configure(&mut store, &settings).await?;
        Ok(configured.map(|()| Self { store, exports }))
    }

    /// Bytes of linear memory.
    pub(crate) fn memory(&self) -> usize {
        self.store.data().usage.memory()
    }

    /// Has the component answer a request, and do what it does afterwards.
    pub(crate) async fn answer(
        &mut self,
        request: Request,
        answer: &mut Option<oneshot::Sender<Result<Response, NoAnswer>>>,
    ) -> Result<(), NoAnswer> {
        let request = self::request(request);
        Usage::begin_request(&mut self.store);
        let http = self.exports.asserta_exchange_http();
        let outcome = http.call_handle(&mut self.store, &request).await.map_err(failed)?;
        let Some(given) = self.to_its_end(outcome).await? else { return Err(NoAnswer::Answer) };
        if let Some(answer) = answer.take() {
            // Where the client is gone, the answer goes nowhere.
            _ = answer.send(response(given));
        }
        let http = self.exports.asserta_exchange_http();
        let outcome = http.call_after_response(&mut self.store).await.map_err(failed)?;
        self.to_its_end(outcome).await.map(drop)
    }

    /// Waits and fetches for the component, until it is done. What waits keeps this instance meanwhile; how many may wait
    /// for one document the component says.
    async fn to_its_end(&mut self, mut outcome: wit::Outcome) -> Result<Option<wit::Response>, NoAnswer> {
        loop {
            let (ticket, fetched) = match outcome {
                wit::Outcome::Response(response) => return Ok(Some(response)),
                wit::Outcome::Done => return Ok(None),
                wit::Outcome::Later(later) => {
                    tokio::time::sleep(Duration::from_millis(later.milliseconds.into())).await;
                    (later.ticket, None)
                }
                wit::Outcome::Fetch(fetch) => {
                    let outbound = self.store.data().world.outbound.clone();
                    (fetch.ticket, Some(document::fetch(&outbound, &fetch.uri).await))
                }
            };
            let http = self.exports.asserta_exchange_http();
            let resumed = http.call_resume(&mut self.store, ticket, fetched.as_ref()).await;
            outcome = resumed.map_err(failed)?;
        }
    }
}

/// Logs an event of this side as the component logs its own.
pub(crate) fn tell(event: &serde_json::Value) {
    log::emit(event.to_string().as_bytes());
}

/// A request as the component takes it.
fn request(request: Request) -> wit::Request {
    let (parts, body) = request.into_parts();
    let headers = parts.headers.iter();
    wit::Request {
        method: parts.method.as_str().to_owned(),
        path: parts.uri.path().to_owned(),
        query: parts.uri.query().map(str::to_owned),
        headers: headers.map(|(name, value)| (name.as_str().to_owned(), value.as_bytes().to_vec())).collect(),
        body: if body.len() > BODY_SIZE { wit::Body::TooLarge } else { wit::Body::Bytes(body.into()) },
    }
}

/// A response as the client gets it.
fn response(response: wit::Response) -> Result<Response, NoAnswer> {
    let mut builder = http::Response::builder().status(response.status);
    for (name, value) in &response.headers {
        builder = builder.header(name, value);
    }
    builder.body(Full::new(Bytes::from(response.body))).map_err(|_| NoAnswer::Answer)
}
