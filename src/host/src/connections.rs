//! From a connection to a request to the component, with the limits in between.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use hyper::body::{Body as _, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::instances::{Instances, NoAnswer, Response};
use crate::refusal::Refusal;
use crate::settings::Limits;

/// What is read from a connection ahead of its use, at most.
const READ_BUFFER: usize = 64 << 10;

/// What all connections of a host share.
pub(crate) struct Front {
    instances: Arc<Instances>,
    limits: Limits,
    /// Requests that may be taken on top of those that run.
    requests: Arc<Semaphore>,
    /// The requests that run, and what they do after their answer.
    tasks: TaskTracker,
}

impl Front {
    pub(crate) fn new(instances: Arc<Instances>, limits: Limits) -> Self {
        let requests = Arc::new(Semaphore::new(limits.requests));
        Self { instances, limits, requests, tasks: TaskTracker::new() }
    }

    /// Accepts connections until `stop`, then lets running requests finish, for as long as the limits say.
    pub(crate) async fn serve(self: Arc<Self>, listener: TcpListener, stop: CancellationToken) {
        let connections = Arc::new(Semaphore::new(self.limits.connections));
        let graceful = GracefulShutdown::new();
        loop {
            let (stream, permit) = tokio::select! {
                biased;
                () = stop.cancelled() => break,
                accepted = accept(&listener, &connections) => accepted,
            };
            let front = self.clone();
            let service = service_fn(move |request| {
                let front = front.clone();
                async move { Ok::<_, Infallible>(front.answer(request).await) }
            });
            let connection = http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(self.limits.head_time)
                .max_header_size(self.limits.head_size)
                .max_buf_size(READ_BUFFER)
                .serve_connection(TokioIo::new(stream), service);
            let connection = graceful.watch(connection);
            tokio::spawn(async move {
                // Ends badly where the peer does not speak HTTP or goes away: its affair.
                if let Err(error) = connection.await {
                    tracing::debug!(%error, "a connection ended");
                }
                drop(permit);
            });
        }
        drop(listener);
        self.tasks.close();
        let finished = async { tokio::join!(graceful.shutdown(), self.tasks.wait()) };
        if timeout(self.limits.stop_time, finished).await.is_err() {
            tracing::warn!("some requests were still running; they are cut off");
        }
    }

    async fn answer(&self, request: http::Request<Incoming>) -> Response {
        match self.try_answer(request).await {
            Ok(response) => response,
            Err(refusal) => refusal.response(),
        }
    }

    async fn try_answer(&self, request: http::Request<Incoming>) -> Result<Response, Refusal> {
        // The whole body first: an instance never waits for a client.
        let (parts, body) = request.into_parts();
        let request = http::Request::from_parts(parts, self.collect(body).await?);
        let permit = self.requests.clone().try_acquire_owned().map_err(|_| Refusal::Busy)?;
        let (sender, answer) = oneshot::channel();
        let instances = self.instances.clone();
        // A task of its own: a client that hangs up in the middle cannot stop an exchange half-way.
        self.tasks.spawn(async move {
            instances.handle(request, sender).await;
            drop(permit);
        });
        match answer.await {
            Ok(Ok(response)) => Ok(response),
            Ok(Err(error @ NoAnswer::NoRoom)) => {
                tracing::warn!(%error, "a request is told to come again");
                Err(Refusal::Busy)
            }
            Ok(Err(error)) => {
                tracing::error!(%error, "a request failed");
                Err(Refusal::Failed)
            }
            Err(_) => {
                tracing::error!("a request failed: the host panicked");
                Err(Refusal::Failed)
            }
        }
    }

    async fn collect(&self, body: Incoming) -> Result<Bytes, Refusal> {
        if body.is_end_stream() {
            return Ok(Bytes::new());
        }
        if body.size_hint().lower() > self.limits.body_size as u64 {
            return Err(Refusal::TooLarge);
        }
        let collected = Limited::new(body, self.limits.body_size).collect();
        match timeout(self.limits.body_time, collected).await {
            Ok(Ok(body)) => Ok(body.to_bytes()),
            Ok(Err(error)) if error.is::<LengthLimitError>() => Err(Refusal::TooLarge),
            Ok(Err(_)) => Err(Refusal::Malformed),
            Err(_) => Err(Refusal::TooSlow),
        }
    }
}

/// The next connection, once there is room for one.
async fn accept(listener: &TcpListener, room: &Arc<Semaphore>) -> (TcpStream, OwnedSemaphorePermit) {
    let permit = room.clone().acquire_owned().await.expect("the semaphore is never closed");
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                // Without it an answer in two packets waits 40 ms for the acknowledgement of the first.
                if let Err(error) = stream.set_nodelay(true) {
                    tracing::debug!(%error, "TCP_NODELAY cannot be set");
                }
                return (stream, permit);
            }
            Err(error) => {
                // Out of file handles, mostly. Connections that end make room.
                tracing::warn!(%error, "no connection can be accepted");
                sleep(Duration::from_millis(50)).await;
            }
        }
    }
}
