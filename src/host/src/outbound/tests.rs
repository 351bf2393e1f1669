use std::fs;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use hyper_util::client::proxy::matcher::Matcher;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

use super::{Authorities, MAX_TIME, Outbound, OutboundRules};
use crate::bindings::http::{Fetch, FetchProblem};

fn authority() -> CertifiedIssuer<'static, KeyPair> {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

/// Serves `{}` over TLS, with a certificate of this authority for `localhost` and `idp.example`.
async fn serve_tls(authority: &CertifiedIssuer<'static, KeyPair>) -> SocketAddr {
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(vec!["localhost".to_owned(), "idp.example".to_owned()]).unwrap();
    let certificate = params.signed_by(&key, authority).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![certificate.der().clone()],
            PrivateKeyDer::try_from(key.serialize_der()).unwrap(),
        )
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let Ok(mut stream) = acceptor.accept(stream).await else { continue };
            _ = stream.read(&mut [0; 4096]).await;
            _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}").await;
        }
    });
    address
}

async fn get(rules: OutboundRules, uri: &str) -> Result<Vec<u8>, FetchProblem> {
    Outbound::new(rules).get(&wanted(uri, None)).await.map(|document| document.body)
}

fn wanted(uri: &str, authorities: Option<&str>) -> Fetch {
    let authorities = authorities.map(str::to_owned);
    Fetch { ticket: 0, uri: uri.to_owned(), authorities, allow_private: false }
}

#[tokio::test]
async fn an_endpoint_needs_a_certificate_of_an_authority_that_counts() {
    let (known, other) = (authority(), authority());
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("ca.pem");
    fs::write(&file, known.pem()).unwrap();
    let authorities = Authorities::from_pem_file(&file).unwrap();
    let rules = OutboundRules { dev: true, authorities, ..OutboundRules::default() };

    let uri = format!("https://localhost:{}/keys", serve_tls(&known).await.port());
    assert_eq!(get(rules.clone(), &uri).await.unwrap(), b"{}");
    let without = OutboundRules { authorities: Authorities::default(), ..rules.clone() };
    assert!(matches!(get(without, &uri).await, Err(FetchProblem::Certificate)));
    let elsewhere = format!("https://localhost:{}/keys", serve_tls(&other).await.port());
    assert!(matches!(get(rules.clone(), &elsewhere).await, Err(FetchProblem::Certificate)));
    // The certificate is for the name, not for the address.
    let by_address = uri.replace("localhost", "127.0.0.1");
    assert!(matches!(get(rules, &by_address).await, Err(FetchProblem::Certificate)));
}

/// R55: the authorities of a registration count for its endpoints alone, and there nobody else does: neither the system's
/// nor those of the operator's file.
#[tokio::test]
async fn the_authorities_of_a_registration_count_in_place_of_all_others() {
    let (operators, issuers) = (authority(), authority());
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("ca.pem");
    fs::write(&file, operators.pem()).unwrap();
    let authorities = Authorities::from_pem_file(&file).unwrap();
    let outbound = Outbound::new(OutboundRules { dev: true, authorities, ..OutboundRules::default() });
    let by_operators = format!("https://localhost:{}/keys", serve_tls(&operators).await.port());
    let by_issuers = format!("https://localhost:{}/keys", serve_tls(&issuers).await.port());
    let fetch = async |uri: &str, pem: Option<&str>| {
        outbound.get(&wanted(uri, pem)).await.map(|document| document.body)
    };

    let pem = issuers.pem();
    assert_eq!(fetch(&by_issuers, Some(&pem)).await.unwrap(), b"{}");
    assert!(
        matches!(fetch(&by_issuers, None).await, Err(FetchProblem::Certificate)),
        "for that issuer alone"
    );
    assert_eq!(fetch(&by_operators, None).await.unwrap(), b"{}");
    assert!(matches!(fetch(&by_operators, Some(&pem)).await, Err(FetchProblem::Certificate)), "nobody else");
    let both = format!("{pem}{}", operators.pem());
    assert_eq!(fetch(&by_operators, Some(&both)).await.unwrap(), b"{}");
    // What can't be gone by is never passed over: no authorities, no certificate, no TLS.
    let broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    for unusable in ["", "junk", broken, &format!("{pem}{broken}")] {
        for uri in [&by_issuers, &by_operators] {
            assert!(matches!(fetch(uri, Some(unusable)).await, Err(FetchProblem::Authorities)), "{unusable}");
        }
    }
    let plain = by_issuers.replace("https://", "http://");
    assert!(matches!(fetch(&plain, Some(&pem)).await, Err(FetchProblem::Authorities)));
}

#[test]
fn a_file_without_a_certificate_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("ca.pem");
    for text in ["", "junk", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"] {
        fs::write(&file, text).unwrap();
        let refused = Authorities::from_pem_file(&file).unwrap_err().to_string();
        assert!(refused.contains("ca.pem"), "{refused}");
    }
}

/// R50: 5 s at most, whether the endpoint says nothing or never comes to an end.
#[tokio::test]
async fn a_slow_endpoint_is_given_up() {
    for begin in ["", "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{"] {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let uri = format!("http://{}/", listener.local_addr().unwrap());
        let server = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            stream.write_all(begin.as_bytes()).await.unwrap();
            tokio::time::sleep(MAX_TIME * 3).await;
        });
        let begun = Instant::now();
        let rules = OutboundRules { dev: true, ..OutboundRules::default() };
        let refused = get(rules, &uri).await;
        assert!(matches!(refused, Err(FetchProblem::TimedOut)), "{refused:?}");
        assert!(begun.elapsed() < MAX_TIME + Duration::from_secs(1));
        server.abort();
    }
}

/// R57: through the proxy of the environment, where the operator says so; the endpoint's certificate still counts, and
/// an address that may not be reached is not asked of the proxy.
#[tokio::test]
async fn a_proxy_makes_the_way_and_no_more() {
    let (known, other) = (authority(), authority());
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("ca.pem");
    fs::write(&file, known.pem()).unwrap();
    let authorities = Authorities::from_pem_file(&file).unwrap();
    let proxy = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = proxy.local_addr().unwrap();
    let (good, bad) = (serve_tls(&known).await.port(), serve_tls(&other).await.port());
    let seen = Arc::new(std::sync::Mutex::new(Vec::new()));
    let noted = seen.clone();
    tokio::spawn(async move {
        while let Ok((mut client, _)) = proxy.accept().await {
            let mut head = vec![0; 4096];
            let length = client.read(&mut head).await.unwrap();
            let head = String::from_utf8_lossy(&head[..length]).into_owned();
            let port: u16 = head.split([' ', ':']).nth(2).unwrap().parse().unwrap();
            noted.lock().unwrap().push(head);
            client.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.unwrap();
            // What it resolves the name to is its own decision.
            let mut server = tokio::net::TcpStream::connect(("127.0.0.1", port)).await.unwrap();
            tokio::spawn(async move { tokio::io::copy_bidirectional(&mut client, &mut server).await });
        }
    });
    let rules = OutboundRules { authorities, ..OutboundRules::default() };
    let mut outbound = Outbound::new(rules);
    outbound.proxies =
        Some(Matcher::builder().https(format!("http://user:word@{at}")).no("direct.example").build());
    let fetch = async |uri: String| outbound.get(&wanted(&uri, None)).await.map(|document| document.body);
    assert_eq!(fetch(format!("https://idp.example:{good}/keys")).await.unwrap(), b"{}");
    let through = fetch(format!("https://idp.example:{bad}/keys")).await;
    assert!(matches!(through, Err(FetchProblem::Certificate)), "{through:?}");
    {
        let seen = seen.lock().unwrap();
        assert!(seen[0].starts_with(&format!("CONNECT idp.example:{good} HTTP/1.1\r\n")), "{seen:?}");
        assert!(seen[0].to_ascii_lowercase().contains("proxy-authorization: basic"), "{seen:?}");
        assert_eq!(seen.len(), 2);
    }
    for direct in ["https://10.0.0.1/", "https://[::1]/", "https://localhost/", "https://169.254.169.254/"] {
        let refused = fetch(direct.to_owned()).await;
        assert!(matches!(refused, Err(FetchProblem::AddressRefused)), "{direct}: {refused:?}");
    }
    _ = fetch("https://direct.example/".to_owned()).await;
    assert_eq!(seen.lock().unwrap().len(), 2, "not through the proxy");
}
