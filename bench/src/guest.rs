//! The endpoint component in this process: for what an instance costs, and for the fuel of an exchange.
//!
//! Its world is as small as can be and the same each time: stores in memory, a clock that stands still,
//! randomness from a seed. So the guest executes the same instructions in every run.

use std::collections::BTreeMap;
use std::future::poll_fn;
use std::path::Path;
use std::time::Duration;

use anyhow::{Result, anyhow};
use asserta::signatures::{self, Signatures};
use bytes::Bytes;
use futures_channel::oneshot;
use http_body_util::{BodyExt as _, Full};
use rand::{SeedableRng as _, rngs::StdRng};
use wasmtime::component::{Accessor, Component, HasSelf, Linker, Resource, ResourceTable};
use wasmtime::{AsContextMut as _, Engine, Store};
use wasmtime_wasi::{HostMonotonicClock, HostWallClock, WasiCtx, WasiCtxView, WasiView};
use wasmtime_wasi_http::handler::{Prepared, Proxy};
use wasmtime_wasi_http::p3::bindings::ServicePre;
use wasmtime_wasi_http::{
    Error, RequestOptions, WasiBody, WasiHttpCtx, WasiHttpCtxView, WasiHttpHooks, WasiHttpView,
};

use crate::assertion::AUDIENCE;
use crate::engine::{Meter, engine};

mod bindings {
    #![allow(missing_docs, unreachable_pub, reason = "generated code")]
    wasmtime::component::bindgen!({
        path: "../src/host/wit",
        world: "asserta:host/services",
        imports: { default: trappable },
        with: { "wasi:keyvalue/store.bucket": super::Bucket },
    });
}

use bindings::spin::variables::variables;
use bindings::wasi::keyvalue::{atomics, store};

/// The time in this world: seconds since 1970.
pub const NOW: u64 = 1_800_000_000;

/// The endpoint, compiled, and what it is given.
pub struct Endpoint {
    engine: Engine,
    service: ServicePre<World>,
    trust: String,
}

/// One instance of it.
pub struct Instance {
    store: Store<World>,
    proxy: Proxy,
}

/// An open store, by its name.
#[derive(Clone)]
pub struct Bucket(String);

#[derive(Clone)]
enum Entry {
    Bytes(Vec<u8>),
    Count(i64),
}

struct World {
    table: ResourceTable,
    wasi: WasiCtx,
    http: WasiHttpCtx,
    hooks: NoNetwork,
    entries: BTreeMap<(String, String), Entry>,
    trust: String,
    signatures: Signatures,
}

impl Endpoint {
    /// Compiles the component. `trust` is the document of its registrations.
    pub fn load(component: &Path, meter: Meter, trust: String) -> Result<Self> {
        let engine = engine(meter)?;
        let service =
            link(&engine, component).map_err(|error| anyhow!("{}: {error:#}", component.display()))?;
        Ok(Self { engine, service, trust })
    }

    /// Makes an instance.
    pub async fn instantiate(&self) -> Result<Instance> {
        let mut store = Store::new(&self.engine, World::new(self.trust.clone()));
        // Neither of them is to run out; an engine has only one of them.
        if store.set_fuel(u64::MAX).is_err() {
            store.set_epoch_deadline(u64::MAX / 2);
        }
        let service = self.service.instantiate_async(&mut store).await.map_err(failed)?;
        Ok(Instance { store, proxy: Proxy::P3(service) })
    }
}

impl Instance {
    /// The answer to a request, and the fuel that it took (0 where the engine does not count).
    pub async fn answer(&mut self, request: http::Request<Bytes>) -> Result<(http::Response<Bytes>, u64)> {
        let before = self.store.get_fuel().unwrap_or_default();
        let request = request.map(|body| Full::new(body).map_err(|never| match never {}).boxed_unsync());
        let (sender, handed_over) = oneshot::channel();
        let prepared = Prepared::new(self.store.as_context_mut(), &self.proxy, request, World::http, sender);
        let prepared = prepared.map_err(failed)?;
        let answer = self.store.run_concurrent(async |accessor| {
            prepared.run(accessor, std::future::pending()).await?;
            let response = handed_over.await.map_err(|_| wasmtime::format_err!("no answer"))??;
            let (parts, body) = response.into_parts();
            let body = body.collect().await?.to_bytes();
            poll_fn(|context| accessor.poll_no_interesting_tasks(context)).await;
            wasmtime::error::Ok(http::Response::from_parts(parts, body))
        });
        let answer = answer.await.map_err(failed)?.map_err(failed)?;
        let after = self.store.get_fuel().unwrap_or_default();
        Ok((answer, before - after))
    }
}

fn link(engine: &Engine, component: &Path) -> wasmtime::Result<ServicePre<World>> {
    let component = Component::from_file(engine, component)?;
    let mut linker = Linker::new(engine);
    wasmtime_wasi::p2::add_to_linker_async(&mut linker)?;
    wasmtime_wasi::p3::cli::add_to_linker(&mut linker)?;
    wasmtime_wasi::p3::clocks::add_to_linker(&mut linker)?;
    wasmtime_wasi::p3::random::add_to_linker(&mut linker)?;
    wasmtime_wasi_http::p3::add_to_linker(&mut linker)?;
    signatures::add_to_linker(&mut linker, |world: &mut World| &world.signatures)?;
    bindings::Services::add_to_linker::<_, HasSelf<World>>(&mut linker, |world| world)?;
    ServicePre::new(linker.instantiate_pre(&component)?)
}

fn failed(error: wasmtime::Error) -> anyhow::Error {
    anyhow!("{error:#}")
}

impl World {
    fn new(trust: String) -> Self {
        let wasi = WasiCtx::builder()
            .wall_clock(StoppedClock)
            .monotonic_clock(StoppedClock)
            .secure_random(StdRng::seed_from_u64(1))
            .insecure_random(StdRng::seed_from_u64(2))
            .insecure_random_seed(3)
            .build();
        let (table, http, entries) = (ResourceTable::new(), WasiHttpCtx::new(), BTreeMap::new());
        let signatures = Signatures::default();
        Self { table, wasi, http, hooks: NoNetwork, entries, trust, signatures }
    }

    fn key(&self, bucket: &Resource<Bucket>, key: String) -> wasmtime::Result<(String, String)> {
        Ok((self.table.get(bucket)?.0.clone(), key))
    }
}

impl WasiView for World {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.wasi, table: &mut self.table }
    }
}

impl WasiHttpView for World {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        WasiHttpCtxView { ctx: &mut self.http, table: &mut self.table, hooks: &mut self.hooks }
    }
}

struct StoppedClock;

impl HostWallClock for StoppedClock {
    fn resolution(&self) -> Duration {
        Duration::from_secs(1)
    }

    fn now(&self) -> Duration {
        Duration::from_secs(NOW)
    }
}

impl HostMonotonicClock for StoppedClock {
    fn resolution(&self) -> u64 {
        1
    }

    fn now(&self) -> u64 {
        0
    }
}

struct NoNetwork;

type Sent = (http::Response<WasiBody>, Box<dyn Future<Output = Result<(), Error>> + Send>);

impl WasiHttpHooks for NoNetwork {
    fn send_request(
        &mut self,
        _: http::Request<WasiBody>,
        _: Option<RequestOptions>,
        _: Box<dyn Future<Output = Result<(), Error>> + Send>,
    ) -> Box<dyn Future<Output = Result<Sent, Error>> + Send> {
        Box::new(std::future::ready(Err(Error::HttpRequestDenied)))
    }
}

type Answer<T> = wasmtime::Result<Result<T, store::Error>>;

impl store::Host for World {
    fn open(&mut self, identifier: String) -> Answer<Resource<Bucket>> {
        Ok(Ok(self.table.push(Bucket(identifier))?))
    }
}

impl store::HostBucket for World {
    fn get(&mut self, bucket: Resource<Bucket>, key: String) -> Answer<Option<Vec<u8>>> {
        let entry = self.entries.get(&self.key(&bucket, key)?);
        Ok(Ok(entry.map(|entry| match entry {
            Entry::Bytes(bytes) => bytes.clone(),
            Entry::Count(count) => count.to_le_bytes().to_vec(),
        })))
    }

    fn set(&mut self, bucket: Resource<Bucket>, key: String, value: Vec<u8>) -> Answer<()> {
        let key = self.key(&bucket, key)?;
        self.entries.insert(key, Entry::Bytes(value));
        Ok(Ok(()))
    }

    fn delete(&mut self, bucket: Resource<Bucket>, key: String) -> Answer<()> {
        let key = self.key(&bucket, key)?;
        self.entries.remove(&key);
        Ok(Ok(()))
    }

    fn exists(&mut self, bucket: Resource<Bucket>, key: String) -> Answer<bool> {
        Ok(Ok(self.entries.contains_key(&self.key(&bucket, key)?)))
    }

    fn list_keys(&mut self, bucket: Resource<Bucket>, _: Option<String>) -> Answer<store::KeyResponse> {
        let bucket = &self.table.get(&bucket)?.0;
        let keys =
            self.entries.keys().filter(|(store, _)| store == bucket).map(|(_, key)| key.clone()).collect();
        Ok(Ok(store::KeyResponse { keys, cursor: None }))
    }

    fn drop(&mut self, bucket: Resource<Bucket>) -> wasmtime::Result<()> {
        self.table.delete(bucket)?;
        Ok(())
    }
}

impl atomics::Host for World {
    fn increment(&mut self, bucket: Resource<Bucket>, key: String, delta: i64) -> Answer<i64> {
        let key = self.key(&bucket, key)?;
        let entry = self.entries.entry(key).or_insert(Entry::Count(0));
        let Entry::Count(count) = entry else {
            return Ok(Err(store::Error::Other("not a counter".to_owned())));
        };
        *count += delta;
        Ok(Ok(*count))
    }
}

impl variables::Host for World {}

impl<T> variables::HostWithStore<T> for HasSelf<World> {
    async fn get(
        accessor: &Accessor<T, Self>,
        name: String,
    ) -> wasmtime::Result<Result<String, variables::Error>> {
        Ok(Ok(match name.as_str() {
            "public_url" => AUDIENCE.to_owned(),
            "trust" => accessor.with(|mut world| world.get().trust.clone()),
            "access_token_algorithm" => "ES256".to_owned(),
            _ => String::new(),
        }))
    }
}
