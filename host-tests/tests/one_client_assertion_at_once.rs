//! R27, R45: of many concurrent requests with one client assertion, each with an assertion of its own, exactly one succeeds,
//! on one node and on two that share their stores. The assertions of those that are refused still work (R26).

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::{Result, ensure};
use asserta::keyvalue::{KeyValue, MemoryStores, SqliteStores};
use host_tests::admin::Admin;
use host_tests::assertion::assertion;
use host_tests::client::{Answer, form, send};
use host_tests::components::program;
use host_tests::local_host::LocalHost;
use host_tests::token_request::token_path;
use serde_json::json;
use tokio::task::JoinSet;

const AT_ONCE: usize = 64;
const ROUNDS: usize = 5;
const KEY: &str = "es256/client";

#[tokio::test(flavor = "multi_thread")]
async fn r27_one_of_64_in_memory() -> Result<()> {
    one_of_64(Arc::new(MemoryStores::new()), 1).await
}

#[tokio::test(flavor = "multi_thread")]
async fn r27_one_of_64_on_two_nodes() -> Result<()> {
    let directory = tempfile::tempdir()?;
    one_of_64(Arc::new(SqliteStores::open(directory.path())?), 2).await
}

async fn one_of_64(stores: Arc<dyn KeyValue>, nodes: usize) -> Result<()> {
    let mut hosts = Vec::new();
    for _ in 0..nodes {
        hosts.push(LocalHost::of(program("handler.wasm")?).stores(stores.clone()).start().await?);
    }
    let addresses: Vec<SocketAddr> = hosts.iter().map(LocalHost::address).collect();
    let raced = race(&addresses).await;
    for host in hosts {
        host.stop().await;
    }
    raced
}

async fn race(addresses: &[SocketAddr]) -> Result<()> {
    let admin = Admin(addresses[0]);
    admin.register_acme().await?;
    let client_id = admin.register_application_by_key(KEY).await?;
    let presented = || assertion(KEY, &json!({"iss": client_id, "sub": client_id}));
    for round in 0..ROUNDS {
        let client_assertion = presented()?;
        let mut posts = JoinSet::new();
        for number in 0..AT_ONCE {
            let address = addresses[number % addresses.len()];
            let (granted, client_assertion) = (assertion("es256", &json!({}))?, client_assertion.clone());
            posts.spawn(async move {
                let answer = exchange(address, &granted, &client_assertion).await;
                (granted, answer)
            });
        }
        let mut left = Vec::new();
        for (granted, answer) in posts.join_all().await {
            let answer = answer?;
            if answer.status == 200 {
                continue;
            }
            ensure!(answer.status == 401, "{} {}", answer.status, answer.text());
            ensure!(answer.member("error")? == "invalid_client", "{}", answer.text());
            left.push(granted);
        }
        ensure!(left.len() == AT_ONCE - 1, "round {round}: {} of {AT_ONCE} succeeded", AT_ONCE - left.len());
        let again = exchange(addresses[0], &left[0], &presented()?).await?;
        ensure!(again.status == 200, "R26: {} {}", again.status, again.text());
    }
    Ok(())
}

async fn exchange(address: SocketAddr, assertion: &str, client_assertion: &str) -> Result<Answer> {
    let body = form(&[
        ("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"),
        ("assertion", assertion),
        ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
        ("client_assertion", client_assertion),
    ]);
    let headers: [(&str, &[u8]); 1] = [("content-type", b"application/x-www-form-urlencoded")];
    send(address, "POST", &token_path("acme"), &headers, body).await
}
