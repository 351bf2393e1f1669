//! The components that the crate carries, compiled.

use std::sync::OnceLock;

use wasmtime::component::Component;
use wasmtime::{Config, Engine};

use crate::error::Error;

const PORTABLE: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/exchanger.wasm"));
#[cfg(feature = "host-signatures")]
const HOST_SIGNATURES: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/exchanger-host-signatures.wasm"));
#[cfg(feature = "http")]
const HTTP: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/handler.wasm"));
#[cfg(all(feature = "http", feature = "host-signatures"))]
const HTTP_HOST_SIGNATURES: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/handler-host-signatures.wasm"));

/// Which component it is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum World {
    /// Signatures inside of the component.
    Portable,
    /// Signatures by the host.
    #[cfg(feature = "host-signatures")]
    HostSignatures,
    /// The HTTP face, likewise.
    #[cfg(feature = "http")]
    Http,
    /// The HTTP face with signatures by the host.
    #[cfg(all(feature = "http", feature = "host-signatures"))]
    HttpHostSignatures,
}

impl World {
    const fn bytes(self) -> &'static [u8] {
        match self {
            Self::Portable => PORTABLE,
            #[cfg(feature = "host-signatures")]
            Self::HostSignatures => HOST_SIGNATURES,
            #[cfg(feature = "http")]
            Self::Http => HTTP,
            #[cfg(all(feature = "http", feature = "host-signatures"))]
            Self::HttpHostSignatures => HTTP_HOST_SIGNATURES,
        }
    }

    /// The same with HTTP around it.
    #[cfg(feature = "http")]
    pub(crate) const fn with_http(self) -> Self {
        match self {
            Self::Portable | Self::Http => Self::Http,
            #[cfg(feature = "host-signatures")]
            Self::HostSignatures | Self::HttpHostSignatures => Self::HttpHostSignatures,
        }
    }
}

/// The component, compiled once in a process for each kind of engine.
pub(crate) fn compiled(world: World, metered: bool) -> Result<(Engine, Component), Error> {
    static COMPILED: [[OnceLock<(Engine, Component)>; 2]; 4] = [const { [const { OnceLock::new() }; 2] }; 4];
    let slot = &COMPILED[world as usize][usize::from(metered)];
    if let Some(known) = slot.get() {
        return Ok(known.clone());
    }
    let compile = || {
        let mut config = Config::new();
        config.consume_fuel(metered);
        let engine = Engine::new(&config)?;
        let component = Component::new(&engine, world.bytes())?;
        Ok((engine, component))
    };
    let compiled = compile().map_err(Error::NotStarted)?;
    Ok(slot.get_or_init(|| compiled).clone())
}
