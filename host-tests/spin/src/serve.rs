//! The socket, and the way of a request into an instance.

use std::convert::Infallible;
use std::future::poll_fn;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_channel::oneshot as handover;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::AbortHandle;
use wasmtime::AsContextMut as _;
use wasmtime_wasi_http::Error;
use wasmtime_wasi_http::handler::Prepared;

use crate::component::Trigger;
use crate::world::{App, World};

/// Longer than any request takes.
const PATIENCE: Duration = Duration::from_secs(30);

/// A component that is served, until this is dropped.
pub(crate) struct Serving {
    pub(crate) address: SocketAddr,
    pub(crate) app: Arc<App>,
    accepting: AbortHandle,
}

impl Drop for Serving {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

impl Serving {
    pub(crate) async fn start(trigger: Trigger, app: Arc<App>) -> std::io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let served = app.clone();
        let accepting = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (trigger, app) = (trigger.clone(), served.clone());
                let service = service_fn(move |request| respond(trigger.clone(), app.clone(), request));
                tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
            }
        });
        Ok(Self { address, app, accepting: accepting.abort_handle() })
    }
}

type Response = http::Response<Full<Bytes>>;

async fn respond(
    trigger: Trigger,
    app: Arc<App>,
    request: http::Request<Incoming>,
) -> Result<Response, Infallible> {
    let (sender, response) = oneshot::channel();
    // It goes on after its response.
    tokio::spawn(async move {
        match tokio::time::timeout(PATIENCE, run(trigger, app, request, sender)).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => eprintln!("the component failed: {error:#}"),
            Err(_) => eprintln!("the component did not come to its end"),
        }
    });
    Ok(response.await.unwrap_or_else(|_| {
        let mut failed = Response::default();
        *failed.status_mut() = http::StatusCode::INTERNAL_SERVER_ERROR;
        failed
    }))
}

async fn run(
    trigger: Trigger,
    app: Arc<App>,
    request: http::Request<Incoming>,
    sender: oneshot::Sender<Response>,
) -> wasmtime::Result<()> {
    let (mut store, proxy) = trigger.instantiate(&app).await?;
    let request = request.map(|body| body.map_err(|_| Error::HttpProtocolError).boxed_unsync());
    let (tell, told) = handover::channel();
    let prepared = Prepared::new(store.as_context_mut(), &proxy, request, World::receiving, tell)?;
    store
        .run_concurrent(async |accessor| {
            let run = prepared.run(accessor, std::future::pending());
            let give = async {
                let response = told.await.map_err(|_| wasmtime::format_err!("no response"))??;
                let (parts, body) = response.into_parts();
                let body = body.collect().await?.to_bytes();
                _ = sender.send(Response::from_parts(parts, Full::new(body)));
                wasmtime::error::Ok(())
            };
            let (ran, given) = tokio::join!(run, give);
            ran?;
            given?;
            poll_fn(|context| accessor.poll_no_interesting_tasks(context)).await;
            wasmtime::error::Ok(())
        })
        .await?
}
