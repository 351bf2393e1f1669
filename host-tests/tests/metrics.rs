//! What is counted for whoever watches, on an address of its own (R75, R82).

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::{Context as _, Result, ensure};
use asserta::keyvalue::MemoryStores;
use asserta::{Host, Secret, Settings};
use host_tests::admin::Admin;
use host_tests::assertion::assertion;
use host_tests::client::send;
use host_tests::components;
use host_tests::keys::key;
use host_tests::local_host::{ADMIN_TOKEN, PUBLIC_URL};
use serde_json::json;

async fn host() -> Result<(Host, SocketAddr)> {
    let settings = Settings {
        public_url: Some(PUBLIC_URL.to_owned()),
        admin_token: Some(Secret::new(ADMIN_TOKEN)),
        dev: true,
        ..Settings::default()
    };
    let program = components::program("handler.wasm")?;
    let builder = Host::builder(program, Arc::new(MemoryStores::new())).settings(settings);
    let host = builder.metrics_listen("127.0.0.1:0").start().await?;
    let metrics = host.metrics_address().context("it serves metrics")?;
    Ok((host, metrics))
}

async fn shown(metrics: SocketAddr) -> Result<String> {
    let answer = send(metrics, "GET", "/metrics", &[], "").await?;
    ensure!(answer.status == 200, "{}", answer.text());
    ensure!(answer.text().ends_with("# EOF\n"), "not the whole of it: {}", answer.text());
    Ok(answer.text())
}

#[tokio::test(flavor = "multi_thread")]
async fn decisions_are_counted_and_nothing_personal_is_shown() -> Result<()> {
    let (host, metrics) = host().await?;
    let admin = Admin(host.address());
    let client = admin.register_acme().await?;
    let watched = json!({
        "jwks": {"keys": [key("es256")?.jwk()?]},
        "rules": [
            {"name": "strict", "subjects": ["somebody-else"], "mode": "audit"},
            {"name": "lenient", "subjects": ["alice@personal.example"], "mode": "audit"},
            {"name": "all", "subjects": ["alice@personal.example"]},
        ],
    });
    admin.register_issuer("watched", "https://watched.example", &watched).await?;
    let claims = json!({"sub": "alice@personal.example", "iss": "https://watched.example"});
    let good = assertion("es256", &claims)?;
    ensure!(client.exchange(&good).await?.status == 200);
    ensure!(client.exchange(&good).await?.status == 400, "it works once");
    for stranger in ["no-such-1", "no-such-2"] {
        send(host.address(), "POST", &format!("/t/{stranger}/oauth2/token"), &[], "").await?;
    }

    let text = shown(metrics).await?;
    let jwt_bearer = r#"grant_type="urn:ietf:params:oauth:grant-type:jwt-bearer""#;
    let of_rule = |outcome: &str| {
        format!(
            r#"asserta_exchanges_total{{organization="acme",{jwt_bearer},trusted_issuer="watched",rule="all",outcome="{outcome}"}} 1"#
        )
    };
    for line in [
        of_rule("granted"),
        of_rule("assertion-replayed"),
        r#"asserta_audited_total{organization="acme",trusted_issuer="watched",rule="lenient",outcome="granted"} 2"#
            .to_owned(),
        r#"asserta_responses_total{status="200"} 1"#.to_owned(),
    ] {
        ensure!(text.lines().any(|shown| shown == line), "no line {line} in {text}");
    }
    for hidden in ["alice", &client.client_id, "no-such", "rule=\"strict\"", ADMIN_TOKEN, good.as_str()] {
        ensure!(!text.contains(hidden), "{hidden} is shown: {text}");
    }
    Ok(())
}

/// It has an address of its own: what clients reach tells them nothing, and what the operator reaches does nothing else.
#[tokio::test(flavor = "multi_thread")]
async fn the_two_addresses_serve_nothing_of_each_other() -> Result<()> {
    let (host, metrics) = host().await?;
    ensure!(send(host.address(), "GET", "/metrics", &[], "").await?.status == 404);
    for path in ["/", "/health", "/oauth2/token", "/admin/organizations", "/metrics/"] {
        ensure!(send(metrics, "GET", path, &[], "").await?.status == 404, "{path}");
    }
    ensure!(send(metrics, "POST", "/metrics", &[], "").await?.status == 405);
    ensure!(send(metrics, "HEAD", "/metrics", &[], "").await?.status == 200);
    host.stop().await;
    ensure!(send(metrics, "GET", "/metrics", &[], "").await.is_err(), "it ends with the host");
    Ok(())
}
