//! What wasmtime makes of the WIT package.

#![allow(
    missing_docs,
    unreachable_pub,
    clippy::all,
    reason = "generated; the documentation is in the WIT files"
)]

wasmtime::component::bindgen!({
    path: "wit",
    world: "exchanger",
    additional_derives: [Clone, PartialEq],
});

impl exports::asserta::exchange::types::Page {
    /// The first hundred.
    pub fn first() -> Self {
        Self { limit: None, after: None }
    }
}

/// The HTTP face. What it shares with the exchanger is the same.
#[cfg(feature = "http")]
pub(crate) mod http {
    wasmtime::component::bindgen!({
        path: "wit",
        world: "endpoint",
        with: {
            "asserta:exchange/store": crate::bindings::asserta::exchange::store,
            "wasi:clocks/wall-clock": crate::bindings::wasi::clocks::wall_clock,
            "wasi:random/random": crate::bindings::wasi::random::random,
        },
        additional_derives: [Clone, PartialEq],
    });
}
