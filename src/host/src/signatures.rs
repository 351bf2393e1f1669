//! `asserta:exchange/signatures`, for endpoints that leave the arithmetic of signatures to their host.

// The package `embed/rust` has a symbolic link to this file, so that its crate stands alone.
mod aws_lc;

use wasmtime::component::Linker;

pub use self::aws_lc::Signatures;
pub use self::bindings::asserta::exchange::signatures::{Algorithm, SigningError};

/// Bindings to the interface, whose names are used as they are.
mod bindings {
    #![allow(missing_docs, unreachable_pub, reason = "generated code")]

    wasmtime::component::bindgen!({
        inline: "
            package asserta:host-signatures;
            world signatures {
                import asserta:exchange/signatures@0.2.0;
            }
        ",
        path: "../../wit",
        additional_derives: [PartialEq, Eq, Hash],
    });
}

/// Lets components call what `of` finds in the state of their instance.
///
/// # Errors
/// The linker has the interface already.
pub fn add_to_linker<T: 'static>(
    linker: &mut Linker<T>,
    of: fn(&mut T) -> &Signatures,
) -> wasmtime::Result<()> {
    bindings::Signatures::add_to_linker::<_, Signatures>(linker, of)
}
