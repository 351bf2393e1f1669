//! An HTTP client that sends exactly what it is told, on a connection of its own or on one that is kept.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use bytes::Bytes;
use http::header::{HOST, HeaderName, HeaderValue};
use http::{Method, Request, Uri};
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpStream;
use tokio::task::JoinHandle;

use crate::BoxFuture;

/// Longer than any answer may take: the host gives a request 30 seconds.
const PATIENCE: Duration = Duration::from_secs(60);

/// What a server answered.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: http::HeaderMap,
    /// The body.
    pub body: Bytes,
}

/// How many were served, and how many were told to come again: 503 with an error code and a Retry-After. Nothing else
/// may be among them.
pub fn served_and_busy(answers: &[Answer]) -> Result<(usize, usize)> {
    let (mut served, mut busy) = (0, 0);
    for answer in answers {
        match answer.status {
            200 => served += 1,
            503 => {
                busy += 1;
                ensure!(answer.member("error")? == "temporarily_unavailable", "{}", answer.text());
                ensure!(answer.header("retry-after").is_some(), "no Retry-After");
            }
            other => bail!("{other} {}", answer.text()),
        }
    }
    Ok((served, busy))
}

impl Answer {
    /// A header's value.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The body as JSON.
    ///
    /// # Errors
    /// It is none.
    pub fn json(&self) -> Result<Value> {
        serde_json::from_slice(&self.body).with_context(|| format!("not JSON: {}", self.text()))
    }

    /// A member of the JSON body that is a string.
    ///
    /// # Errors
    /// There is none of that name.
    pub fn member(&self, name: &str) -> Result<String> {
        let member = self.json()?.get(name).and_then(Value::as_str).map(str::to_owned);
        member.with_context(|| format!("no {name} in {}", self.text()))
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// A connection that is kept for further requests, one at a time.
pub struct Connection {
    address: SocketAddr,
    sender: http1::SendRequest<Full<Bytes>>,
    driver: JoinHandle<hyper::Result<()>>,
}

impl Connection {
    /// Connects.
    ///
    /// # Errors
    /// The server can't be reached.
    pub async fn open(address: SocketAddr) -> Result<Self> {
        connect(address).await
    }

    /// Sends a request and reads the answer.
    ///
    /// # Errors
    /// There is no whole answer.
    pub async fn send(
        &mut self,
        method: &str,
        path: &str,
        headers: &[(&str, &[u8])],
        body: impl Into<Bytes>,
    ) -> Result<Answer> {
        let request = request(self.address, method, path, headers, body)?;
        let answer = tokio::time::timeout(PATIENCE, exchange(&mut self.sender, request)).await;
        answer.with_context(|| format!("{method} {path}: no answer"))?
    }
}

fn connect(address: SocketAddr) -> BoxFuture<'static, Result<Connection>> {
    Box::pin(async move {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let (sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        Ok(Connection { address, sender, driver: tokio::spawn(connection) })
    })
}

fn exchange<'a>(
    sender: &'a mut http1::SendRequest<Full<Bytes>>,
    request: Request<Full<Bytes>>,
) -> BoxFuture<'a, Result<Answer>> {
    Box::pin(async move {
        sender.ready().await?;
        let response = sender.send_request(request).await?;
        let (parts, body) = response.into_parts();
        let body = body.collect().await?.to_bytes();
        Ok(Answer { status: parts.status.as_u16(), headers: parts.headers, body })
    })
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

/// Sends a request on a connection of its own and reads the answer.
///
/// # Errors
/// The server can't be reached, or there is no whole answer.
pub async fn send(
    address: SocketAddr,
    method: &str,
    path: &str,
    headers: &[(&str, &[u8])],
    body: impl Into<Bytes>,
) -> Result<Answer> {
    Connection::open(address).await?.send(method, path, headers, body).await
}

fn request(
    address: SocketAddr,
    method: &str,
    path: &str,
    headers: &[(&str, &[u8])],
    body: impl Into<Bytes>,
) -> Result<Request<Full<Bytes>>> {
    let mut request = Request::new(Full::new(body.into()));
    *request.method_mut() = Method::from_bytes(method.as_bytes())?;
    *request.uri_mut() = path.parse::<Uri>().with_context(|| path.to_owned())?;
    request.headers_mut().insert(HOST, HeaderValue::from_str(&address.to_string())?);
    for (name, value) in headers {
        let name = HeaderName::from_bytes(name.as_bytes())?;
        request.headers_mut().append(name, HeaderValue::from_bytes(value)?);
    }
    Ok(request)
}

/// Encodes a name or value of a form (`application/x-www-form-urlencoded`).
pub fn form_encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b' ' => encoded.push('+'),
            byte if byte.is_ascii_alphanumeric() || b"-._*".contains(&byte) => encoded.push(char::from(byte)),
            byte => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}

/// A form out of names and values.
pub fn form(parameters: &[(&str, &str)]) -> String {
    let pair = |(name, value): &(&str, &str)| format!("{}={}", form_encoded(name), form_encoded(value));
    parameters.iter().map(pair).collect::<Vec<_>>().join("&")
}
