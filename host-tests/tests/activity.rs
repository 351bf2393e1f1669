//! R75: the activity log of the native host: what its instances gather comes together in the store, whichever of them is
//! asked, and nothing personal is in it.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use host_tests::admin::{Admin, Client};
use host_tests::assertion::assertion;
use host_tests::components::program;
use host_tests::local_host::LocalHost;
use serde_json::{Value, json};
use tokio::task::JoinSet;

const EXCHANGES: usize = 64;

/// The log, page by page. What an instance has just decided it writes after its response.
async fn log(admin: Admin, query: &str, wanted: usize) -> Result<Vec<Value>> {
    let begin = Instant::now();
    loop {
        let (mut items, mut after) = (Vec::new(), String::new());
        loop {
            let page =
                admin.done("GET", &format!("acme/activity?limit=20{query}{after}"), None).await?.json()?;
            items.extend(page["items"].as_array().cloned().unwrap_or_default());
            let Some(next) = page["next"].as_str() else { break };
            after = format!("&after={next}");
        }
        if items.len() >= wanted || begin.elapsed() > Duration::from_secs(20) {
            ensure!(items.len() == wanted, "{} of {wanted} decisions: {items:?}", items.len());
            return Ok(items);
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

async fn exchange_at_once(client: &Client, count: usize) -> Result<()> {
    let mut exchanges = JoinSet::new();
    for _ in 0..count {
        let (client, assertion) = (client.clone(), assertion("es256", &json!({"sub": "someone-personal"}))?);
        exchanges.spawn(async move { client.exchange(&assertion).await });
    }
    for answer in exchanges.join_all().await {
        let answer = answer?;
        ensure!(answer.status == 200, "{} {}", answer.status, answer.text());
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_instances_decided() -> Result<()> {
    let host = LocalHost::of(program("handler.wasm")?).start().await?;
    let admin = Admin(host.address());
    let client = admin.register_acme().await?;
    exchange_at_once(&client, EXCHANGES).await?;
    // Each instance has written its first, and what waits in it is written when it serves again, two seconds later.
    host.clock.set(host.clock.seconds() + 3);
    exchange_at_once(&client, EXCHANGES).await?;
    host.clock.set(host.clock.seconds() + 3);
    let stranger = Client { client_secret: "not its secret".to_owned(), ..client.clone() };
    let refused = stranger.exchange(&assertion("es256", &json!({}))?).await?;
    ensure!(refused.status == 401, "{} {}", refused.status, refused.text());

    let refused = log(admin, "&outcome=refused", 1).await?;
    ensure!(refused[0]["reason"] == "client-unauthenticated", "{refused:?}");
    // An instance that has not served since may keep up to fifteen to itself: at least the others are there.
    let page = admin.done("GET", "acme/activity?outcome=granted", None).await?.json()?;
    let granted = page["items"].as_array().cloned().unwrap_or_default();
    ensure!(granted.len() >= EXCHANGES / 4, "{} are there", granted.len());
    let tokens: BTreeSet<_> = granted.iter().filter_map(|item| item["jti_sha256"].as_str()).collect();
    ensure!(tokens.len() == granted.len(), "one is there twice");
    for item in &granted {
        ensure!(item["trusted_issuer"] == "partner" && item["client_id"] == client.client_id, "{item}");
        ensure!(!item.to_string().contains("someone-personal"), "{item}");
    }
    host.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn off() -> Result<()> {
    let host = LocalHost::of(program("handler.wasm")?)
        .settings(|settings| settings.activity = Some(false))
        .start()
        .await?;
    let admin = Admin(host.address());
    let client = admin.register_acme().await?;
    exchange_at_once(&client, 4).await?;
    let page = admin.done("GET", "acme/activity", None).await?.json()?;
    ensure!(page["items"] == json!([]) && page["recording"] == json!(false), "{page}");
    host.stop().await;
    Ok(())
}
