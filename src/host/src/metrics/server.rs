//! `GET /metrics` on an address of its own: what is counted is for the operator, not for clients.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{ALLOW, CONTENT_TYPE};
use http::{Method, Response, StatusCode};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use prometheus_client::encoding::text::encode;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};

use super::Metrics;

/// A few watchers, each with a connection that it keeps or not.
const MAX_CONNECTIONS: usize = 16;
/// How long a connection lasts at most, so that no idle one keeps the next watcher out.
const CONNECTION_TIME: Duration = Duration::from_secs(60);
const HEAD_TIME: Duration = Duration::from_secs(10);
/// OpenMetrics 1.0.
const TEXT: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Serves until it is aborted.
pub(crate) async fn serve(listener: TcpListener, metrics: Arc<Metrics>) {
    let connections = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    loop {
        let permit = connections.clone().acquire_owned().await.expect("the semaphore is never closed");
        let stream = match listener.accept().await {
            Ok((stream, _)) => stream,
            Err(error) => {
                tracing::warn!(%error, "no connection for metrics can be accepted");
                sleep(Duration::from_millis(50)).await;
                continue;
            }
        };
        let metrics = metrics.clone();
        tokio::spawn(async move {
            let service = service_fn(|request| {
                let response = respond(&request, &metrics);
                async { Ok::<_, Infallible>(response) }
            });
            let connection = http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(HEAD_TIME)
                .serve_connection(TokioIo::new(stream), service);
            // Whatever its end: the watcher sees it, and comes again.
            _ = timeout(CONNECTION_TIME, connection).await;
            drop(permit);
        });
    }
}

fn respond(request: &http::Request<Incoming>, metrics: &Metrics) -> Response<Full<Bytes>> {
    let response = Response::builder();
    let response = if request.uri().path() != "/metrics" {
        response.status(StatusCode::NOT_FOUND).body(Full::default())
    } else if !matches!(*request.method(), Method::GET | Method::HEAD) {
        response.status(StatusCode::METHOD_NOT_ALLOWED).header(ALLOW, "GET, HEAD").body(Full::default())
    } else {
        let mut text = String::new();
        encode(&mut text, &metrics.registry).expect("a text takes what is written to it");
        response.header(CONTENT_TYPE, TEXT).body(Full::from(text))
    };
    response.expect("a plain response is valid")
}
