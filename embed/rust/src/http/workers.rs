//! Instances of the handler (`wit/http.wit`), and what waits in them.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::Mutex;
use tokio::task::spawn_blocking;
use wasmtime::Engine;
use wasmtime::component::{Component, HasSelf, Linker};

use super::{Fetch, FetchProblem, OnEvent};
use crate::FieldError;
use crate::bindings::http::Endpoint as Bindings;
use crate::bindings::http::exports::asserta::exchange::http as wit;
use crate::component::compiled;
use crate::error::Error;
use crate::exchanger::{Options, refuel};
use crate::fetching::MAX_DOCUMENT;
use crate::host::Host;
use crate::store::Store;

/// For one request. Whatever it asks for then can't be had.
const MAX_FETCHES: u32 = 10;

/// Why a request has no response.
pub(super) enum Failure {
    /// The instance in which it waited was thrown away.
    Lost,
    /// The instance trapped or can't be started.
    Error(Error),
}

/// How an instance is started.
pub(super) struct Plan<S: 'static> {
    engine: Engine,
    component: Component,
    linker: Linker<Host<S>>,
    store: S,
    options: Options,
    settings: Vec<wit::Setting>,
    on_event: OnEvent,
}

impl<S: Store + Clone> Plan<S> {
    pub(super) fn new(
        store: S,
        options: Options,
        settings: Vec<wit::Setting>,
        on_event: OnEvent,
    ) -> Result<Self, Error> {
        let (engine, component) = compiled(options.world.with_http(), options.fuel.is_some())?;
        let mut linker: Linker<Host<S>> = Linker::new(&engine);
        Bindings::add_to_linker::<_, HasSelf<_>>(&mut linker, |host| host).map_err(Error::NotStarted)?;
        #[cfg(feature = "host-signatures")]
        if options.world == crate::component::World::HostSignatures {
            use crate::signatures::{Signatures, bindings};
            let added =
                bindings::Signatures::add_to_linker::<_, Signatures>(&mut linker, |host| &host.signatures);
            added.map_err(Error::NotStarted)?;
        }
        Ok(Self { engine, component, linker, store, options, settings, on_event })
    }

    fn start(&self, number: u64) -> Result<Instance<S>, Error> {
        let mut host = Host::new(self.store.clone(), self.options.clock.clone(), self.options.memory);
        host.on_event = Some(Arc::clone(&self.on_event));
        let mut store = wasmtime::Store::new(&self.engine, host);
        store.limiter(|host| &mut host.limits);
        refuel(&mut store, self.options.fuel).map_err(Error::NotStarted)?;
        let bindings =
            Bindings::instantiate(&mut store, &self.component, &self.linker).map_err(Error::NotStarted)?;
        let configured = bindings.asserta_exchange_http().call_configure(&mut store, &self.settings);
        configured
            .map_err(Error::Trapped)?
            .map_err(|bad| Error::Invalid(FieldError { field: bad.name, problem: bad.problem }))?;
        Ok(Instance { store, bindings, number })
    }
}

struct Instance<S: 'static> {
    store: wasmtime::Store<Host<S>>,
    bindings: Bindings,
    /// Of all that the worker had: whose tickets are whose.
    number: u64,
}

/// The place of an instance, which nobody else uses meanwhile. One that trapped is replaced at the next call.
struct Place<S: 'static> {
    instance: Option<Instance<S>>,
    started: u64,
}

/// A call.
enum Call {
    Handle(wit::Request),
    AfterResponse,
    /// In the instance of this number.
    Resume(u64, u32, Option<wit::Fetched>),
}

impl<S: Store + Clone> Place<S> {
    fn take(&mut self, plan: &Plan<S>) -> Result<Instance<S>, Error> {
        if let Some(instance) = self.instance.take() {
            return Ok(instance);
        }
        self.started += 1;
        plan.start(self.started)
    }

    fn call(&mut self, plan: &Plan<S>, call: Call) -> Result<(u64, wit::Outcome), Failure> {
        if let Call::Resume(number, ..) = &call
            && self.instance.as_ref().is_none_or(|instance| instance.number != *number)
        {
            return Err(Failure::Lost);
        }
        // It comes back where all goes well: after a trap, or a store's panic, nobody can tell what state it is in.
        let mut instance = self.take(plan).map_err(Failure::Error)?;
        let store = &mut instance.store;
        refuel(store, plan.options.fuel).map_err(|error| Failure::Error(Error::NotStarted(error)))?;
        let http = instance.bindings.asserta_exchange_http();
        let outcome = match call {
            Call::Handle(request) => http.call_handle(store, &request),
            Call::AfterResponse => http.call_after_response(store),
            Call::Resume(_, ticket, fetched) => http.call_resume(store, ticket, fetched.as_ref()),
        };
        let outcome = outcome.map_err(|trap| Failure::Error(Error::Trapped(trap)))?;
        let number = instance.number;
        self.instance = Some(instance);
        Ok((number, outcome))
    }
}

/// An instance, and the requests that it has.
pub(super) struct Worker<S: 'static> {
    plan: Arc<Plan<S>>,
    fetch: Fetch,
    place: Arc<Mutex<Place<S>>>,
    load: AtomicUsize,
}

impl<S: Store + Clone + Sync> Worker<S> {
    pub(super) fn new(plan: Arc<Plan<S>>, fetch: Fetch) -> Self {
        let place = Arc::new(Mutex::new(Place { instance: None, started: 0 }));
        Self { plan, fetch, place, load: AtomicUsize::new(0) }
    }

    /// Starts its instance at once. Nobody may use it yet.
    pub(super) fn start(&self) -> Result<(), Error> {
        let mut place = self.place.try_lock().expect("nobody uses it yet");
        place.instance = Some(place.take(&self.plan)?);
        Ok(())
    }

    /// How many requests it has.
    pub(super) fn load(&self) -> usize {
        self.load.load(Ordering::Relaxed)
    }

    /// The component's response to a request.
    pub(super) async fn handle(&self, request: wit::Request) -> Result<wit::Response, Failure> {
        self.load.fetch_add(1, Ordering::Relaxed);
        let responded = self.run(Call::Handle(request)).await;
        self.load.fetch_sub(1, Ordering::Relaxed);
        // It was asked, and has nothing to say: there is no such case.
        responded?.ok_or(Failure::Lost)
    }

    /// The work that no response waits for.
    pub(super) async fn after_response(&self) {
        if let Err(Failure::Error(error)) = self.run(Call::AfterResponse).await {
            tracing::error!(error = %error, "the work after a response failed");
        }
    }

    /// Calls, waits and fetches for the component until it is done. What waits is kept in its instance, which serves others
    /// meanwhile.
    async fn run(&self, call: Call) -> Result<Option<wit::Response>, Failure> {
        let (number, mut outcome) = self.call(call).await?;
        let mut fetches = 0;
        loop {
            let (ticket, fetched) = match outcome {
                wit::Outcome::Response(response) => return Ok(Some(response)),
                wit::Outcome::Done => return Ok(None),
                wit::Outcome::Later(later) => {
                    tokio::time::sleep(Duration::from_millis(later.milliseconds.into())).await;
                    (later.ticket, None)
                }
                // A fetcher takes an address and nothing more: what only these are to vouch for is not fetched (R55).
                wit::Outcome::Fetch(wit::Fetch { ticket, authorities: Some(_), .. }) => {
                    (ticket, Some(Err(FetchProblem::Authorities)))
                }
                wit::Outcome::Fetch(wit::Fetch { ticket, uri, .. }) => {
                    fetches += 1;
                    let may = fetches <= MAX_FETCHES;
                    (ticket, Some(if may { self.fetched(uri).await } else { Err(FetchProblem::Unknown) }))
                }
            };
            (_, outcome) = self.call(Call::Resume(number, ticket, fetched)).await?;
        }
    }

    async fn call(&self, call: Call) -> Result<(u64, wit::Outcome), Failure> {
        // Who waits for the instance waits here and holds no thread.
        let mut place = Arc::clone(&self.place).lock_owned().await;
        let plan = Arc::clone(&self.plan);
        // Else the store panicked, or the runtime ends.
        spawn_blocking(move || place.call(&plan, call)).await.unwrap_or(Err(Failure::Lost))
    }

    async fn fetched(&self, uri: String) -> wit::Fetched {
        let fetch = Arc::clone(&self.fetch);
        let document = spawn_blocking(move || fetch(&uri)).await.unwrap_or(Err(FetchProblem::Unknown))?;
        if document.text.len() > MAX_DOCUMENT {
            return Err(FetchProblem::TooLarge);
        }
        Ok(wit::Document { body: document.text.into_bytes(), max_age: document.max_age })
    }
}
