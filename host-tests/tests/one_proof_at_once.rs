//! R100: of many concurrent requests with one DPoP proof, each with an assertion of its own, exactly one succeeds, on one node and
//! on two that share their stores; the assertions of those that are refused still work. R101: so does one node's nonce on the
//! other one.

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::{Context as _, Result, ensure};
use asserta::keyvalue::{KeyValue, MemoryStores, SqliteStores};
use host_tests::admin::{Admin, Client};
use host_tests::assertion::{assertion, proof};
use host_tests::client::{Answer, form, send};
use host_tests::components::program;
use host_tests::local_host::LocalHost;
use host_tests::token_request::{basic, token_path};
use serde_json::json;
use tokio::task::JoinSet;

const AT_ONCE: usize = 64;
const ROUNDS: usize = 5;
const KEY: &str = "es256/dpop";

#[tokio::test(flavor = "multi_thread")]
async fn r100_one_of_64_in_memory() -> Result<()> {
    let hosts = start(Arc::new(MemoryStores::new()), 1, false).await?;
    let raced = race(&addresses(&hosts)).await;
    stop(hosts).await;
    raced
}

#[tokio::test(flavor = "multi_thread")]
async fn r100_one_of_64_on_two_nodes() -> Result<()> {
    let directory = tempfile::tempdir()?;
    let hosts = start(Arc::new(SqliteStores::open(directory.path())?), 2, false).await?;
    let raced = race(&addresses(&hosts)).await;
    stop(hosts).await;
    raced
}

/// Whichever node a client meets: the first one to be asked for a nonce makes the key for all of them.
#[tokio::test(flavor = "multi_thread")]
async fn r101_a_nonce_on_two_nodes() -> Result<()> {
    let directory = tempfile::tempdir()?;
    let hosts = start(Arc::new(SqliteStores::open(directory.path())?), 2, true).await?;
    let done = nonces(&addresses(&hosts)).await;
    stop(hosts).await;
    done
}

async fn start(stores: Arc<dyn KeyValue>, nodes: usize, dpop_nonce: bool) -> Result<Vec<LocalHost>> {
    let mut hosts = Vec::new();
    for _ in 0..nodes {
        let host = LocalHost::of(program("handler.wasm")?).stores(stores.clone());
        hosts.push(host.settings(|settings| settings.dpop_nonce = dpop_nonce).start().await?);
    }
    Ok(hosts)
}

fn addresses(hosts: &[LocalHost]) -> Vec<SocketAddr> {
    hosts.iter().map(LocalHost::address).collect()
}

async fn stop(hosts: Vec<LocalHost>) {
    for host in hosts {
        host.stop().await;
    }
}

async fn race(addresses: &[SocketAddr]) -> Result<()> {
    let client = Admin(addresses[0]).register_acme().await?;
    for round in 0..ROUNDS {
        let one = proof(KEY, &json!({}))?;
        let mut posts = JoinSet::new();
        for number in 0..AT_ONCE {
            let address = addresses[number % addresses.len()];
            let (client, one, granted) = (client.clone(), one.clone(), assertion("es256", &json!({}))?);
            posts.spawn(async move {
                let answer = exchange(address, &client, &granted, &one).await;
                (granted, answer)
            });
        }
        let mut left = Vec::new();
        for (granted, answer) in posts.join_all().await {
            let answer = answer?;
            if answer.status == 200 {
                ensure!(answer.member("token_type")? == "DPoP", "{}", answer.text());
                continue;
            }
            ensure!(answer.status == 400, "{} {}", answer.status, answer.text());
            ensure!(answer.member("error")? == "invalid_dpop_proof", "{}", answer.text());
            left.push(granted);
        }
        ensure!(left.len() == AT_ONCE - 1, "round {round}: {} of {AT_ONCE} succeeded", AT_ONCE - left.len());
        let again = exchange(addresses[0], &client, &left[0], &proof(KEY, &json!({}))?).await?;
        ensure!(again.status == 200, "{} {}", again.status, again.text());
    }
    Ok(())
}

async fn nonces(addresses: &[SocketAddr]) -> Result<()> {
    let client = Admin(addresses[0]).register_acme().await?;
    let granted = assertion("es256", &json!({}))?;
    let mut posts = JoinSet::new();
    for &address in addresses {
        let (client, granted, one) = (client.clone(), granted.clone(), proof(KEY, &json!({}))?);
        posts.spawn(async move { (address, exchange(address, &client, &granted, &one).await) });
    }
    for (address, answer) in posts.join_all().await {
        let answer = answer?;
        ensure!(answer.status == 400, "{} {}", answer.status, answer.text());
        ensure!(answer.member("error")? == "use_dpop_nonce", "{}", answer.text());
        let nonce = answer.header("dpop-nonce").context("a nonce")?.to_owned();
        let other = addresses.iter().find(|other| **other != address).context("another node")?;
        let (one, granted) = (proof(KEY, &json!({ "nonce": nonce }))?, assertion("es256", &json!({}))?);
        let answer = exchange(*other, &client, &granted, &one).await?;
        ensure!(answer.status == 200, "{} {}", answer.status, answer.text());
        ensure!(answer.header("dpop-nonce").is_some(), "the next nonce");
    }
    Ok(())
}

async fn exchange(address: SocketAddr, client: &Client, assertion: &str, proof: &str) -> Result<Answer> {
    let body =
        form(&[("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"), ("assertion", assertion)]);
    let authorization = format!("Basic {}", basic(&client.client_id, &client.client_secret));
    let headers: [(&str, &[u8]); 3] = [
        ("content-type", b"application/x-www-form-urlencoded"),
        ("authorization", authorization.as_bytes()),
        ("dpop", proof.as_bytes()),
    ];
    send(address, "POST", &token_path("acme"), &headers, body).await
}
