//! `asserta:exchange/signatures`, for exchangers that leave the arithmetic of signatures to this crate.

// A symbolic link into `src/host`, which serves the same interface.
#[allow(unreachable_pub, reason = "what is public is so in src/host")]
mod aws_lc;

/// Bindings to the interface, whose names are used as they are.
pub(crate) mod bindings {
    #![allow(missing_docs, unreachable_pub, reason = "generated code")]

    wasmtime::component::bindgen!({
        inline: "
            package asserta:host-signatures;
            world signatures {
                import asserta:exchange/signatures@0.2.0;
            }
        ",
        path: "wit",
        additional_derives: [PartialEq, Eq, Hash],
    });
}

pub(crate) use self::aws_lc::Signatures;
