//! The endpoint as a compiled program: what all instances of it share.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use wasmtime::component::Component;
use wasmtime::{Config, Engine, InstanceAllocationStrategy, PoolingAllocationConfig};

use crate::compiled::{self, CompiledForm};
use crate::instance::Linked;

/// How many instances may exist at once, in all hosts that share a program. One handles one request
/// at a time, and a request holds one only while it computes or waits for a JWKS endpoint.
pub(crate) const MAX_INSTANCES: u32 = 256;

/// The most linear memory that one instance may have; [`Limits`](crate::Limits) may say less.
pub(crate) const MAX_MEMORY_BYTES: usize = 64 << 20;

/// How often running instances are asked how long they have been running.
pub(crate) const TICK: Duration = Duration::from_millis(10);

/// A component that cannot be run.
#[derive(Debug, thiserror::Error)]
pub enum ProgramError {
    /// The engine cannot be set up on this machine.
    #[error("the WebAssembly engine cannot start: {0}")]
    Engine(String),
    /// The bytes are no component, or one that does not compile.
    #[error("the component cannot be compiled: {0}")]
    Compile(String),
    /// The component imports what this host does not serve, or does not export `asserta:exchange/http`.
    #[error("the component does not fit this host: {0}")]
    Link(String),
}

/// The compiled endpoint. Cheap to clone; hosts in one process can share it.
#[derive(Clone)]
pub struct Program {
    pub(crate) linked: Linked,
    _ticker: Arc<Ticker>,
}

impl Program {
    /// Compiles a component. With a `directory`, the compiled form is kept there and found again, so
    /// that the next start takes milliseconds. The file belongs to the owner alone, and is checked before it is loaded.
    pub fn load(component: &[u8], directory: Option<&Path>) -> Result<Self, ProgramError> {
        let engine = Engine::new(&config()).map_err(|error| ProgramError::Engine(format!("{error:#}")))?;
        let component = match directory {
            Some(directory) => compiled::load(&engine, component, directory),
            None => Component::new(&engine, component).map(|component| (component, CompiledForm::Made)),
        };
        let (component, _) = component.map_err(|error| ProgramError::Compile(format!("{error:#}")))?;
        let linked = Linked::new(&component).map_err(|error| ProgramError::Link(format!("{error:#}")))?;
        let ticker = Ticker::start(&engine).map_err(|error| ProgramError::Engine(error.to_string()))?;
        Ok(Self { linked, _ticker: Arc::new(ticker) })
    }
}

fn config() -> Config {
    let mut pool = PoolingAllocationConfig::default();
    pool.total_component_instances(MAX_INSTANCES)
        .total_core_instances(MAX_INSTANCES * CORE_INSTANCES)
        .max_core_instances_per_component(CORE_INSTANCES)
        .total_memories(MAX_INSTANCES)
        .max_memories_per_component(MEMORIES)
        .total_tables(MAX_INSTANCES * TABLES)
        .max_tables_per_component(TABLES)
        .total_stacks(MAX_INSTANCES * STACKS)
        // Memory of an instance that ends goes back to the system. To keep it mapped for the next one was tried: wasmtime
        // then writes to all of what is kept, so that memory grew by a half when the first instances were replaced.
        .max_memory_size(MAX_MEMORY_BYTES);
    let mut config = Config::new();
    config
        .allocation_strategy(InstanceAllocationStrategy::Pooling(pool))
        .epoch_interruption(true)
        // Positions in the component's bytes are of no use to whoever reads our log; without them the
        // compiled form is smaller and loads faster.
        .generate_address_map(false);
    config
}

/// The endpoint's own module, and the adapters that wit-component puts around it.
const CORE_INSTANCES: u32 = 16;
const TABLES: u32 = 8;
/// The memory of the endpoint, and that of a policy that is composed in. Where there is one, half as many instances find
/// room; all others have one memory.
const MEMORIES: u32 = 2;
/// One call into an instance is under way at a time.
const STACKS: u32 = 1;

/// Advances the engine's epoch, for as long as a program exists.
struct Ticker {
    stop: std::sync::mpsc::Sender<()>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Ticker {
    fn start(engine: &Engine) -> std::io::Result<Self> {
        let (stop, stopped) = std::sync::mpsc::channel();
        let engine = engine.clone();
        let thread = std::thread::Builder::new().name("epochs".to_owned()).spawn(move || {
            use std::sync::mpsc::RecvTimeoutError::Timeout;
            while matches!(stopped.recv_timeout(TICK), Err(Timeout)) {
                engine.increment_epoch();
            }
        })?;
        Ok(Self { stop, thread: Some(thread) })
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        _ = self.stop.send(());
        if let Some(thread) = self.thread.take() {
            _ = thread.join();
        }
    }
}
