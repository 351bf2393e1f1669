//! What wit-bindgen makes of `wit/`.

#![allow(unsafe_code, reason = "the canonical ABI passes pointers and lengths")]
#![allow(
    missing_docs,
    unreachable_pub,
    clippy::all,
    reason = "generated; the documentation is in the WIT files"
)]

#[cfg(not(any(feature = "host-signatures", feature = "policy")))]
wit_bindgen::generate!({
    path: "../../wit",
    world: "endpoint",
    with: {
        "asserta:exchange/store@0.2.0": asserta_imports::bindings::asserta::exchange::store,
        "asserta:exchange/events@0.2.0": asserta_imports::bindings::asserta::exchange::events,
        "wasi:clocks/wall-clock@0.2.6": asserta_imports::bindings::wasi::clocks::wall_clock,
        "wasi:random/random@0.2.6": asserta_imports::bindings::wasi::random::random,
    },
    generate_all,
});

#[cfg(all(feature = "host-signatures", not(feature = "policy")))]
wit_bindgen::generate!({
    path: "../../wit",
    world: "endpoint-host-signatures",
    with: {
        "asserta:exchange/store@0.2.0": asserta_imports::bindings::asserta::exchange::store,
        "asserta:exchange/events@0.2.0": asserta_imports::bindings::asserta::exchange::events,
        "asserta:exchange/signatures@0.2.0": asserta_imports::bindings::asserta::exchange::signatures,
        "wasi:clocks/wall-clock@0.2.6": asserta_imports::bindings::wasi::clocks::wall_clock,
        "wasi:random/random@0.2.6": asserta_imports::bindings::wasi::random::random,
    },
    generate_all,
});

#[cfg(all(feature = "policy", not(feature = "host-signatures")))]
wit_bindgen::generate!({
    path: "../../wit",
    world: "endpoint-policy",
    with: {
        "asserta:exchange/store@0.2.0": asserta_imports::bindings::asserta::exchange::store,
        "asserta:exchange/events@0.2.0": asserta_imports::bindings::asserta::exchange::events,
        "asserta:exchange/policy@0.2.0": asserta_imports::bindings::asserta::exchange::policy,
        "wasi:clocks/wall-clock@0.2.6": asserta_imports::bindings::wasi::clocks::wall_clock,
        "wasi:random/random@0.2.6": asserta_imports::bindings::wasi::random::random,
    },
    generate_all,
});

#[cfg(all(feature = "policy", feature = "host-signatures"))]
wit_bindgen::generate!({
    path: "../../wit",
    world: "endpoint-policy-host-signatures",
    with: {
        "asserta:exchange/store@0.2.0": asserta_imports::bindings::asserta::exchange::store,
        "asserta:exchange/events@0.2.0": asserta_imports::bindings::asserta::exchange::events,
        "asserta:exchange/signatures@0.2.0": asserta_imports::bindings::asserta::exchange::signatures,
        "asserta:exchange/policy@0.2.0": asserta_imports::bindings::asserta::exchange::policy,
        "wasi:clocks/wall-clock@0.2.6": asserta_imports::bindings::wasi::clocks::wall_clock,
        "wasi:random/random@0.2.6": asserta_imports::bindings::wasi::random::random,
    },
    generate_all,
});

export!(Component);

/// Implements the exported interface.
pub(crate) struct Component;
