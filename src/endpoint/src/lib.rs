//! The HTTP face of Asserta (`asserta-http`) as a Spin HTTP trigger: requests in, responses out. How the host is
//! reached for everything else is in `ports`.

mod body;
mod ports;
mod transport;
mod variables;

use std::rc::Rc;

use asserta_http::Endpoint;
use spin_sdk::wasip3::exports::http::handler::Guest;
use spin_sdk::wasip3::http::types::{ErrorCode, Request, Response};

use crate::ports::SpinPorts;
use crate::variables::Variables;

thread_local! {
    /// What an instance keeps between requests. It serves a hundred of them or a million, several at once.
    static ENDPOINT: Rc<Endpoint<SpinPorts, Variables>> =
        Rc::new(Endpoint::new(SpinPorts::default(), Variables));
}

struct Spin;

spin_sdk::wasip3::http::service::export!(Spin);

impl Guest for Spin {
    /// Where the host hands in each request.
    async fn handle(request: Request) -> Result<Response, ErrorCode> {
        let endpoint = ENDPOINT.with(Rc::clone);
        let response = endpoint.handle(transport::receive(request).await).await;
        transport::send(response, async move { endpoint.after_response().await })
    }
}
