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
