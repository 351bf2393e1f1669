//! SIGTERM: the requests that run are finished, then the process ends, and well.

use std::time::Duration;

use anyhow::{Result, ensure};
use host_tests::admin::Admin;
use host_tests::assertion::assertion;
use host_tests::key_endpoints::KeyEndpoints;
use host_tests::keys::key;
use host_tests::process::Server;
use host_tests::scenario::resolved::KeyAnswer;
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn running_requests_finish() -> Result<()> {
    let data = tempfile::tempdir()?;
    let key_endpoints = KeyEndpoints::start().await?;
    let url = key_endpoints.url("graceful", "slow");
    let body = json!({"keys": [key("es256")?.jwk()?]}).to_string();
    let answer = KeyAnswer { status: 200, headers: Default::default(), body, delay_ms: 1500 };
    key_endpoints.answers(&url, vec![answer]);
    let mut server = Server::start(data.path())?;
    let admin = Admin(server.address);
    let client = admin.register_acme().await?;
    admin.register_issuer("slow", "https://slow.example", &json!({"jwks_uri": url})).await?;

    let running = tokio::spawn({
        let (client, slow) = (client.clone(), assertion("es256", &json!({"iss": "https://slow.example"}))?);
        async move { client.exchange(&slow).await }
    });
    while key_endpoints.fetches(&url) == 0 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    server.terminate()?;
    tokio::time::sleep(Duration::from_millis(200)).await;
    ensure!(client.exchange(&assertion("es256", &json!({}))?).await.is_err(), "it still takes connections");
    let answer = running.await??;
    ensure!(
        answer.status == 200,
        "the running request: {} {}: {}",
        answer.status,
        answer.text(),
        server.log()?
    );
    let status = server.wait(Duration::from_secs(5))?;
    ensure!(status.success(), "{status}");
    Ok(())
}
