//! R45, R72: SIGKILL and a new start keep issuers, applications and used assertions.

use anyhow::{Result, ensure};
use host_tests::admin::{Admin, Client};
use host_tests::assertion::assertion;
use host_tests::key_endpoints::KeyEndpoints;
use host_tests::keys::key;
use host_tests::local_host::present;
use host_tests::process::Server;
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn nothing_acknowledged_is_lost() -> Result<()> {
    let data = tempfile::tempdir()?;
    let key_endpoints = KeyEndpoints::start().await?;
    let url = key_endpoints.url("restart", "jwks");
    key_endpoints.serves(&url, json!({"keys": [key("rsa")?.jwk()?]}));

    let server = Server::start(data.path())?;
    let admin = Admin(server.address);
    let client = admin.register_acme().await?;
    let now = i64::try_from(present())?;
    let certificate = key("es384")?.certificate_pem(now - 60, now + 3600)?;
    admin.register_issuer("by-pem", "https://pem.example", &json!({"certificate": certificate})).await?;
    admin.register_issuer("by-jwks", "https://jwks.example", &json!({"jwks_uri": url})).await?;
    let used = [
        assertion("es256", &json!({}))?,
        assertion("es384", &json!({"iss": "https://pem.example"}))?,
        assertion("rsa", &json!({"iss": "https://jwks.example"}))?,
    ];
    for assertion in &used {
        let answer = client.exchange(assertion).await?;
        ensure!(answer.status == 200, "{}", answer.text());
    }
    let before = admin.done("GET", "acme/keys", None).await?.json()?;
    // Acknowledged, and killed at once.
    admin
        .register_issuer(
            "the-last",
            "https://last.example",
            &json!({"certificate": key("ed25519")?.public_pem()?}),
        )
        .await?;
    server.kill()?;

    let server = Server::start(data.path())?;
    let admin = Admin(server.address);
    let client = Client { address: server.address, ..client };
    for assertion in &used {
        let answer = client.exchange(assertion).await?;
        ensure!(answer.status == 400 && answer.member("error")? == "invalid_grant", "R45: {}", answer.text());
    }
    for (key, issuer) in [
        ("es256", "https://partner.example"),
        ("es384", "https://pem.example"),
        ("rsa", "https://jwks.example"),
        ("ed25519", "https://last.example"),
    ] {
        let answer = client.exchange(&assertion(key, &json!({"iss": issuer}))?).await?;
        ensure!(answer.status == 200, "R72: {issuer}: {}", answer.text());
    }
    let after = admin.done("GET", "acme/keys", None).await?.json()?;
    ensure!(before == after, "R72: our keys are others: {before} {after}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_in_the_middle_of_a_load() -> Result<()> {
    let data = tempfile::tempdir()?;
    let mut server = Server::start(data.path())?;
    let client = Admin(server.address).register_acme().await?;
    for _ in 0..5 {
        let mut acknowledged = Vec::new();
        let mut posts = tokio::task::JoinSet::new();
        for _ in 0..40 {
            let client = Client { address: server.address, ..client.clone() };
            let assertion = assertion("es256", &json!({}))?;
            posts.spawn(async move { (client.exchange(&assertion).await, assertion) });
        }
        // Killed while some are answered and others are not.
        while let Some(done) = posts.join_next().await {
            if let (Ok(answer), assertion) = done? {
                ensure!(answer.status == 200, "{}", answer.text());
                acknowledged.push(assertion);
            }
            if acknowledged.len() == 10 {
                break;
            }
        }
        server.kill()?;
        while let Some(done) = posts.join_next().await {
            if let (Ok(answer), assertion) = done?
                && answer.status == 200
            {
                acknowledged.push(assertion);
            }
        }
        server = Server::start(data.path())?;
        let client = Client { address: server.address, ..client.clone() };
        for assertion in acknowledged {
            let answer = client.exchange(&assertion).await?;
            ensure!(answer.status == 400, "R45: an acknowledged assertion worked twice: {}", answer.text());
        }
    }
    Ok(())
}
