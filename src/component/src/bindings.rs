//! What wit-bindgen makes of `wit/`.

#![allow(unsafe_code, reason = "the canonical ABI passes pointers and lengths")]
#![allow(
    missing_docs,
    unreachable_pub,
    clippy::all,
    reason = "generated; the documentation is in the WIT files"
)]

#[cfg(all(feature = "standalone", feature = "host-signatures"))]
compile_error!("there is no world for both: `standalone` is for hosts that bring nothing");

#[cfg(not(any(feature = "standalone", feature = "host-signatures")))]
wit_bindgen::generate!({ path: "../../wit", world: "exchanger", generate_all });

#[cfg(feature = "standalone")]
wit_bindgen::generate!({ path: "../../wit", world: "exchanger-standalone", generate_all });

#[cfg(feature = "host-signatures")]
wit_bindgen::generate!({ path: "../../wit", world: "exchanger-host-signatures", generate_all });

export!(Component);

/// Implements the exported interfaces, one file each in `exports/`.
pub(crate) struct Component;

/// The types of the exported interfaces, without the path of their package.
pub(crate) use exports::asserta::exchange as wit;
