//! Instances of the endpoint, and how a request gets one to itself.
//!
//! An instance handles one request at a time, and then the next: a panic, a trap or a timeout ends the
//! instance with the request that caused it, and no other (R71). This is why there is no use here of
//! wasmtime's own worker, which puts several requests into one instance. Requests do not wait for each
//! other either way: what a request needs of its client it has before it gets an instance.
//!
//! Requests that arrive together take turns at each step of their instances, so that as many instances are
//! in use. To run each through instead was tried: fewer instances (28 MB in place of 92 with 256 busy
//! connections), but more CPU for each request (100 microseconds in place of 78 where the component only
//! answers 404), since the same code no longer runs for several requests in a row.

use std::future::poll_fn;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_channel::oneshot as handover;
use http_body_util::{BodyExt as _, Full, Limited};
use serde_json::json;
use tokio::sync::{Semaphore, SemaphorePermit, oneshot};
use tokio::time::timeout;
use wasmtime::{AsContextMut as _, PoolConcurrencyLimitError, Store};
use wasmtime_wasi_http::handler::{Prepared, Proxy};
use wasmtime_wasi_http::{WasiHttpView as _, p3::bindings::Service};

use crate::guest::{Guest, OutOfTime, Usage, World};
use crate::handler::{self, Handler};
use crate::program::{Kind, Program};
use crate::shares::{ShareLimits, Shares};

/// An instance is replaced after so many requests, whatever it may have gathered by then.
const REQUESTS_PER_INSTANCE: u32 = 10_000;

/// An idle instance is dropped after this time.
const IDLE_TIME: Duration = Duration::from_secs(60);

/// An answer has at most so many bytes.
const ANSWER_SIZE: usize = 8 << 20;

/// Why the component gave no answer. The text is for the log.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NoAnswer {
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
    #[error("the component's answer is incomplete or too large")]
    Answer,
    #[error("the endpoint cannot use a setting")]
    Setting,
}

pub(crate) type Request = http::Request<Bytes>;
pub(crate) type Response = http::Response<Full<Bytes>>;

/// All instances of one host.
pub(crate) struct Instances {
    program: Program,
    world: Arc<World>,
    /// The one used last is at the end, and is used next.
    idle: Mutex<Vec<Idle>>,
    /// Permits to have an instance that is not idle. So there are never more instances than permits in all: a request
    /// makes one only where none is idle.
    running: Semaphore,
    /// How requests of different organizations get on with each other.
    shares: Shares,
    request_time: Duration,
}

struct Idle {
    instance: Instance,
    since: Instant,
}

struct Instance {
    of: Of,
    requests: u32,
}

enum Of {
    Handler(Box<Handler>),
    Spin(Box<Spin>),
}

struct Spin {
    store: Store<Guest>,
    proxy: Proxy,
}

/// An instance that a request has, and the permit for it.
struct InUse<'a> {
    instance: Instance,
    _running: SemaphorePermit<'a>,
}

impl Instances {
    pub(crate) fn new(
        program: Program,
        world: Arc<World>,
        at_once: usize,
        shares: ShareLimits,
        request_time: Duration,
    ) -> Self {
        let (running, shares) = (Semaphore::new(at_once), Shares::new(shares));
        Self { program, world, idle: Mutex::default(), running, shares, request_time }
    }

    /// Has the component answer a request. The answer goes out as soon as it is whole; this ends when
    /// the component has also finished what it does afterwards.
    pub(crate) async fn handle(&self, request: Request, answer: oneshot::Sender<Result<Response, NoAnswer>>) {
        let Some(place) = self.shares.enter(request.uri().path()) else {
            _ = answer.send(Err(NoAnswer::NoShare));
            return;
        };
        let mut answer = Some(answer);
        let handled = timeout(self.request_time, place.run(self.run(request, &mut answer))).await;
        let failed = match handled {
            Ok(Ok(())) => return,
            Ok(Err(failed)) => failed,
            Err(_) => NoAnswer::Timeout,
        };
        match answer.take() {
            // Where nobody waits any more there is nobody to tell.
            Some(answer) => _ = answer.send(Err(failed)),
            None => tracing::error!(error = %failed, "the component failed after it had answered"),
        }
    }

    async fn run(
        &self,
        request: Request,
        answer: &mut Option<oneshot::Sender<Result<Response, NoAnswer>>>,
    ) -> Result<(), NoAnswer> {
        let mut taken = self.take().await?;
        // What fails here is dropped here: no later request meets what this one left behind.
        match &mut taken.instance.of {
            Of::Handler(handler) => handler.answer(request, answer).await?,
            Of::Spin(spin) => spin.answer(request, answer).await?,
        }
        self.give_back(taken);
        Ok(())
    }

    /// An instance, used or new.
    async fn take(&self) -> Result<InUse<'_>, NoAnswer> {
        let running = self.running.acquire().await.map_err(|_| NoAnswer::Timeout)?;
        let mut instance = match self.take_idle() {
            Some(instance) => instance,
            None => self.instantiate().await?,
        };
        instance.requests += 1;
        Ok(InUse { instance, _running: running })
    }

    /// For the next request, unless it has gathered too much.
    fn give_back(&self, taken: InUse<'_>) {
        let instance = taken.instance;
        let worn =
            instance.requests >= REQUESTS_PER_INSTANCE || instance.memory() > self.world.memory_limit / 2;
        if !worn {
            self.idle().push(Idle { instance, since: Instant::now() });
        }
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Idle>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take_idle(&self) -> Option<Instance> {
        self.idle().pop().map(|idle| idle.instance)
    }

    /// Drops the instances that the load of the last minute did not need.
    pub(crate) fn drop_idle(&self) {
        self.drop_idle_for(IDLE_TIME);
    }

    fn drop_idle_for(&self, time: Duration) {
        let mut idle = self.idle();
        let stale = idle.partition_point(|one| one.since.elapsed() > time);
        // Until their places are free again no request may make others. Where requests are about to take these, they
        // are left for the next time.
        let Ok(permits) = self.running.try_acquire_many(stale as u32) else { return };
        let stale: Vec<_> = idle.drain(..stale).collect();
        // The mutex is free again before their memory is given back.
        drop(idle);
        drop(stale);
        drop(permits);
    }

    async fn instantiate(&self) -> Result<Instance, NoAnswer> {
        let of = match &self.program.kind {
            Kind::Handler(component) => {
                let started = Handler::start(component, &self.world).await.map_err(not_made)?;
                Of::Handler(Box::new(started.map_err(|bad| {
                    handler::tell(
                        &json!({"event": "bad-setting", "setting": bad.name, "problem": bad.problem}),
                    );
                    NoAnswer::Setting
                })?))
            }
            Kind::Spin(service) => {
                let mut store = Store::new(&self.program.engine, Guest::new(self.world.clone()));
                Usage::watch(&mut store);
                let service: Service = service.instantiate_async(&mut store).await.map_err(not_made)?;
                Of::Spin(Box::new(Spin { store, proxy: Proxy::P3(service) }))
            }
        };
        Ok(Instance { of, requests: 0 })
    }
}

impl Instance {
    /// Bytes of linear memory.
    fn memory(&self) -> usize {
        match &self.of {
            Of::Handler(handler) => handler.memory(),
            Of::Spin(spin) => spin.store.data().usage.memory(),
        }
    }
}

impl Spin {
    async fn answer(
        &mut self,
        request: Request,
        answer: &mut Option<oneshot::Sender<Result<Response, NoAnswer>>>,
    ) -> Result<(), NoAnswer> {
        Usage::begin_request(&mut self.store);
        let request = request.map(|body| Full::new(body).map_err(|never| match never {}).boxed_unsync());
        let (sender, handed_over) = handover::channel();
        let prepared = Prepared::new(self.store.as_context_mut(), &self.proxy, request, Guest::http, sender)
            .map_err(failed)?;
        let ran = self.store.run_concurrent(async |accessor| {
            prepared.run(accessor, std::future::pending()).await?;
            let response = handed_over.await.map_err(|_| wasmtime::format_err!("no answer"))??;
            let (parts, body) = response.into_parts();
            // Read while the component writes it, and sent as one piece: with its length, in one packet,
            // and with no instance bound to a client that reads slowly.
            let body = Limited::new(body, ANSWER_SIZE).collect().await;
            let body = body.map(|body| Full::new(body.to_bytes())).map_err(|_| NoAnswer::Answer);
            if let Some(answer) = answer.take() {
                // Where the client is gone, the answer goes nowhere.
                _ = answer.send(body.map(|body| Response::from_parts(parts, body)));
            }
            poll_fn(|context| accessor.poll_no_interesting_tasks(context)).await;
            wasmtime::error::Ok(())
        });
        ran.await.map_err(failed)?.map_err(failed)
    }
}

fn not_made(error: wasmtime::Error) -> NoAnswer {
    if error.root_cause().is::<PoolConcurrencyLimitError>() {
        NoAnswer::NoRoom
    } else {
        NoAnswer::Instantiation(format!("{error:#}"))
    }
}

pub(crate) fn failed(error: wasmtime::Error) -> NoAnswer {
    if error.is::<OutOfTime>() { NoAnswer::OutOfTime } else { NoAnswer::Trap(format!("{error:#}")) }
}

#[cfg(test)]
mod tests;
