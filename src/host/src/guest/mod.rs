//! What one instance of the endpoint sees of the world.

mod files;
mod keyvalue;
mod limits;
pub(crate) mod log;
mod variables;

use std::sync::Arc;
use std::time::Duration;

use wasmtime::component::{Component, HasSelf, Linker, ResourceTable};
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};
use wasmtime_wasi_http::{WasiHttpCtx, WasiHttpCtxView, WasiHttpView};

use crate::clock::{GuestClock, WallClock};
use crate::keyvalue::KeyValue;
use crate::outbound::{Hooks, Outbound};
use crate::settings::Variables;
use crate::signatures::{self, Signatures};

pub(crate) use limits::{OutOfTime, Usage, Watched};

/// Bindings to the interfaces that this host implements itself.
mod bindings {
    wasmtime::component::bindgen!({
        path: "wit",
        world: "asserta:host/services",
        imports: { default: async | trappable },
        with: { "wasi:keyvalue/store.bucket": super::keyvalue::OpenBucket },
    });
}

/// What all instances of a host share.
pub(crate) struct World {
    pub(crate) stores: Arc<dyn KeyValue>,
    pub(crate) variables: Variables,
    pub(crate) clock: Arc<dyn WallClock>,
    pub(crate) outbound: Arc<Outbound>,
    pub(crate) signatures: Signatures,
    /// The most linear memory that an instance may have.
    pub(crate) memory_limit: usize,
    /// How long a request may compute.
    pub(crate) computing_time: Duration,
}

/// The state of one instance, on this side of the border.
pub(crate) struct Guest {
    world: Arc<World>,
    table: ResourceTable,
    wasi: WasiCtx,
    http: WasiHttpCtx,
    hooks: Hooks,
    pub(crate) usage: Usage,
}

impl Guest {
    pub(crate) fn new(world: Arc<World>) -> Self {
        // No file, no network, no environment, no arguments: what the endpoint needs comes through the
        // interfaces of this module.
        let wasi = WasiCtx::builder()
            .wall_clock(GuestClock(world.clock.clone()))
            .stdout(log::LogStream::default())
            .stderr(log::LogStream::default())
            .allow_tcp(false)
            .allow_udp(false)
            .build();
        Self {
            table: ResourceTable::new(),
            wasi,
            http: WasiHttpCtx::new(),
            hooks: Hooks(world.outbound.clone()),
            usage: Usage::new(world.memory_limit, world.computing_time),
            world,
        }
    }
}

impl Watched for Guest {
    fn usage(&mut self) -> &mut Usage {
        &mut self.usage
    }
}

impl WasiView for Guest {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.wasi, table: &mut self.table }
    }
}

impl WasiHttpView for Guest {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        WasiHttpCtxView { ctx: &mut self.http, table: &mut self.table, hooks: &mut self.hooks }
    }
}

/// What Rust's standard library imports. No sockets: all of the network that the endpoint has is `wasi:http`.
fn add_std_to_linker(linker: &mut Linker<Guest>) -> wasmtime::Result<()> {
    use wasmtime_wasi::cli::{WasiCli, WasiCliView as _};
    use wasmtime_wasi::p2::bindings::{cli, random};
    use wasmtime_wasi::random::WasiRandom;

    // wasi:io, clocks, random numbers, standard input and output.
    wasmtime_wasi::p2::add_to_linker_proxy_interfaces_async(linker)?;
    random::insecure_seed::add_to_linker::<_, WasiRandom>(linker, |guest| guest.wasi.random())?;
    cli::environment::add_to_linker::<_, WasiCli>(linker, Guest::cli)?;
    cli::exit::add_to_linker::<_, WasiCli>(linker, Guest::cli)?;
    cli::terminal_input::add_to_linker::<_, WasiCli>(linker, Guest::cli)?;
    cli::terminal_output::add_to_linker::<_, WasiCli>(linker, Guest::cli)?;
    cli::terminal_stdin::add_to_linker::<_, WasiCli>(linker, Guest::cli)?;
    cli::terminal_stdout::add_to_linker::<_, WasiCli>(linker, Guest::cli)?;
    cli::terminal_stderr::add_to_linker::<_, WasiCli>(linker, Guest::cli)
}

/// Everything that the endpoint may import.
pub(crate) fn add_to_linker(linker: &mut Linker<Guest>, component: &Component) -> wasmtime::Result<()> {
    add_std_to_linker(linker)?;
    files::add_to_linker(linker, component)?;
    // spin-sdk.
    wasmtime_wasi::p3::clocks::add_to_linker(linker)?;
    wasmtime_wasi::p3::random::add_to_linker(linker)?;
    wasmtime_wasi_http::p3::add_to_linker(linker)?;
    // The endpoint itself.
    signatures::add_to_linker(linker, |guest| &guest.world.signatures)?;
    bindings::Services::add_to_linker::<_, HasSelf<Guest>>(linker, |guest| guest)
}
