//! R45: of many concurrent posts of one assertion exactly one succeeds.

use std::sync::Arc;

use anyhow::{Result, ensure};
use asserta::keyvalue::{KeyValue, MemoryStores, SqliteStores};
use host_tests::admin::Admin;
use host_tests::assertion::assertion;
use host_tests::components::program;
use host_tests::local_host::LocalHost;
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
    let client = Admin(host.address()).register_acme().await?;
    for round in 0..ROUNDS {
        let assertion = assertion("es256", &json!({"round": round}))?;
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
    host.stop().await;
    Ok(())
}
