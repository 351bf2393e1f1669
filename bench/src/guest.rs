//! The endpoint component in this process: for what an instance costs, and for the fuel of an exchange.
//!
//! Its world is as small as can be and the same each time: stores in memory, a clock that stands still,
//! randomness from a seed. So the guest executes the same instructions in every run.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Result, anyhow, bail};
use asserta::signatures::{self, Signatures};
use bytes::Bytes;
use rand::{Rng as _, SeedableRng as _, rngs::StdRng};
use wasmtime::component::{Component, HasSelf, Linker};
use wasmtime::{Engine, Store};

use crate::assertion::AUDIENCE;
use crate::engine::{Meter, engine};

mod bindings {
    #![allow(missing_docs, unreachable_pub, reason = "generated code")]
    wasmtime::component::bindgen!({
        path: "../wit",
        world: "endpoint",
        imports: { default: trappable },
        additional_derives: [PartialEq, Eq, PartialOrd, Ord, Hash],
    });
}

use bindings::asserta::exchange::{events, store};
use bindings::exports::asserta::exchange::http as wit;
use bindings::wasi::clocks::wall_clock;
use bindings::wasi::random::random;
use bindings::{Endpoint as Exports, EndpointPre};

/// The time in this world: seconds since 1970.
pub const NOW: u64 = 1_800_000_000;

/// The endpoint, compiled, and what it is given.
pub struct Endpoint {
    linked: EndpointPre<World>,
    settings: Vec<wit::Setting>,
}

/// One instance of it.
pub struct Instance {
    store: Store<World>,
    exports: Exports,
}

/// A value of a store.
#[derive(Clone)]
enum Entry {
    Text(String),
    Count(i64),
}

struct World {
    entries: BTreeMap<(store::Area, String), Entry>,
    random: StdRng,
    signatures: Signatures,
}

impl Endpoint {
    /// Compiles the component. `trust` is the document of its registrations.
    pub fn load(component: &Path, meter: Meter, trust: String) -> Result<Self> {
        let engine = engine(meter)?;
        let linked =
            link(&engine, component).map_err(|error| anyhow!("{}: {error:#}", component.display()))?;
        let settings = [("public_url", AUDIENCE.to_owned()), ("trust", trust)];
        Ok(Self { linked, settings: settings.map(|(name, text)| (name.to_owned(), text)).into() })
    }

    /// Makes an instance.
    pub fn instantiate(&self) -> Result<Instance> {
        let world = World {
            entries: BTreeMap::new(),
            random: StdRng::seed_from_u64(1),
            signatures: Signatures::default(),
        };
        let mut store = Store::new(self.linked.engine(), world);
        // Neither of them is to run out; an engine has only one of them.
        if store.set_fuel(u64::MAX).is_err() {
            store.set_epoch_deadline(u64::MAX / 2);
        }
        let exports = self.linked.instantiate(&mut store).map_err(failed)?;
        let configured =
            exports.asserta_exchange_http().call_configure(&mut store, &self.settings).map_err(failed)?;
        configured.map_err(|bad| anyhow!("the setting {}: {}", bad.name, bad.problem))?;
        Ok(Instance { store, exports })
    }
}

impl Instance {
    /// The response to a request, and the fuel that it took with all that it does afterwards (0 where the engine does
    /// not count).
    pub fn serve(&mut self, request: http::Request<Bytes>) -> Result<(http::Response<Bytes>, u64)> {
        let before = self.store.get_fuel().unwrap_or_default();
        let (parts, body) = request.into_parts();
        let headers = parts.headers.iter();
        let request = wit::Request {
            method: parts.method.as_str().to_owned(),
            path: parts.uri.path().to_owned(),
            query: parts.uri.query().map(str::to_owned),
            headers: headers.map(|(name, value)| (name.as_str().into(), value.as_bytes().into())).collect(),
            body: wit::Body::Bytes(body.into()),
        };
        let http = self.exports.asserta_exchange_http();
        let wit::Outcome::Response(response) = http.call_handle(&mut self.store, &request).map_err(failed)?
        else {
            bail!("a request waits, in a world that has nothing to wait for")
        };
        let wit::Outcome::Done = http.call_after_response(&mut self.store).map_err(failed)? else {
            bail!("what comes after a response waits")
        };
        let after = self.store.get_fuel().unwrap_or_default();
        let mut given = http::Response::builder().status(response.status);
        for (name, value) in &response.headers {
            given = given.header(name, value);
        }
        Ok((given.body(response.body.into())?, before - after))
    }
}

fn link(engine: &Engine, component: &Path) -> wasmtime::Result<EndpointPre<World>> {
    let component = Component::from_file(engine, component)?;
    let mut linker = Linker::new(engine);
    signatures::add_to_linker(&mut linker, |world: &mut World| &world.signatures)?;
    Exports::add_to_linker::<_, HasSelf<World>>(&mut linker, |world| world)?;
    EndpointPre::new(linker.instantiate_pre(&component)?)
}

fn failed(error: wasmtime::Error) -> anyhow::Error {
    anyhow!("{error:#}")
}

type Given<T> = wasmtime::Result<Result<T, store::StoreError>>;

impl store::Host for World {
    fn get(&mut self, area: store::Area, key: String) -> Given<Option<String>> {
        Ok(Ok(self.entries.get(&(area, key)).map(|entry| match entry {
            Entry::Text(text) => text.clone(),
            Entry::Count(count) => count.to_string(),
        })))
    }

    fn set(&mut self, area: store::Area, key: String, value: String) -> Given<()> {
        self.entries.insert((area, key), Entry::Text(value));
        Ok(Ok(()))
    }

    fn delete(&mut self, area: store::Area, key: String) -> Given<()> {
        self.entries.remove(&(area, key));
        Ok(Ok(()))
    }

    fn keys(
        &mut self,
        area: store::Area,
        prefix: String,
        after: Option<String>,
        limit: u32,
    ) -> Given<Vec<String>> {
        let keys = self.entries.keys().filter(|(of, _)| *of == area).map(|(_, key)| key);
        let keys =
            keys.filter(|key| key.starts_with(&prefix) && after.as_ref().is_none_or(|after| *key > after));
        Ok(Ok(keys.take(limit as usize).cloned().collect()))
    }

    fn increment(&mut self, area: store::Area, key: String) -> Given<i64> {
        let Entry::Count(count) = self.entries.entry((area, key)).or_insert(Entry::Count(0)) else {
            return Ok(Err(store::StoreError::Rejected));
        };
        *count += 1;
        Ok(Ok(*count))
    }
}

impl events::Host for World {
    fn emit(&mut self, _event: String) -> wasmtime::Result<()> {
        Ok(())
    }
}

impl wall_clock::Host for World {
    fn now(&mut self) -> wasmtime::Result<wall_clock::Datetime> {
        Ok(wall_clock::Datetime { seconds: NOW, nanoseconds: 0 })
    }

    fn resolution(&mut self) -> wasmtime::Result<wall_clock::Datetime> {
        Ok(wall_clock::Datetime { seconds: 1, nanoseconds: 0 })
    }
}

impl random::Host for World {
    fn get_random_bytes(&mut self, length: u64) -> wasmtime::Result<Vec<u8>> {
        let mut bytes = vec![0; usize::try_from(length)?];
        self.random.fill_bytes(&mut bytes);
        Ok(bytes)
    }

    fn get_random_u64(&mut self) -> wasmtime::Result<u64> {
        Ok(self.random.next_u64())
    }
}
