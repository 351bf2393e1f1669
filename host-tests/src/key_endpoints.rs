//! JWKS endpoints: one real HTTP server on loopback whose answers scenarios and tests determine.

use std::collections::HashMap;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::Result;
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

use crate::BoxFuture;
use crate::scenario::resolved::KeyAnswer;

/// A server of JWKS documents. Stops when it is dropped.
pub struct KeyEndpoints {
    address: SocketAddr,
    endpoints: Arc<Mutex<HashMap<String, Endpoint>>>,
    serving: tokio::task::JoinHandle<()>,
}

#[derive(Default)]
struct Endpoint {
    answers: Vec<KeyAnswer>,
    given: usize,
    fetches: usize,
}

impl KeyEndpoints {
    /// Starts the server on a free port of 127.0.0.1.
    ///
    /// # Errors
    /// There is no free port.
    pub async fn start() -> Result<Self> {
        Self::serve().await
    }

    fn serve() -> BoxFuture<'static, Result<Self>> {
        Box::pin(Self::listen())
    }

    async fn listen() -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let endpoints: Arc<Mutex<HashMap<String, Endpoint>>> = Arc::default();
        let shared = endpoints.clone();
        let serving = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let shared = shared.clone();
                let service = service_fn(move |request| answer(shared.clone(), request));
                // What a client breaks off is its own affair.
                tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
            }
        });
        Ok(Self { address, endpoints, serving })
    }

    /// The address of an endpoint, whether it has answers yet or not.
    pub fn url(&self, scenario: &str, name: &str) -> String {
        format!("http://{}/{scenario}/{name}", self.address)
    }

    /// What the endpoint at `url` answers from now on, in turn; the last one again and again.
    pub fn answers(&self, url: &str, answers: Vec<KeyAnswer>) {
        let mut endpoints = self.lock();
        let endpoint = endpoints.entry(self.path(url)).or_default();
        (endpoint.answers, endpoint.given) = (answers, 0);
    }

    /// A document as the endpoint's answer.
    pub fn serves(&self, url: &str, document: impl ToString) {
        let answer =
            KeyAnswer { status: 200, headers: Default::default(), body: document.to_string(), delay_ms: 0 };
        self.answers(url, vec![answer]);
    }

    /// How often the endpoint was asked.
    pub fn fetches(&self, url: &str) -> usize {
        self.lock().get(&self.path(url)).map_or(0, |endpoint| endpoint.fetches)
    }

    /// Forgets an endpoint and how often it was asked.
    pub fn forget(&self, url: &str) {
        self.lock().remove(&self.path(url));
    }

    fn path(&self, url: &str) -> String {
        url.trim_start_matches(&format!("http://{}", self.address)).to_owned()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Endpoint>> {
        self.endpoints.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for KeyEndpoints {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn answer(
    endpoints: Arc<Mutex<HashMap<String, Endpoint>>>,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let path = request.uri().path().to_owned();
    let answer = {
        let mut endpoints = endpoints.lock().unwrap_or_else(PoisonError::into_inner);
        // Somebody who asks for what nobody offers is counted too.
        let endpoint = endpoints.entry(path).or_default();
        endpoint.fetches += 1;
        let index = endpoint.given.min(endpoint.answers.len().saturating_sub(1));
        endpoint.given += 1;
        endpoint.answers.get(index).cloned()
    };
    let Some(answer) = answer else {
        let mut missing = Response::new(Full::default());
        *missing.status_mut() = http::StatusCode::NOT_FOUND;
        return Ok(missing);
    };
    tokio::time::sleep(Duration::from_millis(answer.delay_ms)).await;
    let mut response = Response::builder().status(answer.status);
    for (name, value) in &answer.headers {
        response = response.header(name, value);
    }
    let body = Full::new(Bytes::from(answer.body));
    Ok(response.body(body).unwrap_or_else(|_| Response::new(Full::default())))
}
