//! What wit-bindgen makes of `wit/`.

#![allow(unsafe_code, reason = "the canonical ABI passes pointers and lengths")]
#![allow(missing_docs, unreachable_pub, clippy::all, reason = "generated")]

wit_bindgen::generate!({
    path: "wit",
    world: "middleware",
    generate_all,
});

export!(Middleware);

/// Implements the exported handler.
pub(crate) struct Middleware;
