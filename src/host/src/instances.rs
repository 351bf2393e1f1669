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

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{Semaphore, SemaphorePermit, oneshot};
use tokio::time::timeout;

use crate::instance::{Instance, NoResponse, Request, Response, World};
use crate::program::Program;
use crate::shares::{ShareLimits, Shares};

/// An instance is replaced after so many requests, whatever it may have gathered by then.
const REQUESTS_PER_INSTANCE: u32 = 10_000;

/// An idle instance is dropped after this time.
const IDLE_TIME: Duration = Duration::from_secs(60);

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

    /// Has the component serve a request. The response goes out as soon as it is whole; this ends when
    /// the component has also finished what it does afterwards.
    pub(crate) async fn handle(
        &self,
        request: Request,
        client: oneshot::Sender<Result<Response, NoResponse>>,
    ) {
        let Some(place) = self.shares.enter(request.uri().path()) else {
            _ = client.send(Err(NoResponse::NoShare));
            return;
        };
        let mut client = Some(client);
        let handled = timeout(self.request_time, place.run(self.run(request, &mut client))).await;
        let failed = match handled {
            Ok(Ok(())) => return,
            Ok(Err(failed)) => failed,
            Err(_) => NoResponse::Timeout,
        };
        match client.take() {
            // Where nobody waits any more there is nobody to tell.
            Some(client) => _ = client.send(Err(failed)),
            None => tracing::error!(error = %failed, "the component failed after its response"),
        }
    }

    async fn run(
        &self,
        request: Request,
        client: &mut Option<oneshot::Sender<Result<Response, NoResponse>>>,
    ) -> Result<(), NoResponse> {
        let mut taken = self.take().await?;
        // What fails here is dropped here: no later request meets what this one left behind.
        taken.instance.serve(request, client).await?;
        self.give_back(taken);
        Ok(())
    }

    /// An instance, used or new.
    async fn take(&self) -> Result<InUse<'_>, NoResponse> {
        let running = self.running.acquire().await.map_err(|_| NoResponse::Timeout)?;
        let instance = match self.take_idle() {
            Some(instance) => instance,
            None => Instance::start(&self.program.linked, &self.world).await?,
        };
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
}

#[cfg(test)]
mod tests;
