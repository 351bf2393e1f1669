//! The HTTP face (`asserta-http`) as a WebAssembly component: requests in, responses out, as plain values. Everything here
//! is translation; hosts that speak HTTP run it, our own among them.

mod bindings;
mod http;
mod ports;
mod settings;
mod waiting;
