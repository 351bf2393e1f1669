//! A host that embeds an exchanger, as a program would: a store in memory, the time, and what it is told.

#![allow(dead_code, unreachable_pub, reason = "each test file uses a part of it")]

use std::collections::BTreeMap;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Result, anyhow};
use host_tests::components;
use host_tests::keys::key;
use host_tests::local_host::PUBLIC_URL;
use serde_json::{Value, json};
use wasmtime::component::{Component, HasSelf, Linker};
use wasmtime::{Config, Engine, Store, StoreLimits, StoreLimitsBuilder};

use bindings::ExchangerEvents;
use bindings::asserta::exchange::{events, store};
use bindings::exports::asserta::exchange::configuration::Settings;
use bindings::exports::asserta::exchange::exchange::{
    AccessToken, ClientSecret, Credentials, ExchangeError, Grant, Options,
};
use bindings::wasi::clocks::wall_clock;
use bindings::wasi::random::random;

pub mod bindings {
    #![allow(missing_docs, unreachable_pub, clippy::all, reason = "generated code")]
    wasmtime::component::bindgen!({ path: "../wit", world: "exchanger-events" });
}

/// What a call may use: five times what an exchange takes.
const FUEL: u64 = 1_000_000_000;
/// The most that each memory may have.
const MEMORY: usize = 16 << 20;

/// A store in memory, the time, and what was told.
pub struct Host {
    entries: BTreeMap<(u8, String), String>,
    pub told: Vec<Value>,
    limits: StoreLimits,
}

impl Default for Host {
    fn default() -> Self {
        let limits = StoreLimitsBuilder::new().memory_size(MEMORY).build();
        Self { entries: BTreeMap::new(), told: Vec::new(), limits }
    }
}

impl store::Host for Host {
    fn get(&mut self, area: store::Area, key: String) -> Result<Option<String>, store::StoreError> {
        Ok(self.entries.get(&(area as u8, key)).cloned())
    }

    fn set(&mut self, area: store::Area, key: String, value: String) -> Result<(), store::StoreError> {
        self.entries.insert((area as u8, key), value);
        Ok(())
    }

    fn delete(&mut self, area: store::Area, key: String) -> Result<(), store::StoreError> {
        self.entries.remove(&(area as u8, key));
        Ok(())
    }

    fn keys(
        &mut self,
        area: store::Area,
        prefix: String,
        after: Option<String>,
        limit: u32,
    ) -> Result<Vec<String>, store::StoreError> {
        let keys = self
            .entries
            .keys()
            .filter(|(of, key)| *of == area as u8 && key.starts_with(&prefix) && Some(key) > after.as_ref());
        Ok(keys.map(|(_, key)| key.clone()).take(limit as usize).collect())
    }

    fn increment(&mut self, area: store::Area, key: String) -> Result<i64, store::StoreError> {
        let counter = self.entries.entry((area as u8, key)).or_insert_with(|| "0".to_owned());
        let next = counter.parse::<i64>().map_err(|_| store::StoreError::Rejected)? + 1;
        *counter = next.to_string();
        Ok(next)
    }
}

impl wall_clock::Host for Host {
    fn now(&mut self) -> wall_clock::Datetime {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        wall_clock::Datetime { seconds: now.as_secs(), nanoseconds: now.subsec_nanos() }
    }

    fn resolution(&mut self) -> wall_clock::Datetime {
        wall_clock::Datetime { seconds: 0, nanoseconds: 1 }
    }
}

impl random::Host for Host {
    fn get_random_bytes(&mut self, length: u64) -> Vec<u8> {
        let seed = self.told.len() + self.entries.len();
        (0..length).map(|index| (index as usize * 31 + seed * 7) as u8).collect()
    }

    fn get_random_u64(&mut self) -> u64 {
        7
    }
}

impl events::Host for Host {
    fn emit(&mut self, event: String) {
        self.told.push(serde_json::from_str(&event).expect("an event is JSON"));
    }
}

fn wasm(error: wasmtime::Error) -> anyhow::Error {
    anyhow!("{error:#}")
}

/// An exchanger, configured.
pub struct Embedded {
    store: Store<Host>,
    exchanger: ExchangerEvents,
}

impl Embedded {
    /// An instance of a component over what a host has.
    pub fn start(component: &str, host: Host) -> Result<Self> {
        let mut config = Config::new();
        config.consume_fuel(true);
        let engine = Engine::new(&config).map_err(wasm)?;
        let component = Component::new(&engine, components::bytes(component)?).map_err(wasm)?;
        let mut linker = Linker::new(&engine);
        ExchangerEvents::add_to_linker::<_, HasSelf<Host>>(&mut linker, |host| host).map_err(wasm)?;
        let mut store = Store::new(&engine, host);
        store.limiter(|host| &mut host.limits);
        store.set_fuel(FUEL).map_err(wasm)?;
        let exchanger = ExchangerEvents::instantiate(&mut store, &component, &linker).map_err(wasm)?;
        let settings = Settings {
            public_url: PUBLIC_URL.to_owned(),
            access_token_algorithm: None,
            dev: false,
            dpop_nonce: false,
        };
        let configuration = exchanger.asserta_exchange_configuration();
        let configured = configuration.call_configure(&mut store, &settings).map_err(wasm)?;
        configured.map_err(|error| anyhow!("{error:?}"))?;
        Ok(Self { store, exchanger })
    }

    /// Registers an issuer of `default`.
    pub fn register_issuer(&mut self, issuer: &Value) -> Result<()> {
        self.store.set_fuel(FUEL).map_err(wasm)?;
        let issuers = self.exchanger.asserta_exchange_trusted_issuers();
        let registered = issuers.call_register(&mut self.store, "default", &issuer.to_string());
        registered.map_err(wasm)?.map_err(|error| anyhow!("{error:?}"))?;
        Ok(())
    }

    /// The issuer of the tests' assertions, with the test key `es256`.
    pub fn register_partner(&mut self) -> Result<()> {
        self.register_issuer(&json!({
            "name": "partner", "issuer": "https://partner.example",
            "jwks": { "keys": [key("es256")?.jwk()?] },
        }))
    }

    /// Registers an application of `default`, and returns it with its secret.
    pub fn register_application(&mut self) -> Result<Value> {
        self.store.set_fuel(FUEL).map_err(wasm)?;
        let application = json!({
            "grant_types": ["urn:ietf:params:oauth:grant-type:jwt-bearer"], "scope": "read write",
        });
        let applications = self.exchanger.asserta_exchange_applications();
        let registered = applications.call_register(&mut self.store, "default", &application.to_string());
        Ok(serde_json::from_str(&registered.map_err(wasm)?.map_err(|error| anyhow!("{error:?}"))?)?)
    }

    /// Exchanges an assertion for that application. The outer error is a trap.
    pub fn exchange(
        &mut self,
        application: &Value,
        assertion: &str,
    ) -> wasmtime::Result<Result<AccessToken, ExchangeError>> {
        let text = |member: &str| application[member].as_str().unwrap_or_default().to_owned();
        let credentials = Credentials::ClientSecret(ClientSecret {
            client_id: text("client_id"),
            client_secret: text("client_secret"),
        });
        let options = Options { scope: None, resources: Vec::new(), proof: None };
        let grant = Grant::JwtBearer(assertion.to_owned());
        self.store.set_fuel(FUEL)?;
        let exchange = self.exchanger.asserta_exchange_exchange();
        exchange.call_exchange(&mut self.store, "default", &grant, &credentials, &options)
    }

    /// What the host has, without the instance.
    pub fn into_host(self) -> Host {
        self.store.into_data()
    }
}
