//! One GET, with the limits of R50.

use std::io::ErrorKind;
use std::net::SocketAddr;

use bytes::Bytes;
use http::header::{ACCEPT, ACCEPT_ENCODING, CONNECTION, HOST, USER_AGENT};
use http::uri::{Authority, Scheme};
use http::{HeaderValue, Request, Uri};
use http_body_util::Empty;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls;
use tokio_rustls::rustls::pki_types::ServerName;

use super::{MAX_SIZE, Outbound, document, proxy};
use crate::bindings::http::{Fetch, FetchProblem, Fetched};

/// Fetches a document. The caller limits the time.
pub(super) async fn fetch(outbound: &Outbound, wanted: &Fetch) -> Fetched {
    let uri: Uri = wanted.uri.parse().map_err(|_| FetchProblem::BadAddress)?;
    let scheme = uri.scheme().filter(|&scheme| *scheme == Scheme::HTTPS || *scheme == Scheme::HTTP);
    let scheme = scheme.ok_or(FetchProblem::BadAddress)?;
    // No credentials in the URL.
    let authority = uri.authority().filter(|authority| !authority.as_str().contains('@'));
    let authority = authority.ok_or(FetchProblem::BadAddress)?;
    let authorities = wanted.authorities.as_deref();
    if *scheme != Scheme::HTTPS && authorities.is_some() {
        // Nothing would ask them.
        return Err(FetchProblem::Authorities);
    }

    let host = bare_host(authority);
    if let Some(proxy) = outbound.proxy(scheme, host, &uri) {
        // A name is the proxy's to resolve; an address can be judged here.
        if host.parse().is_ok_and(|address| !outbound.permits(scheme, address, wanted.allow_private)) {
            return Err(FetchProblem::AddressRefused);
        }
        let stream = proxy::tunnel(&proxy, host, authority.port_u16().unwrap_or(443)).await?;
        return get(secure(outbound, authorities, host, stream).await?, &uri, authority).await;
    }
    let stream = connect(outbound, scheme, authority, wanted.allow_private).await?;
    if *scheme == Scheme::HTTPS {
        get(secure(outbound, authorities, host, stream).await?, &uri, authority).await
    } else {
        get(stream, &uri, authority).await
    }
}

/// TLS to the endpoint. Whether its certificate or something else is the fault is told (R56).
async fn secure<S>(
    outbound: &Outbound,
    authorities: Option<&str>,
    host: &str,
    stream: S,
) -> Result<TlsStream<S>, FetchProblem>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let connector = outbound.tls.connector(authorities)?;
    let name = ServerName::try_from(host.to_owned()).map_err(|_| FetchProblem::BadAddress)?;
    connector.connect(name, stream).await.map_err(|error| {
        tracing::debug!(%error, "TLS with a JWKS endpoint failed");
        match error.get_ref().and_then(|inner| inner.downcast_ref()) {
            Some(rustls::Error::InvalidCertificate(_)) => FetchProblem::Certificate,
            _ => FetchProblem::Tls,
        }
    })
}

/// Resolves the name and connects to the first of its addresses that may be connected to and answers.
async fn connect(
    outbound: &Outbound,
    scheme: &Scheme,
    authority: &Authority,
    allow_private: bool,
) -> Result<TcpStream, FetchProblem> {
    let port = authority.port_u16().unwrap_or(if *scheme == Scheme::HTTPS { 443 } else { 80 });
    let resolved = tokio::net::lookup_host((bare_host(authority), port)).await;
    let resolved = resolved.map_err(|_| FetchProblem::NameUnknown)?;
    let permitted = resolved.filter(|address| outbound.permits(scheme, address.ip(), allow_private));
    let permitted: Vec<SocketAddr> = permitted.collect();
    if permitted.is_empty() {
        return Err(FetchProblem::AddressRefused);
    }
    let stream = TcpStream::connect(permitted.as_slice()).await.map_err(|error| match error.kind() {
        ErrorKind::TimedOut => FetchProblem::TimedOut,
        _ => FetchProblem::Unreachable,
    })?;
    stream.set_nodelay(true).map_err(|_| FetchProblem::Unreachable)?;
    Ok(stream)
}

async fn get<S>(stream: S, uri: &Uri, authority: &Authority) -> Fetched
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (mut sender, connection) = http1::Builder::new()
        .max_buf_size(MAX_SIZE)
        .handshake(TokioIo::new(stream))
        .await
        .map_err(|_| FetchProblem::Incomplete)?;
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    let host = HeaderValue::from_str(authority.as_str()).map_err(|_| FetchProblem::BadAddress)?;
    let request = Request::get(path)
        .header(HOST, host)
        .header(ACCEPT, "application/jwk-set+json, application/json")
        // Nothing here decompresses (R50).
        .header(ACCEPT_ENCODING, "identity")
        .header(USER_AGENT, concat!("asserta/", env!("CARGO_PKG_VERSION")))
        .header(CONNECTION, "close")
        .body(Empty::<Bytes>::new())
        .map_err(|_| FetchProblem::BadAddress)?;
    let exchange = async {
        let response = sender.send_request(request).await.map_err(|_| FetchProblem::Incomplete)?;
        document::read(response).await
    };
    tokio::select! {
        biased;
        response = exchange => response,
        // Ends first only where the peer hangs up without a response.
        problem = drive(connection) => Err(problem),
    }
}

/// Runs the connection until it fails. Where it ends in order, the response is on its way already.
async fn drive(connection: impl Future<Output = hyper::Result<()>>) -> FetchProblem {
    match connection.await {
        Ok(()) => std::future::pending().await,
        Err(_) => FetchProblem::Incomplete,
    }
}

/// The host without the brackets that an IPv6 address has in a URL.
fn bare_host(authority: &Authority) -> &str {
    authority.host().trim_start_matches('[').trim_end_matches(']')
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;

    use super::*;
    use crate::outbound::{OutboundRules, PrivateAddresses};

    /// Responds to one connection with `response`, and says what it read.
    async fn serve_once(response: Vec<u8>) -> (SocketAddr, tokio::task::JoinHandle<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let task = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut seen = vec![0; 4096];
            let length = stream.read(&mut seen).await.unwrap();
            _ = stream.write_all(&response).await;
            String::from_utf8_lossy(&seen[..length]).into_owned()
        });
        (address, task)
    }

    fn in_development() -> Outbound {
        Outbound::new(OutboundRules { dev: true, ..OutboundRules::default() })
    }

    async fn fetched(outbound: &Outbound, uri: &str) -> Result<Vec<u8>, FetchProblem> {
        fetch(outbound, &wanted(uri)).await.map(|document| document.body)
    }

    fn wanted(uri: &str) -> Fetch {
        Fetch { ticket: 0, uri: uri.to_owned(), authorities: None, allow_private: false }
    }

    fn allowing(private: PrivateAddresses) -> OutboundRules {
        OutboundRules { private, ..OutboundRules::default() }
    }

    #[tokio::test]
    async fn http_to_loopback_is_for_development_only() {
        let (address, server) = serve_once(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}".to_vec()).await;
        let uri = format!("http://{address}/keys?x=1");
        for rules in [OutboundRules::default(), allowing(PrivateAddresses::Allowed)] {
            let refused = fetched(&Outbound::new(rules), &uri).await;
            assert!(matches!(refused, Err(FetchProblem::AddressRefused)), "{refused:?}");
        }
        assert_eq!(fetched(&in_development(), &uri).await.unwrap(), b"{}");
        let seen = server.await.unwrap();
        assert!(seen.starts_with("GET /keys?x=1 HTTP/1.1\r\n"), "{seen}");
        assert!(seen.to_ascii_lowercase().contains(&format!("host: {address}\r\n")), "{seen}");
        assert!(seen.to_ascii_lowercase().contains("accept-encoding: identity\r\n"), "{seen}");
    }

    #[tokio::test]
    async fn private_addresses_are_refused_over_https() {
        let outbound = Outbound::new(OutboundRules::default());
        for host in ["127.0.0.1", "localhost", "10.0.0.1", "169.254.169.254", "[::1]", "[::ffff:127.0.0.1]"] {
            let refused = fetched(&outbound, &format!("https://{host}/")).await;
            assert!(matches!(refused, Err(FetchProblem::AddressRefused)), "{host}: {refused:?}");
        }
        // In whatever spelling, some of which no resolver takes.
        let table = include_str!("../../../../host-tests/addresses.json");
        let table: serde_json::Value = serde_json::from_str(table).unwrap();
        for host in table["hosts"]["refused"].as_array().unwrap() {
            let uri = format!("https://{}/", host.as_str().unwrap());
            match fetched(&outbound, &uri).await {
                Err(FetchProblem::AddressRefused | FetchProblem::BadAddress | FetchProblem::NameUnknown) => {}
                other => panic!("{host}: {other:?}"),
            }
        }
        assert!(outbound.permits(&Scheme::HTTPS, "8.8.8.8".parse().unwrap(), false));
        assert!(!outbound.permits(&Scheme::HTTP, "8.8.8.8".parse().unwrap(), true));
    }

    /// R55: what an operator may allow, to all issuers or to those that are registered so, and what nobody may.
    #[test]
    fn allowed_private_addresses_are_those_of_private_networks() {
        let rules = [PrivateAddresses::Refused, PrivateAddresses::Registered, PrivateAddresses::Allowed];
        let [refused, registered, allowed] = rules.map(|private| Outbound::new(allowing(private)));
        let permits = |outbound: &Outbound, text: &str, by_registration: bool| {
            outbound.permits(&Scheme::HTTPS, text.parse().unwrap(), by_registration)
        };
        for text in ["10.0.0.1", "100.64.0.1", "172.20.0.1", "192.168.1.1", "fd00::1", "64:ff9b::10.0.0.1"] {
            for by_registration in [false, true] {
                assert!(!permits(&refused, text, by_registration), "{text}: the operator has not allowed it");
                assert_eq!(permits(&registered, text, by_registration), by_registration, "{text}");
                assert!(permits(&allowed, text, by_registration), "{text}");
            }
            assert!(!registered.permits(&Scheme::HTTP, text.parse().unwrap(), true), "{text}");
        }
        for text in ["127.0.0.1", "::1", "169.254.169.254", "fe80::1", "fd00:ec2::254", "100.100.100.200"] {
            for outbound in [&refused, &registered, &allowed] {
                assert!(!permits(outbound, text, true), "{text}");
            }
        }
        assert!(permits(&refused, "8.8.8.8", false));
        let in_development = in_development();
        assert!(permits(&in_development, "127.0.0.1", false) && !permits(&in_development, "10.0.0.1", true));
    }

    #[tokio::test]
    async fn credentials_and_other_schemes_are_refused() {
        for uri in ["http://user:secret@127.0.0.1/", "ftp://127.0.0.1/", "/relative"] {
            let refused = fetched(&in_development(), uri).await;
            assert!(matches!(refused, Err(FetchProblem::BadAddress)), "{uri}: {refused:?}");
        }
    }

    #[tokio::test]
    async fn a_redirect_is_not_followed() {
        let response = b"HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n";
        let (address, _server) = serve_once(response.to_vec()).await;
        let refused = fetched(&in_development(), &format!("http://{address}/")).await;
        assert!(matches!(refused, Err(FetchProblem::Redirect(302))), "{refused:?}");
    }

    #[tokio::test]
    async fn a_document_beyond_the_limit_is_refused_however_it_is_framed() {
        let body = "x".repeat(MAX_SIZE + 1);
        let framed = [
            format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len()),
            format!(
                "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n{:x}\r\n{body}\r\n0\r\n\r\n",
                body.len()
            ),
            format!("HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n{body}"),
        ];
        for response in framed {
            let (address, _server) = serve_once(response.into_bytes()).await;
            let refused = fetched(&in_development(), &format!("http://{address}/")).await;
            assert!(matches!(refused, Err(FetchProblem::TooLarge)), "{refused:?}");
        }
    }

    #[tokio::test]
    async fn a_peer_that_hangs_up_is_an_error() {
        for response in ["", "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n123"] {
            let (address, _server) = serve_once(response.into()).await;
            assert!(fetched(&in_development(), &format!("http://{address}/")).await.is_err());
        }
    }
}
