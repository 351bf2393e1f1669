//! Clients that send slowly, too much, or too many at once, and how soon an answer leaves on a kept connection.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use host_tests::admin::Admin;
use host_tests::assertion::assertion;
use host_tests::client::{Connection, send, served_and_busy};
use host_tests::components::program;
use host_tests::key_endpoints::KeyEndpoints;
use host_tests::keys::key;
use host_tests::local_host::LocalHost;
use host_tests::scenario::resolved::KeyAnswer;
use host_tests::torture::{figure, report, times};
use http_body_util::Full;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// Slow loris: a byte now and then does not keep a connection for ever, whether it belongs to a head or a body.
#[tokio::test(flavor = "multi_thread")]
async fn slow_clients_are_let_go_and_hurt_nobody() -> Result<()> {
    let slow_ones = times(300, 1500);
    let host = LocalHost::of(program("handler.wasm")?)
        .limits(|limits| {
            limits.head_time = Duration::from_secs(2);
            limits.body_time = Duration::from_secs(2);
        })
        .start()
        .await?;
    let client = Admin(host.address()).register_acme().await?;
    let begin = Instant::now();
    let mut slow = JoinSet::new();
    for number in 0..slow_ones {
        let address = host.address();
        slow.spawn(async move { drip(address, number % 2 == 0).await });
    }
    // Others meanwhile.
    let (mut served, mut slowest) = (0, Duration::ZERO);
    while begin.elapsed() < Duration::from_secs(2) {
        let sent = Instant::now();
        let answer = client.exchange(&assertion("es256", &json!({}))?).await?;
        ensure!(answer.status == 200, "another client: {} {}", answer.status, answer.text());
        (served, slowest) = (served + 1, slowest.max(sent.elapsed()));
    }
    for lasted in slow.join_all().await {
        let lasted = lasted?;
        ensure!(lasted < Duration::from_secs(8), "a slow client was kept for {lasted:?}");
    }
    report("slow clients at once (slow loris)", slow_ones, 0);
    figure(&format!("{served} exchanges meanwhile, the slowest took {slowest:?}"));
    host.stop().await;
    Ok(())
}

/// Sends a byte every 100 ms until the server hangs up; how long that took.
async fn drip(address: SocketAddr, head: bool) -> Result<Duration> {
    let mut stream = TcpStream::connect(address).await?;
    let begin = Instant::now();
    let start: &[u8] = if head {
        b"GET /health HTTP/1.1\r\nhost: x\r\nx-slow: "
    } else {
        b"POST /oauth2/token HTTP/1.1\r\nhost: x\r\ncontent-length: 60000\r\n\r\n"
    };
    stream.write_all(start).await?;
    let mut answer = [0; 1024];
    while begin.elapsed() < Duration::from_secs(10) {
        if stream.write_all(b"x").await.is_err() {
            break;
        }
        match tokio::time::timeout(Duration::from_millis(100), stream.read(&mut answer)).await {
            Err(_) => {}
            Ok(Ok(0) | Err(_)) => break,
            Ok(Ok(_)) => {}
        }
    }
    Ok(begin.elapsed())
}

/// More requests than the host takes: 503 with Retry-After at once, and as before when the others are done.
#[tokio::test(flavor = "multi_thread")]
async fn requests_beyond_the_cap() -> Result<()> {
    let endpoints = KeyEndpoints::start().await?;
    let url = endpoints.url("cap", "slow");
    let body = json!({"keys": [key("es256")?.jwk()?]}).to_string();
    endpoints
        .answers(&url, vec![KeyAnswer { status: 200, headers: Default::default(), body, delay_ms: 1500 }]);
    let host = LocalHost::of(program("handler.wasm")?).limits(|limits| limits.requests = 20).start().await?;
    let admin = Admin(host.address());
    let client = admin.register_acme().await?;
    admin.register_issuer("slow", "https://slow.example", &json!({"jwks_uri": url})).await?;
    let mut posts = JoinSet::new();
    for _ in 0..60 {
        let client = client.clone();
        let assertion = assertion("es256", &json!({"iss": "https://slow.example"}))?;
        posts.spawn(async move { client.exchange(&assertion).await });
    }
    let answers = posts.join_all().await.into_iter().collect::<Result<Vec<_>>>()?;
    let (granted, busy) = served_and_busy(&answers)?;
    report("requests beyond the cap of 20", 60, 0);
    figure(&format!("{granted} granted, {busy} answered 503"));
    ensure!(granted == 20 && busy == 40, "{granted} were granted, {busy} refused");
    ensure!(endpoints.fetches(&url) == 1, "R52: {} fetches", endpoints.fetches(&url));
    let answer = client.exchange(&assertion("es256", &json!({}))?).await?;
    ensure!(answer.status == 200, "afterwards: {}", answer.text());
    host.stop().await;
    Ok(())
}

/// Without TCP_NODELAY the second of two answers waits for the acknowledgement of the first, which the other side
/// holds back for 40 ms. A server without it shows that this test would see it.
#[tokio::test(flavor = "multi_thread")]
async fn answers_are_not_held_back() -> Result<()> {
    let host = LocalHost::of(program("handler.wasm")?).start().await?;
    let ours = two_answers(host.address()).await?;
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let without = listener.local_addr()?;
    tokio::spawn(async move {
        let (stream, _) = listener.accept().await?;
        let answer = service_fn(|_: http::Request<hyper::body::Incoming>| async {
            Ok::<_, hyper::Error>(http::Response::new(Full::<bytes::Bytes>::from("ok")))
        });
        http1::Builder::new().serve_connection(TokioIo::new(stream), answer).await?;
        anyhow::Ok(())
    });
    let without = two_answers(without).await?;
    figure(&format!("two answers on a kept connection: {ours:?}; without TCP_NODELAY {without:?}"));
    ensure!(without > Duration::from_millis(30), "this measurement shows nothing: {without:?}");
    ensure!(ours < Duration::from_millis(20), "answers are held back: {ours:?}");
    // And one request after the other.
    let mut connection = Connection::open(host.address()).await?;
    let mut times = Vec::new();
    for _ in 0..100 {
        let begin = Instant::now();
        let answer = connection.send("GET", "/health", &[], "").await?;
        ensure!(answer.status == 200, "{} {}", answer.status, answer.text());
        times.push(begin.elapsed());
    }
    times.sort_unstable();
    let (median, slow) = (times[50], times[94]);
    report("requests on a kept connection", 100, 0);
    figure(&format!("median {median:?}, 95 of 100 within {slow:?}"));
    ensure!(slow < Duration::from_millis(40), "95 of 100 within {slow:?}");
    host.stop().await;
    Ok(())
}

/// The median time from two requests in one packet to the end of their two answers.
async fn two_answers(address: SocketAddr) -> Result<Duration> {
    let mut stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let two = "GET /health HTTP/1.1\r\nhost: x\r\n\r\n".repeat(2);
    let mut times = Vec::new();
    for _ in 0..60 {
        let begin = Instant::now();
        stream.write_all(two.as_bytes()).await?;
        let (mut answers, mut buffer) = (Vec::new(), [0; 4096]);
        while answers.windows(15).filter(|window| window == b"HTTP/1.1 200 OK").count() < 2
            || !(answers.ends_with(b"}") || answers.ends_with(b"ok"))
        {
            let read = tokio::time::timeout(Duration::from_secs(5), stream.read(&mut buffer)).await;
            let read = read.context("no answer")??;
            ensure!(read > 0, "the server hangs up");
            answers.extend_from_slice(&buffer[..read]);
        }
        times.push(begin.elapsed());
    }
    times.sort_unstable();
    Ok(times[30])
}

/// Heads beyond the limit are refused at once, however they are large.
#[tokio::test(flavor = "multi_thread")]
async fn large_heads() -> Result<()> {
    let host = LocalHost::of(program("handler.wasm")?).start().await?;
    let long = "x".repeat(40 << 10);
    let path = format!("/{long}");
    for (path, headers) in [("/health", vec![("x-long", long.as_bytes())]), (path.as_str(), vec![])] {
        let answer = send(host.address(), "GET", path, &headers, "").await?;
        ensure!([414, 431].contains(&answer.status), "{} {}", answer.status, answer.text());
    }
    ensure!(send(host.address(), "GET", "/health", &[], "").await?.status == 200, "it lives on");
    host.stop().await;
    Ok(())
}
