//! What wit-bindgen makes of `wit/`.

#![allow(unsafe_code, reason = "the canonical ABI passes pointers and lengths")]
#![allow(
    missing_docs,
    unreachable_pub,
    clippy::all,
    reason = "generated; the documentation is in the WIT files"
)]

#[cfg(any(
    all(feature = "standalone", feature = "host-signatures"),
    all(feature = "standalone", feature = "events"),
    all(feature = "host-signatures", feature = "events"),
    all(feature = "policy", any(feature = "standalone", feature = "host-signatures", feature = "events")),
))]
compile_error!("there is no world for both: each of these features is a world of its own");

#[cfg(not(any(
    feature = "standalone",
    feature = "host-signatures",
    feature = "events",
    feature = "policy"
)))]
wit_bindgen::generate!({
    path: "../../wit",
    world: "exchanger",
    with: {
        "asserta:exchange/store@0.2.0": asserta_imports::bindings::asserta::exchange::store,
        "wasi:clocks/wall-clock@0.2.6": asserta_imports::bindings::wasi::clocks::wall_clock,
        "wasi:random/random@0.2.6": asserta_imports::bindings::wasi::random::random,
    },
    generate_all,
});

#[cfg(feature = "standalone")]
wit_bindgen::generate!({
    path: "../../wit",
    world: "exchanger-standalone",
    with: {
        "wasi:clocks/wall-clock@0.2.6": asserta_imports::bindings::wasi::clocks::wall_clock,
        "wasi:random/random@0.2.6": asserta_imports::bindings::wasi::random::random,
    },
    generate_all,
});

#[cfg(feature = "host-signatures")]
wit_bindgen::generate!({
    path: "../../wit",
    world: "exchanger-host-signatures",
    with: {
        "asserta:exchange/store@0.2.0": asserta_imports::bindings::asserta::exchange::store,
        "asserta:exchange/signatures@0.2.0": asserta_imports::bindings::asserta::exchange::signatures,
        "wasi:clocks/wall-clock@0.2.6": asserta_imports::bindings::wasi::clocks::wall_clock,
        "wasi:random/random@0.2.6": asserta_imports::bindings::wasi::random::random,
    },
    generate_all,
});

#[cfg(feature = "events")]
wit_bindgen::generate!({
    path: "../../wit",
    world: "exchanger-events",
    with: {
        "asserta:exchange/store@0.2.0": asserta_imports::bindings::asserta::exchange::store,
        "asserta:exchange/events@0.2.0": asserta_imports::bindings::asserta::exchange::events,
        "wasi:clocks/wall-clock@0.2.6": asserta_imports::bindings::wasi::clocks::wall_clock,
        "wasi:random/random@0.2.6": asserta_imports::bindings::wasi::random::random,
    },
    generate_all,
});

#[cfg(feature = "policy")]
wit_bindgen::generate!({
    path: "../../wit",
    world: "exchanger-policy",
    with: {
        "asserta:exchange/store@0.2.0": asserta_imports::bindings::asserta::exchange::store,
        "asserta:exchange/policy@0.2.0": asserta_imports::bindings::asserta::exchange::policy,
        "wasi:clocks/wall-clock@0.2.6": asserta_imports::bindings::wasi::clocks::wall_clock,
        "wasi:random/random@0.2.6": asserta_imports::bindings::wasi::random::random,
    },
    generate_all,
});

export!(Component);

/// Implements the exported interfaces, one file each in `exports/`.
pub(crate) struct Component;

/// The types of the exported interfaces, without the path of their package.
pub(crate) use exports::asserta::exchange as wit;
