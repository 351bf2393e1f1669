//! The orderly stop.

use std::time::{Duration, Instant};

use crate::host;
use crate::wire::{Wire, get, status};

#[tokio::test(flavor = "multi_thread")]
async fn a_running_request_finishes_and_new_connections_are_refused() {
    let host = host().start().await.unwrap();
    let address = host.address();
    let mut running = Wire::to(address).await;
    running.send("POST /oauth2/token HTTP/1.1\r\nhost: x\r\ncontent-length: 12\r\n").await;
    running.send("content-type: application/x-www-form-urlencoded\r\n\r\ngrant_").await;
    // Idle after a request: it holds nothing up.
    let mut idle = Wire::to(address).await;
    idle.send("GET /health HTTP/1.1\r\nhost: x\r\n\r\n").await;
    tokio::time::sleep(Duration::from_millis(200)).await;

    let stopping = tokio::spawn(host.stop());
    assert_eq!(status(&idle.read_to_end().await), 200);
    assert!(tokio::net::TcpStream::connect(address).await.is_err());
    assert!(!stopping.is_finished());
    running.send("type=x").await;
    let answer = running.read_to_end().await;
    assert!([400, 401].contains(&status(&answer)), "the endpoint's own answer: {answer}");
    tokio::time::timeout(Duration::from_secs(5), stopping).await.unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_without_requests_is_immediate() {
    let host = host().start().await.unwrap();
    assert_eq!(status(&get(host.address(), "/health").await), 200);
    let begun = Instant::now();
    host.stop().await;
    assert!(begun.elapsed() < Duration::from_secs(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_never_ends_is_cut_off() {
    let limits = asserta::Limits { stop_time: Duration::from_millis(300), ..asserta::Limits::default() };
    let host = host().limits(limits).start().await.unwrap();
    let mut endless = Wire::to(host.address()).await;
    endless.send("POST /oauth2/token HTTP/1.1\r\nhost: x\r\ncontent-length: 12\r\n\r\ngrant_").await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    tokio::time::timeout(Duration::from_secs(5), host.stop()).await.unwrap();
}
