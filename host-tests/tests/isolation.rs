//! R71: a request that takes too long or computes for too long is ended, and no other is hurt.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use host_tests::admin::Admin;
use host_tests::assertion::assertion;
use host_tests::client::send;
use host_tests::components::program;
use host_tests::key_endpoints::KeyEndpoints;
use host_tests::keys::key;
use host_tests::local_host::LocalHost;
use host_tests::scenario::resolved::KeyAnswer;
use serde_json::json;
use tokio::task::JoinSet;

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_waits_too_long() -> Result<()> {
    let key_endpoints = KeyEndpoints::start().await?;
    let url = key_endpoints.url("isolation", "slow");
    let body = json!({"keys": [key("es256")?.jwk()?]}).to_string();
    let answer = KeyAnswer { status: 200, headers: Default::default(), body, delay_ms: 4000 };
    key_endpoints.answers(&url, vec![answer]);
    let host = LocalHost::of(program("handler.wasm")?)
        .limits(|limits| limits.request_time = Duration::from_secs(1))
        .start()
        .await?;
    let admin = Admin(host.address());
    let client = admin.register_acme().await?;
    admin.register_issuer("slow", "https://slow.example", &json!({"jwks_uri": url})).await?;

    let begin = Instant::now();
    let slow = assertion("es256", &json!({"iss": "https://slow.example"}))?;
    let waiting = tokio::spawn({
        let (client, slow) = (client.clone(), slow.clone());
        async move { client.exchange(&slow).await }
    });
    let mut others = JoinSet::new();
    for _ in 0..50 {
        let (client, assertion) = (client.clone(), assertion("es256", &json!({}))?);
        others.spawn(async move { client.exchange(&assertion).await });
    }
    for answer in others.join_all().await {
        let answer = answer?;
        ensure!(answer.status == 200, "{} {}", answer.status, answer.text());
    }
    let ended = waiting.await??;
    ensure!(ended.status == 500, "{} {}", ended.status, ended.text());
    ensure!(ended.member("error")? == "server_error", "{}", ended.text());
    ensure!(begin.elapsed() < Duration::from_millis(3500), "it was not ended in time");
    let answer = client.exchange(&assertion("es256", &json!({}))?).await?;
    ensure!(answer.status == 200, "afterwards: {}", answer.text());
    host.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_computes_too_long() -> Result<()> {
    // A key for RS256 takes seconds to make: more than this installation lets a request compute.
    let host = LocalHost::of(program("handler.wasm")?)
        .settings(|settings| settings.access_token_algorithm = Some("RS256".to_owned()))
        .limits(|limits| limits.computing_time = Some(Duration::from_millis(50)))
        .start()
        .await?;
    let client = Admin(host.address()).register_acme().await?;
    let used = assertion("es256", &json!({}))?;
    let answer = client.exchange(&used).await?;
    ensure!(answer.status == 500, "{} {}", answer.status, answer.text());
    ensure!(answer.member("error")? == "server_error", "{}", answer.text());
    ensure!(answer.header("cache-control") == Some("no-store"), "R1: {:?}", answer.headers);
    for path in ["/health", "/.well-known/oauth-authorization-server/t/acme"] {
        let answer = send(host.address(), "GET", path, &[], "").await?;
        ensure!(answer.status == 200, "{path}: {} {}", answer.status, answer.text());
    }
    host.stop().await;
    Ok(())
}
