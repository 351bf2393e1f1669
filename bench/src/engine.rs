//! wasmtime, set up as the host sets it up: what shapes the compiled code must be the same here.

use anyhow::{Result, anyhow};
use wasmtime::{Config, Engine, InstanceAllocationStrategy, PoolingAllocationConfig};

/// What is measured with an engine.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Meter {
    /// Time, with the host's own settings.
    Time,
    /// Fuel: how many instructions the guest executes, whatever the machine.
    Fuel,
}

/// An engine. With [`Meter::Time`] it compiles and pools as the host's does; see `src/host/src/program.rs`.
pub fn engine(meter: Meter) -> Result<Engine> {
    let mut config = Config::new();
    match meter {
        Meter::Time => {
            let mut pool = PoolingAllocationConfig::default();
            pool.max_memory_size(64 << 20).max_memories_per_component(1);
            config
                .epoch_interruption(true)
                .allocation_strategy(InstanceAllocationStrategy::Pooling(pool))
                .generate_address_map(false);
        }
        Meter::Fuel => {
            config.consume_fuel(true);
        }
    }
    Engine::new(&config).map_err(|error| anyhow!("{error:#}"))
}
