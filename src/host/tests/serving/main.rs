//! The host around the built endpoint: what it does where clients, stores or the component misbehave.
//! Whole exchanges are in host-tests.

#![allow(clippy::unwrap_used, reason = "a test that unwraps says clearly enough where it failed")]

mod clock;
mod limits;
mod stop;
mod stores;
mod wire;

use std::sync::{Arc, LazyLock};

use asserta::keyvalue::{KeyValue, MemoryStores};
use asserta::{Host, HostBuilder, Program};

/// The built endpoint, compiled once for all tests.
static PROGRAM: LazyLock<Program> = LazyLock::new(|| {
    let target = concat!(env!("CARGO_MANIFEST_DIR"), "/../../target");
    let component = std::fs::read(format!("{target}/components/handler.wasm"));
    let component = component.expect("target/components/handler.wasm is there: `make wasm` builds it");
    let compiled = format!("{target}/host-compiled");
    Program::load(&component, Some(compiled.as_ref())).expect("the endpoint fits this host")
});

fn host_on(stores: impl KeyValue) -> HostBuilder {
    Host::builder(PROGRAM.clone(), Arc::new(stores))
}

fn host() -> HostBuilder {
    host_on(MemoryStores::new())
}
