//! The way to a JWKS endpoint through a proxy, where the operator wants it (R57): CONNECT, then TLS to the endpoint.

use bytes::Bytes;
use http::header::{HOST, PROXY_AUTHORIZATION};
use http::uri::Scheme;
use http::{HeaderValue, Request, StatusCode, Uri};
use http_body_util::Empty;
use hyper::client::conn::http1;
use hyper::upgrade::Upgraded;
use hyper_util::client::proxy::matcher::Intercept;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use super::Outbound;
use crate::bindings::http::FetchProblem;

impl Outbound {
    /// The proxy for this URL. Never for `http`, which is for this machine alone, and never for a loopback name.
    pub(super) fn proxy(&self, scheme: &Scheme, host: &str, uri: &Uri) -> Option<Intercept> {
        let own =
            host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(super::address::is_loopback);
        if *scheme != Scheme::HTTPS || own {
            return None;
        }
        self.proxies.as_ref()?.intercept(uri)
    }
}

/// A tunnel to the endpoint.
pub(super) async fn tunnel(
    proxy: &Intercept,
    host: &str,
    port: u16,
) -> Result<TokioIo<Upgraded>, FetchProblem> {
    let address = proxy.uri();
    if address.scheme() != Some(&Scheme::HTTP) {
        tracing::warn!("the proxy for JWKS endpoints must be an http:// URL");
        return Err(FetchProblem::Unknown);
    }
    let at = address.host().ok_or(FetchProblem::Unknown)?;
    let at = (at.trim_matches(['[', ']']), address.port_u16().unwrap_or(80));
    let stream = TcpStream::connect(at).await.map_err(|_| FetchProblem::Unreachable)?;
    let (mut sender, connection) =
        http1::handshake(TokioIo::new(stream)).await.map_err(|_| FetchProblem::Incomplete)?;
    // It ends when the tunnel is dropped.
    tokio::spawn(connection.with_upgrades());

    let target = if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") };
    let named = HeaderValue::from_str(&target).map_err(|_| FetchProblem::BadAddress)?;
    let mut request = Request::connect(target).header(HOST, named);
    if let Some(credentials) = proxy.basic_auth() {
        request = request.header(PROXY_AUTHORIZATION, credentials);
    }
    let request = request.body(Empty::<Bytes>::new()).map_err(|_| FetchProblem::BadAddress)?;
    let response = sender.send_request(request).await.map_err(|_| FetchProblem::Incomplete)?;
    if response.status() != StatusCode::OK {
        tracing::warn!(
            status = response.status().as_u16(),
            "the proxy for JWKS endpoints makes no connection"
        );
        return Err(FetchProblem::Unreachable);
    }
    let upgraded = hyper::upgrade::on(response).await.map_err(|_| FetchProblem::Incomplete)?;
    Ok(TokioIo::new(upgraded))
}
