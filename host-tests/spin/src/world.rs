//! What an instance sees of the world.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http::HeaderName;
use rusqlite::Connection;
use wasmtime::component::ResourceTable;
use wasmtime_wasi::{HostWallClock, WasiCtx, WasiCtxView, WasiView};
use wasmtime_wasi_http::{
    DEFAULT_FORBIDDEN_HEADERS, WasiHttpCtx, WasiHttpCtxView, WasiHttpHooks, WasiHttpView,
};

use crate::sqlite::DatabaseFile;

/// Bindings to the interfaces that Spin implements itself.
pub(crate) mod bindings {
    #![allow(missing_docs, unreachable_pub, reason = "generated code")]

    wasmtime::component::bindgen!({
        path: "wit",
        world: "asserta:spin-stand-in/services",
        imports: { default: async | trappable },
        with: {
            "wasi:keyvalue/store.bucket": crate::keyvalue::OpenBucket,
            "fermyon:spin/sqlite.connection": crate::sqlite::OpenConnection,
        },
    });
}

/// What all instances of a served component share.
pub(crate) struct App {
    seconds: AtomicU64,
    pub(crate) variables: BTreeMap<String, String>,
    database: Mutex<Connection>,
    pub(crate) database_file: DatabaseFile,
}

impl App {
    pub(crate) fn new(at: u64, variables: BTreeMap<String, String>) -> anyhow::Result<Self> {
        let database = Connection::open_in_memory()?;
        crate::keyvalue::create(&database)?;
        let database_file = DatabaseFile::new()?;
        Ok(Self { seconds: AtomicU64::new(at), variables, database: Mutex::new(database), database_file })
    }

    pub(crate) fn set_clock(&self, at: u64) {
        self.seconds.store(at, Ordering::SeqCst);
    }

    pub(crate) fn database(&self) -> MutexGuard<'_, Connection> {
        self.database.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The state of one instance.
pub(crate) struct World {
    pub(crate) app: Arc<App>,
    pub(crate) table: ResourceTable,
    wasi: WasiCtx,
    http: WasiHttpCtx,
    hooks: Client,
    receiving: Receiving,
}

/// wasmtime's own client of HTTP.
struct Client;

impl WasiHttpHooks for Client {}

/// How Spin hands a request over: with its `host`, which wasmtime takes out, and which no component may set.
struct Receiving;

impl WasiHttpHooks for Receiving {
    fn is_forbidden_header(&mut self, name: &HeaderName) -> bool {
        name != http::header::HOST && DEFAULT_FORBIDDEN_HEADERS.contains(name)
    }
}

impl World {
    pub(crate) fn new(app: Arc<App>) -> Self {
        // A manifest gives a component `variables` and `environment`; here both are the same.
        let environment: Vec<(&String, &String)> = app.variables.iter().collect();
        let mut builder = WasiCtx::builder();
        let wasi = builder.wall_clock(StillClock(app.clone())).envs(&environment).inherit_stderr().build();
        let (table, http) = (ResourceTable::new(), WasiHttpCtx::new());
        Self { app, table, wasi, http, hooks: Client, receiving: Receiving }
    }

    /// With what hands a request over.
    pub(crate) fn receiving(&mut self) -> WasiHttpCtxView<'_> {
        WasiHttpCtxView { ctx: &mut self.http, table: &mut self.table, hooks: &mut self.receiving }
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

struct StillClock(Arc<App>);

impl fmt::Debug for StillClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StillClock")
    }
}

impl HostWallClock for StillClock {
    fn resolution(&self) -> Duration {
        Duration::from_secs(1)
    }

    fn now(&self) -> Duration {
        Duration::from_secs(self.0.seconds.load(Ordering::SeqCst))
    }
}
