//! What wit-bindgen makes of `wit/`.

#![allow(unsafe_code, reason = "the canonical ABI passes pointers and lengths")]
#![allow(
    missing_docs,
    unreachable_pub,
    clippy::all,
    reason = "generated; the documentation is in the WIT files"
)]

wit_bindgen::generate!({
    path: "../../wit",
    world: "guard-library",
    generate_all,
});

export!(Library);

/// Implements the exported interface.
pub(crate) struct Library;

/// Its types, without the path of their package.
pub(crate) use exports::asserta::exchange::guard as wit;
