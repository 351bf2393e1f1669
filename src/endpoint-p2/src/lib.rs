//! The HTTP face of Asserta (`asserta-http`) for hosts that speak WASI HTTP 0.2. One request is served at a time, and what
//! takes time is waited for where it stands. Hosts start an instance for each request, or for many, one after the other.

mod body;
mod fetch;
mod ports;
#[cfg(not(feature = "wasmcloud"))]
mod spin;
mod transport;
#[cfg(feature = "wasmcloud")]
mod wasmcloud;

use asserta_endpoint_ports::at_once;
use asserta_http::Endpoint;
use wasip2::exports::http::incoming_handler::Guest;
use wasip2::http::types::{IncomingRequest, ResponseOutparam};

use crate::ports::HostPorts;
#[cfg(not(feature = "wasmcloud"))]
use crate::spin as host;
#[cfg(feature = "wasmcloud")]
use crate::wasmcloud as host;

thread_local! {
    /// What an instance keeps between requests.
    static ENDPOINT: Endpoint<HostPorts, host::Settings> =
        Endpoint::new(HostPorts::default(), host::Settings);
}

struct Host;

wasip2::http::proxy::export!(Host);

impl Guest for Host {
    /// Where the host hands in each request.
    fn handle(request: IncomingRequest, out: ResponseOutparam) {
        ENDPOINT.with(|endpoint| {
            let response = at_once(endpoint.handle(transport::receive(&request)));
            transport::send(response, out);
            at_once(endpoint.after_response());
        });
    }
}
