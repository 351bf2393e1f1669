//! From a connection to a request to the component, with the limits in between.

use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::header::{HOST, TRANSFER_ENCODING};
use http::uri::Authority;
use http::{HeaderMap, Version};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use hyper::body::{Body as _, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};
use tokio::time::{sleep, timeout};
use tokio_io_timeout::TimeoutStream;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::instance::{NoResponse, Response};
use crate::instances::Instances;
use crate::metrics::Metrics;
use crate::refusal::Refusal;
use crate::settings::Limits;

/// What is read from a connection ahead of its use, at most.
const READ_BUFFER: usize = 64 << 10;

/// How often requests that can't be read are logged at most: strangers send them.
const UNREADABLE_TOLD_EVERY: Duration = Duration::from_secs(10);

/// What all connections of a host share.
pub(crate) struct Front {
    instances: Arc<Instances>,
    limits: Limits,
    metrics: Option<Arc<Metrics>>,
    /// Requests that may be taken on top of those that run.
    requests: Arc<Semaphore>,
    /// The requests that run, and what they do after their response.
    tasks: TaskTracker,
    /// When it was last said that something could not be read as HTTP.
    unreadable_told: Mutex<Option<Instant>>,
}

impl Front {
    pub(crate) fn new(instances: Arc<Instances>, limits: Limits, metrics: Option<Arc<Metrics>>) -> Self {
        let requests = Arc::new(Semaphore::new(limits.requests));
        let (tasks, unreadable_told) = (TaskTracker::new(), Mutex::default());
        Self { instances, limits, metrics, requests, tasks, unreadable_told }
    }

    /// Accepts connections until `stop`, then lets running requests finish, for as long as the limits say.
    pub(crate) async fn serve(self: Arc<Self>, listener: TcpListener, stop: CancellationToken) {
        let connections = Arc::new(Semaphore::new(self.limits.connections));
        let (graceful, cut_off) = (GracefulShutdown::new(), CancellationToken::new());
        loop {
            let (stream, permit) = tokio::select! {
                biased;
                () = stop.cancelled() => break,
                accepted = accept(&listener, &connections) => accepted,
            };
            let front = self.clone();
            let service = service_fn(move |request| {
                let front = front.clone();
                async move { Ok::<_, Infallible>(front.respond(request).await) }
            });
            let connection = http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(self.limits.head_time)
                .max_header_size(self.limits.head_size)
                .max_buf_size(READ_BUFFER)
                .serve_connection(TokioIo::new(with_write_limit(stream, self.limits.write_time)), service);
            let connection = graceful.watch(connection);
            let (front, cut_off) = (self.clone(), cut_off.clone());
            tokio::spawn(async move {
                tokio::select! {
                    ended = connection => if let Err(error) = ended { front.ended_badly(&error) },
                    () = cut_off.cancelled() => {}
                }
                drop(permit);
            });
        }
        drop(listener);
        self.tasks.close();
        let finished = async { tokio::join!(graceful.shutdown(), self.tasks.wait()) };
        if timeout(self.limits.stop_time, finished).await.is_err() {
            tracing::warn!("some requests were still running; they are cut off");
            cut_off.cancel();
        }
    }

    /// The peer went away, took too long, or does not speak HTTP. The last it is told with 400 and no word more; so the
    /// operator is told what it often is.
    fn ended_badly(&self, error: &hyper::Error) {
        tracing::debug!(%error, "a connection ended");
        let mut told = self.unreadable_told.lock().unwrap_or_else(PoisonError::into_inner);
        if error.is_parse() && told.is_none_or(|told| told.elapsed() > UNREADABLE_TOLD_EVERY) {
            *told = Some(Instant::now());
            tracing::warn!(
                "a request can't be read as HTTP; is there a line break in a header, as `base64` writes it after 76 \
                 characters (`base64 -w0` does not)?"
            );
        }
    }

    async fn respond(&self, request: http::Request<Incoming>) -> Response {
        // Cheap: a path is a part of what was read.
        let uri = request.uri().clone();
        let refused = |refusal: Refusal| refusal.response(uri.path());
        let response = self.try_respond(request).await.unwrap_or_else(refused);
        if let Some(metrics) = &self.metrics {
            metrics.response(response.status().as_u16());
        }
        response
    }

    async fn try_respond(&self, request: http::Request<Incoming>) -> Result<Response, Refusal> {
        check_framing(request.version(), request.headers())?;
        // The whole body first: an instance never waits for a client.
        let (parts, body) = request.into_parts();
        let request = http::Request::from_parts(parts, self.collect(body).await?);
        let permit = self.requests.clone().try_acquire_owned().map_err(|_| Refusal::Busy)?;
        let (sender, response) = oneshot::channel();
        let instances = self.instances.clone();
        // A task of its own: a client that hangs up in the middle cannot stop an exchange half-way.
        self.tasks.spawn(async move {
            instances.handle(request, sender).await;
            drop(permit);
        });
        match response.await {
            Ok(Ok(response)) => Ok(response),
            Ok(Err(error @ (NoResponse::NoRoom | NoResponse::NoShare))) => {
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

/// What hyper lets pass, and another server in front may read in another way: RFC 9112 sections 3.2 and 6.1.
fn check_framing(version: Version, headers: &HeaderMap) -> Result<(), Refusal> {
    let mut hosts = headers.get_all(HOST).iter();
    let valid = |host: &[u8]| {
        host.is_empty() || Authority::try_from(host).is_ok_and(|host| !host.as_str().contains('@'))
    };
    match (hosts.next(), hosts.next()) {
        (Some(host), None) if valid(host.as_bytes()) => {}
        (None, None) if version == Version::HTTP_10 => {}
        _ => return Err(Refusal::Host),
    }
    let mut codings = headers.get_all(TRANSFER_ENCODING).iter();
    match (codings.next(), codings.next()) {
        (None, _) => Ok(()),
        (Some(coding), None) if coding.as_bytes().eq_ignore_ascii_case(b"chunked") => Ok(()),
        _ => Err(Refusal::TransferCoding),
    }
}

/// A client that takes nothing of what it is sent for so long is let go.
fn with_write_limit(stream: TcpStream, limit: Duration) -> std::pin::Pin<Box<TimeoutStream<TcpStream>>> {
    // What the kernel has taken over and the client does not acknowledge.
    #[cfg(target_os = "linux")]
    if let Err(error) = socket2::SockRef::from(&stream).set_tcp_user_timeout(Some(limit)) {
        tracing::debug!(%error, "TCP_USER_TIMEOUT cannot be set");
    }
    let mut stream = TimeoutStream::new(stream);
    stream.set_write_timeout(Some(limit));
    Box::pin(stream)
}

/// The next connection, once there is room for one.
async fn accept(listener: &TcpListener, room: &Arc<Semaphore>) -> (TcpStream, OwnedSemaphorePermit) {
    let permit = room.clone().acquire_owned().await.expect("the semaphore is never closed");
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                // Without it a response in two packets waits 40 ms for the acknowledgement of the first.
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
