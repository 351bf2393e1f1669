//! R56, R75: what the world `exchanger-events` tells its host, of the component as it is built.

use std::collections::BTreeMap;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Result, anyhow, ensure};
use host_tests::assertion::assertion;
use host_tests::components;
use host_tests::keys::key;
use host_tests::local_host::PUBLIC_URL;
use serde_json::{Value, json};
use wasmtime::component::{Component, HasSelf, Linker};
use wasmtime::{Engine, Store};

use bindings::asserta::exchange::{events, store};
use bindings::exports::asserta::exchange::exchange::{ClientSecret, Credentials, Grant, Options};
use bindings::wasi::clocks::wall_clock;
use bindings::wasi::random::random;

mod bindings {
    #![allow(missing_docs, unreachable_pub, clippy::all, reason = "generated code")]
    wasmtime::component::bindgen!({ path: "../wit", world: "exchanger-events" });
}

/// A store in memory, the time, and what was told.
#[derive(Default)]
struct Host {
    entries: BTreeMap<(u8, String), String>,
    told: Vec<Value>,
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

#[test]
fn the_host_is_told_of_each_decision() -> Result<()> {
    run().map_err(|error| anyhow!("{error:#}"))
}

fn run() -> Result<()> {
    let wasm = |error: wasmtime::Error| anyhow!("{error:#}");
    let engine = Engine::default();
    let component = Component::new(&engine, components::bytes("exchanger-events.wasm")?).map_err(wasm)?;
    let mut linker = Linker::new(&engine);
    bindings::ExchangerEvents::add_to_linker::<_, HasSelf<Host>>(&mut linker, |host| host).map_err(wasm)?;
    let mut store = Store::new(&engine, Host::default());
    let exchanger = bindings::ExchangerEvents::instantiate(&mut store, &component, &linker).map_err(wasm)?;

    let settings = bindings::exports::asserta::exchange::configuration::Settings {
        public_url: PUBLIC_URL.to_owned(),
        access_token_algorithm: None,
        dev: false,
    };
    exchanger
        .asserta_exchange_configuration()
        .call_configure(&mut store, &settings)
        .map_err(wasm)?
        .map_err(|error| anyhow!("{error:?}"))?;
    let issuer = json!({
        "name": "partner", "issuer": "https://partner.example",
        "jwks": { "keys": [key("es256")?.jwk()?] }, "alias": format!("{PUBLIC_URL}/t/acme"),
    });
    exchanger
        .asserta_exchange_trusted_issuers()
        .call_register(&mut store, "default", &issuer.to_string())
        .map_err(wasm)?
        .map_err(|error| anyhow!("{error:?}"))?;
    let silent = json!({
        "name": "silent", "issuer": "https://silent.example", "jwks_uri": "https://silent.example/jwks",
    });
    exchanger
        .asserta_exchange_trusted_issuers()
        .call_register(&mut store, "default", &silent.to_string())
        .map_err(wasm)?
        .map_err(|error| anyhow!("{error:?}"))?;
    let application = json!({ "grant_types": ["urn:ietf:params:oauth:grant-type:jwt-bearer"] });
    let application: Value = serde_json::from_str(
        &exchanger
            .asserta_exchange_applications()
            .call_register(&mut store, "default", &application.to_string())
            .map_err(wasm)?
            .map_err(|error| anyhow!("{error:?}"))?,
    )?;

    let exchange = exchanger.asserta_exchange_exchange();
    let text = |member: &str| application[member].as_str().unwrap_or_default().to_owned();
    let good = assertion("es256", &json!({}))?;
    let of_silent = assertion("es256", &json!({ "iss": "https://silent.example", "aud": PUBLIC_URL }))?;
    // That keys are needed is no decision.
    for assertion in [good.clone(), good, of_silent, "x".repeat(20_000)] {
        let credentials = Credentials::ClientSecret(ClientSecret {
            client_id: text("client_id"),
            client_secret: text("client_secret"),
        });
        let options = Options { scope: None, resources: Vec::new() };
        let _ = exchange
            .call_exchange(&mut store, "default", &Grant::JwtBearer(assertion), &credentials, &options)
            .map_err(wasm)?;
    }
    let told = std::mem::take(&mut store.data_mut().told);
    let outcomes: Vec<_> = told
        .iter()
        .filter(|told| told["event"] == "exchange")
        .map(|told| {
            let text = |member: &str| told[member].as_str().unwrap_or("-").to_owned();
            (text("outcome"), text("client_id"), text("trusted_issuer"))
        })
        .collect();
    let client_id = text("client_id");
    let expected = [
        ("granted", client_id.as_str(), "partner"),
        ("assertion-replayed", &client_id, "partner"),
        ("assertion-too-large", "-", "-"),
    ];
    let expected =
        expected.map(|(outcome, client, issuer)| (outcome.to_owned(), client.to_owned(), issuer.to_owned()));
    ensure!(outcomes == expected, "{told:#?}");
    ensure!(told.iter().any(|told| told["event"] == "signing-key-added"), "{told:#?}");
    Ok(())
}
