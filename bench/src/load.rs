//! The load generator: requests over kept-alive connections, each answer checked.
//!
//! It runs on a thread bound to a core of its own, so that it takes nothing from the server it measures.

use std::cell::{Cell, RefCell};
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, anyhow, bail};
use bytes::Bytes;
use http::{Method, Request, StatusCode, header};
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};
use serde_json::Value;
use tokio::net::TcpStream;
use tokio::task::{JoinSet, LocalSet};

use crate::assertion::{ADMIN_TOKEN, CLIENT_ID, CLIENT_SECRET, authorization, form};
use crate::cores::{LOAD_CORE, bind_thread};

const TOKEN_ENDPOINT: &str = "/oauth2/token";

/// A request, and what its answer has to be.
#[derive(Clone)]
pub struct Call {
    method: Method,
    path: String,
    body: Bytes,
    authorization: String,
    content_type: &'static str,
    expected: StatusCode,
}

impl Call {
    /// A token request that has to be granted.
    pub fn granted(assertion: &str) -> Self {
        Self::granted_to(CLIENT_ID, assertion)
    }

    /// A token request of this client that has to be granted.
    pub fn granted_to(client_id: &str, assertion: &str) -> Self {
        Self {
            method: Method::POST,
            path: TOKEN_ENDPOINT.to_owned(),
            body: form(assertion).into(),
            authorization: authorization(client_id, CLIENT_SECRET),
            content_type: "application/x-www-form-urlencoded",
            expected: StatusCode::OK,
        }
    }

    /// A token request that has to be refused as `invalid_grant`.
    pub fn refused(assertion: &str) -> Self {
        Self { expected: StatusCode::BAD_REQUEST, ..Self::granted(assertion) }
    }

    /// A token request with a wrong client secret.
    pub fn of_a_stranger(assertion: &str) -> Self {
        let wrong = CLIENT_SECRET.replace('5', "6");
        Self {
            authorization: authorization(CLIENT_ID, &wrong),
            expected: StatusCode::UNAUTHORIZED,
            ..Self::granted(assertion)
        }
    }

    /// A token request with a wrong client secret, and a scope that is too long to be looked at (R15).
    pub fn of_a_long_scope(assertion: &str) -> Self {
        let call = Self::of_a_stranger(assertion);
        let mut body = call.body.to_vec();
        body.extend_from_slice(b"&scope=");
        body.extend_from_slice("read+".repeat(12_000).as_bytes());
        Self { body: body.into(), expected: StatusCode::BAD_REQUEST, ..call }
    }

    /// A request that is refused before anything of it is read.
    pub fn of_another_media_type() -> Self {
        Self { content_type: "text/plain", ..Self::refused("none") }
    }

    /// A request for what nobody serves: it goes through the component and does nothing there.
    pub fn of_nothing() -> Self {
        Self {
            path: "/nothing".to_owned(),
            body: Bytes::new(),
            expected: StatusCode::NOT_FOUND,
            ..Self::refused("none")
        }
    }

    /// A request to an API that has to pass, with this token.
    pub fn of_an_api(access_token: &str) -> Self {
        Self {
            method: Method::GET,
            path: "/orders".to_owned(),
            body: Bytes::new(),
            authorization: format!("Bearer {access_token}"),
            content_type: "application/json",
            expected: StatusCode::OK,
        }
    }

    /// A registration that has to be new; the path is below that of the organization.
    pub fn registration(path: &str, document: &Value) -> Self {
        Self {
            method: Method::PUT,
            path: format!("/admin/organizations/default/{path}"),
            body: document.to_string().into(),
            authorization: format!("Bearer {ADMIN_TOKEN}"),
            content_type: "application/json",
            expected: StatusCode::CREATED,
        }
    }

    fn request(&self) -> Request<Full<Bytes>> {
        Request::builder()
            .method(&self.method)
            .uri(&self.path)
            .header(header::HOST, "id.example")
            .header(header::CONTENT_TYPE, self.content_type)
            .header(header::AUTHORIZATION, &self.authorization)
            .body(Full::new(self.body.clone()))
            .expect("all parts are valid")
    }

    fn check(&self, status: StatusCode, body: &[u8]) -> Result<()> {
        let token = body.windows(14).any(|window| window == b"\"access_token\"");
        let wants_token = self.path == TOKEN_ENDPOINT && status == StatusCode::OK;
        if status == self.expected && token == wants_token {
            return Ok(());
        }
        bail!("{} was expected, and {status} came: {}", self.expected, String::from_utf8_lossy(body))
    }
}

/// What a load came to.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// Answers, all as expected.
    pub answers: usize,
    /// From the first request to the last answer.
    pub elapsed: Duration,
    /// From when a request was due to its answer, in microseconds.
    pub latencies: Vec<f64>,
}

impl Outcome {
    /// Answers per second.
    pub fn rate(&self) -> f64 {
        self.answers as f64 / self.elapsed.as_secs_f64()
    }
}

/// When requests are sent.
#[derive(Clone, Copy, Debug)]
pub enum Pace {
    /// One follows the other on each connection, for so long or until there are no more.
    Closed(Duration),
    /// At equal distances, so many a second, whatever the answers do.
    Even(f64),
    /// At random moments, so many a second, whatever the answers do.
    Random(f64),
}

/// Sends `calls`, each once, over so many connections.
pub fn send(address: SocketAddr, connections: usize, pace: Pace, calls: &[Call]) -> Result<Outcome> {
    std::thread::scope(|scope| {
        let thread = scope.spawn(|| -> Result<Outcome> {
            bind_thread(LOAD_CORE)?;
            // With an interval of 1, waiting for the moment of a request does not keep answers waiting.
            let runtime =
                tokio::runtime::Builder::new_current_thread().enable_all().event_interval(1).build()?;
            LocalSet::new().block_on(&runtime, run(address, connections, pace, calls.to_vec()))
        });
        thread.join().map_err(|_| anyhow!("the load generator panicked"))?
    })
}

/// The access tokens that these calls get, one after the other.
pub fn tokens(address: SocketAddr, calls: &[Call]) -> Result<Vec<String>> {
    let ask = async {
        let mut connection = connect(address).await?;
        let mut tokens = Vec::with_capacity(calls.len());
        for call in calls {
            let response = connection.send_request(call.request()).await.context("the connection broke")?;
            let status = response.status();
            let body = response.into_body().collect().await.context("the answer broke off")?.to_bytes();
            call.check(status, &body)?;
            let answer: Value = serde_json::from_slice(&body)?;
            tokens.push(answer["access_token"].as_str().context("no token")?.to_owned());
            connection.ready().await.context("the server closed the connection")?;
        }
        Ok(tokens)
    };
    LocalSet::new().block_on(&tokio::runtime::Builder::new_current_thread().enable_all().build()?, ask)
}

struct Shared {
    calls: Vec<Call>,
    next: Cell<usize>,
    latencies: RefCell<Vec<f64>>,
    /// When each call is due, after the start; empty: at once.
    due: Vec<Duration>,
    until: Duration,
}

async fn run(address: SocketAddr, connections: usize, pace: Pace, calls: Vec<Call>) -> Result<Outcome> {
    let (due, until) = match pace {
        Pace::Closed(duration) => (Vec::new(), duration),
        Pace::Even(rate) => (even_moments(rate, calls.len()), Duration::MAX),
        Pace::Random(rate) => (random_moments(rate, calls.len()), Duration::MAX),
    };
    let mut open = Vec::new();
    for _ in 0..connections {
        open.push(connect(address).await?);
    }
    let latencies = RefCell::new(Vec::with_capacity(calls.len()));
    let shared = Rc::new(Shared { calls, next: Cell::new(0), latencies, due, until });
    let start = Instant::now();
    let mut workers = JoinSet::new();
    for connection in open {
        workers.spawn_local(work(connection, shared.clone(), start));
    }
    while let Some(worker) = workers.join_next().await {
        worker??;
    }
    let elapsed = start.elapsed();
    let latencies = shared.latencies.take();
    Ok(Outcome { answers: latencies.len(), elapsed, latencies })
}

async fn work(mut connection: SendRequest<Full<Bytes>>, shared: Rc<Shared>, start: Instant) -> Result<()> {
    while start.elapsed() < shared.until {
        let index = shared.next.get();
        let Some(call) = shared.calls.get(index) else { break };
        shared.next.set(index + 1);
        let due = match shared.due.get(index) {
            None => start.elapsed(),
            Some(due) => {
                // tokio's timer counts milliseconds; an exchange takes a fraction of one.
                while start.elapsed() < *due {
                    tokio::task::yield_now().await;
                }
                *due
            }
        };
        let response = connection.send_request(call.request()).await.context("the connection broke")?;
        let status = response.status();
        let body = response.into_body().collect().await.context("the answer broke off")?.to_bytes();
        let latency = start.elapsed() - due;
        call.check(status, &body)?;
        shared.latencies.borrow_mut().push(latency.as_secs_f64() * 1e6);
        connection.ready().await.context("the server closed the connection")?;
    }
    Ok(())
}

async fn connect(address: SocketAddr) -> Result<SendRequest<Full<Bytes>>> {
    let stream = TcpStream::connect(address).await.with_context(|| format!("nobody listens on {address}"))?;
    stream.set_nodelay(true)?;
    let (sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    tokio::task::spawn_local(async move {
        // How it ends is seen by whoever sends on it.
        _ = connection.await;
    });
    Ok(sender)
}

fn even_moments(rate: f64, count: usize) -> Vec<Duration> {
    (1..=count).map(|number| Duration::from_secs_f64(number as f64 / rate)).collect()
}

/// Moments of a Poisson process: the gaps between them are exponentially distributed. The same each time.
fn random_moments(rate: f64, count: usize) -> Vec<Duration> {
    let mut random = StdRng::seed_from_u64(7523);
    let mut moment = 0.0;
    let gap = |random: &mut StdRng| -(1.0 - random.random::<f64>()).ln() / rate;
    (0..count)
        .map(|_| {
            moment += gap(&mut random);
            Duration::from_secs_f64(moment)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn even_moments_come_at_the_rate() {
        let moments = even_moments(2.0, 4).iter().map(Duration::as_millis).collect::<Vec<_>>();
        assert_eq!(moments, [500, 1000, 1500, 2000]);
    }

    #[test]
    fn random_moments_come_at_the_rate() {
        let moments = random_moments(1000.0, 10_000);
        assert!(moments.is_sorted());
        let elapsed = moments.last().expect("there are some").as_secs_f64();
        assert!((9.5..10.5).contains(&elapsed), "{elapsed}");
    }
}
