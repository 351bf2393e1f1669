//! Bindings to the component's world (`wit/http.wit`).

#![allow(missing_docs, unreachable_pub, reason = "generated code")]

wasmtime::component::bindgen!({
    path: "../../wit",
    world: "endpoint",
    imports: { default: async | trappable },
    exports: { default: async },
    additional_derives: [PartialEq, Eq, Hash],
});

pub(crate) use self::exports::asserta::exchange::http;
