//! R45, R37: of many concurrent posts of one assertion, or of one ID-JAG, exactly one succeeds.

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::{Context as _, Result, ensure};
use asserta::keyvalue::{KeyValue, MemoryStores, SqliteStores};
use host_tests::admin::Admin;
use host_tests::assertion::{assertion, id_jag};
use host_tests::components::program;
use host_tests::keys::key;
use host_tests::local_host::{LocalHost, present};
use host_tests::spin::{Spin, variables};
use serde_json::json;
use tokio::task::JoinSet;

const AT_ONCE: usize = 64;
const ROUNDS: usize = 10;

#[tokio::test(flavor = "multi_thread")]
async fn one_of_64_in_sqlite() -> Result<()> {
    let directory = tempfile::tempdir()?;
    one_of_64(Arc::new(SqliteStores::open(directory.path())?)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn one_of_64_in_memory() -> Result<()> {
    one_of_64(Arc::new(MemoryStores::new())).await
}

async fn one_of_64(stores: Arc<dyn KeyValue>) -> Result<()> {
    let host = LocalHost::of(program("handler.wasm")?).stores(stores).start().await?;
    one_of_64_at(host.address()).await?;
    host.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn one_of_64_on_spin() -> Result<()> {
    for component in ["endpoint.wasm", "endpoint-p2.wasm"] {
        let spin = Spin::load(component)?;
        for replay_store in ["key-value", "sqlite"] {
            let app = spin.start(present(), &variables(replay_store))?;
            let raced = one_of_64_at(app.address).await;
            raced.with_context(|| format!("{component}, used assertions in {replay_store}"))?;
        }
    }
    Ok(())
}

async fn one_of_64_at(address: SocketAddr) -> Result<()> {
    let admin = Admin(address);
    let client = admin.register_acme().await?;
    let enterprise = json!({"jwks": {"keys": [key("es256")?.jwk()?]}, "profile": "id-jag"});
    admin.register_issuer("enterprise", "https://enterprise.example", &enterprise).await?;
    for round in 0..ROUNDS {
        let assertion = match round % 2 {
            0 => assertion("es256", &json!({"round": round}))?,
            _ => id_jag("es256", &client.client_id, &json!({"iss": "https://enterprise.example"}))?,
        };
        let mut posts = JoinSet::new();
        for _ in 0..AT_ONCE {
            let (client, assertion) = (client.clone(), assertion.clone());
            posts.spawn(async move { client.exchange(&assertion).await });
        }
        let mut granted = 0;
        for answer in posts.join_all().await {
            let answer = answer?;
            if answer.status == 200 {
                granted += 1;
            } else {
                ensure!(answer.status == 400, "{} {}", answer.status, answer.text());
                ensure!(answer.member("error")? == "invalid_grant", "{}", answer.text());
            }
        }
        ensure!(granted == 1, "round {round}: {granted} of {AT_ONCE} succeeded");
    }
    Ok(())
}
