//! What clients and the component may use.

use std::time::{Duration, Instant};

use asserta::{Limits, Settings, StartError};

use crate::host;
use crate::wire::{Wire, exchange, get, status};

const TOKEN: &str = "POST /oauth2/token HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\
    content-type: application/x-www-form-urlencoded\r\n";

#[tokio::test(flavor = "multi_thread")]
async fn a_body_beyond_the_limit_is_refused_however_it_is_framed() {
    let host = host().start().await.unwrap();
    let size = Limits::default().body_size + 1;
    // Refused before a byte of it has come.
    let announced = exchange(host.address(), format!("{TOKEN}content-length: {size}\r\n\r\n")).await;
    assert_eq!(status(&announced), 413, "{announced}");
    assert!(announced.contains(r#""error":"invalid_request""#), "{announced}");

    let mut chunked = Wire::to(host.address()).await;
    chunked.send(format!("{TOKEN}transfer-encoding: chunked\r\n\r\n{size:x}\r\n")).await;
    chunked.try_send(vec![b'x'; size]).await;
    let answer = chunked.read_to_end().await;
    assert_eq!(status(&answer), 413, "{answer}");
}

/// R15 is the endpoint's: what is within the host's limit reaches it.
#[tokio::test(flavor = "multi_thread")]
async fn a_body_within_the_limit_is_the_endpoint_s_to_judge() {
    let host = host().start().await.unwrap();
    let size = Limits::default().body_size;
    let body = "x".repeat(size);
    let answer = exchange(host.address(), format!("{TOKEN}content-length: {size}\r\n\r\n{body}")).await;
    assert_eq!(status(&answer), 413, "{answer}");
    let size = 60 * 1024;
    let body = "x".repeat(size);
    let answer = exchange(host.address(), format!("{TOKEN}content-length: {size}\r\n\r\n{body}")).await;
    assert!([400, 401].contains(&status(&answer)), "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_head_beyond_the_limit_is_refused() {
    let host = host().start().await.unwrap();
    let long = "x".repeat(Limits::default().head_size);
    let answer =
        exchange(host.address(), format!("GET /health HTTP/1.1\r\nhost: x\r\nlong: {long}\r\n\r\n")).await;
    assert_eq!(status(&answer), 431, "{answer}");
    let many = "a: b\r\n".repeat(200);
    let answer = exchange(host.address(), format!("GET /health HTTP/1.1\r\nhost: x\r\n{many}\r\n")).await;
    assert_eq!(status(&answer), 431, "{answer}");
    assert_eq!(status(&get(host.address(), "/health").await), 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_sends_too_slowly_is_let_go() {
    let limits = Limits {
        head_time: Duration::from_millis(300),
        body_time: Duration::from_millis(300),
        ..Limits::default()
    };
    let host = host().limits(limits).start().await.unwrap();
    let begun = Instant::now();
    let mut head = Wire::to(host.address()).await;
    head.send("GET /health HTTP/1.1\r\nhost:").await;
    let answer = head.read_to_end().await;
    assert!(answer.is_empty() || status(&answer) == 408, "{answer}");
    let answer = exchange(host.address(), format!("{TOKEN}content-length: 10\r\n\r\n12345")).await;
    assert_eq!(status(&answer), 408, "{answer}");
    assert!(begun.elapsed() < Duration::from_secs(5));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_http_hurts_nobody() {
    let host = host().start().await.unwrap();
    for garbage in [&b"\x16\x03\x01\x02\x00"[..], b"GET\r\n\r\n", b"\0\0\0\0\r\n\r\n"] {
        let mut wire = Wire::to(host.address()).await;
        wire.send(garbage).await;
        wire.send("\r\n\r\n").await;
        let answer = wire.read_to_end().await;
        assert!(answer.is_empty() || status(&answer) == 400, "{answer}");
    }
    assert_eq!(status(&get(host.address(), "/health").await), 200);
}

/// R71: a request that computes without end is ended, and no other one notices. An RSA key takes seconds
/// to make, which stands here for any loop.
#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_computes_for_too_long_ends() {
    let settings = Settings { access_token_algorithm: Some("RS256".to_owned()), ..Settings::default() };
    let limits = Limits { computing_time: Some(Duration::from_millis(50)), ..Limits::default() };
    let host = host().settings(settings).limits(limits).start().await.unwrap();
    let computing = tokio::spawn(get(host.address(), "/oauth2/jwks"));
    let answer = get(host.address(), "/health").await;
    assert_eq!(status(&answer), 200, "{answer}");
    let ended = computing.await.unwrap();
    assert_eq!(status(&ended), 500, "{ended}");
    assert!(ended.contains(r#""error":"server_error""#), "{ended}");
    assert_eq!(status(&get(host.address(), "/health").await), 200);
}

/// R71: the memory of an instance is limited.
#[tokio::test(flavor = "multi_thread")]
async fn an_instance_gets_no_more_memory_than_it_may_have() {
    let limits = Limits { memory: 256 << 10, ..Limits::default() };
    let refused = host().limits(limits).start().await.err();
    assert!(matches!(refused, Some(StartError::Endpoint(_))), "{refused:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn hosts_of_one_program_are_apart() {
    let (first, second) = (host().start().await.unwrap(), host().start().await.unwrap());
    assert_ne!(first.address(), second.address());
    let first_url = first.url();
    first.stop().await;
    let metadata = get(second.address(), "/.well-known/oauth-authorization-server").await;
    assert_eq!(status(&metadata), 200, "{metadata}");
    assert!(metadata.contains(&second.url()) && !metadata.contains(&first_url), "{metadata}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_in_use_is_named() {
    let first = host().start().await.unwrap();
    let refused = host().listen(first.address().to_string()).start().await.err().unwrap();
    assert!(refused.to_string().contains(&first.address().to_string()), "{refused}");
}

/// RFC 9112 section 3.2: a request has exactly one `Host`; section 6.1: what codes its body otherwise than in chunks is
/// not known here. A server in front may read such requests in another way.
#[tokio::test(flavor = "multi_thread")]
async fn requests_that_others_may_frame_differently_are_refused() {
    let host = host().start().await.unwrap();
    for (version, headers, expected) in [
        ("1.1", "host: x\r\n", 200),
        ("1.1", "HOST: [::1]:3000\r\n", 200),
        ("1.0", "", 200),
        ("1.1", "", 400),
        ("1.1", "host: x\r\nhost: x\r\n", 400),
        ("1.1", "host: x\r\nhost: y\r\n", 400),
        ("1.0", "host: x\r\nhost: y\r\n", 400),
        ("1.1", "host: user@x\r\n", 400),
        ("1.1", "host: a b\r\n", 400),
        ("1.1", "host: x, y\r\n", 400),
        ("1.1", "host: x\r\ntransfer-encoding: gzip, chunked\r\n", 501),
        ("1.1", "host: x\r\ntransfer-encoding: gzip\r\ntransfer-encoding: chunked\r\n", 501),
        ("1.1", "host: x\r\ntransfer-encoding: Chunked\r\n", 200),
    ] {
        let body = if headers.contains("encoding") { "0\r\n\r\n" } else { "" };
        let request = format!("GET /health HTTP/{version}\r\n{headers}connection: close\r\n\r\n{body}");
        let answer = exchange(host.address(), request).await;
        assert_eq!(status(&answer), expected, "{version} {headers:?}: {answer}");
    }
}

/// A client that reads nothing of what it is sent does not keep its connection, and a stop does not wait for it.
#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_never_reads_is_let_go() {
    let limits = Limits { write_time: Duration::from_millis(500), connections: 1, ..Limits::default() };
    let host = host().limits(limits).start().await.unwrap();
    let begun = Instant::now();
    let mut silent = Wire::to(host.address()).await;
    let requests = "GET /.well-known/oauth-authorization-server HTTP/1.1\r\nhost: x\r\n\r\n".repeat(20_000);
    let sent = tokio::time::timeout(Duration::from_secs(20), silent.try_send(requests)).await;
    assert!(sent.is_ok(), "the host hangs up on it");
    // It was the only connection that there may be.
    assert_eq!(status(&get(host.address(), "/health").await), 200);
    assert!(begun.elapsed() < Duration::from_secs(20));
    host.stop().await;
}

/// R71: an organization has a share of the requests, and another one finds room.
#[tokio::test(flavor = "multi_thread")]
async fn an_organization_leaves_room_for_others() {
    let limits = Limits { requests_per_organization: 1, ..Limits::default() };
    let settings = Settings { access_token_algorithm: Some("RS256".to_owned()), ..Settings::default() };
    let host = host().limits(limits).settings(settings).start().await.unwrap();
    // To make an RSA key takes a while.
    let slow = tokio::spawn(get(host.address(), "/oauth2/jwks"));
    tokio::time::sleep(Duration::from_millis(20)).await;
    let second = get(host.address(), "/oauth2/jwks").await;
    assert_eq!((status(&second), second.contains("retry-after: 1")), (503, true), "{second}");
    let other = get(host.address(), "/t/other/oauth2/jwks").await;
    assert_eq!(status(&other), 404, "{other}");
    assert_eq!(status(&get(host.address(), "/health").await), 200);
    slow.await.unwrap();
    assert_eq!(status(&get(host.address(), "/oauth2/jwks").await), 200);
}
