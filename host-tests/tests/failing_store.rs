//! R70: where the store fails the answer is 503, nothing is issued, and nothing is left broken when it is back.

use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use asserta::keyvalue::{Bucket, KeyValue, MemoryStores, StoreError};
use async_trait::async_trait;
use host_tests::admin::Admin;
use host_tests::assertion::assertion;
use host_tests::client::{Answer, send};
use host_tests::components::program;
use host_tests::local_host::{ADMIN_TOKEN, LocalHost, StillClock};
use host_tests::process::command;
use serde_json::{Value, json};

/// Stores that fail on demand, each by itself.
#[derive(Clone, Default)]
struct Unreliable {
    stores: MemoryStores,
    registry_fails: Arc<AtomicBool>,
    replay_fails: Arc<AtomicBool>,
    /// Keys can't be listed, as where there are too many of them for Spin.
    unlistable: Arc<AtomicBool>,
    /// The end of a key that can't be written.
    unwritable: Arc<OnceLock<&'static str>>,
}

struct UnreliableBucket(Arc<dyn Bucket>, Arc<AtomicBool>, Arc<OnceLock<&'static str>>, Arc<AtomicBool>);

impl UnreliableBucket {
    fn works(&self) -> Result<(), StoreError> {
        if self.1.load(Ordering::SeqCst) { Err(StoreError::Failed("on demand".to_owned())) } else { Ok(()) }
    }
}

#[async_trait]
impl KeyValue for Unreliable {
    async fn open(&self, name: &str) -> Result<Arc<dyn Bucket>, StoreError> {
        let fails = if name == "replay" { &self.replay_fails } else { &self.registry_fails };
        let (fails, unwritable, unlistable) =
            (fails.clone(), self.unwritable.clone(), self.unlistable.clone());
        Ok(Arc::new(UnreliableBucket(self.stores.open(name).await?, fails, unwritable, unlistable)))
    }
}

#[async_trait]
impl Bucket for UnreliableBucket {
    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.works()?;
        self.0.get(key).await
    }

    async fn set(&self, key: &str, value: &[u8]) -> Result<(), StoreError> {
        self.works()?;
        if self.2.get().is_some_and(|end| key.ends_with(end)) {
            return Err(StoreError::Failed("on demand".to_owned()));
        }
        self.0.set(key, value).await
    }

    async fn delete(&self, key: &str) -> Result<(), StoreError> {
        self.works()?;
        self.0.delete(key).await
    }

    async fn keys(&self, prefix: &str, after: Option<&str>, limit: usize) -> Result<Vec<String>, StoreError> {
        self.works()?;
        if self.3.load(Ordering::SeqCst) {
            return Err(StoreError::Failed("query result exceeds limit".to_owned()));
        }
        self.0.keys(prefix, after, limit).await
    }

    async fn increment(&self, key: &str) -> Result<i64, StoreError> {
        self.works()?;
        self.0.increment(key).await
    }
}

fn is_unavailable(answer: &Answer) -> Result<()> {
    ensure!(answer.status == 503, "{} {}", answer.status, answer.text());
    ensure!(answer.member("error")? == "temporarily_unavailable", "{}", answer.text());
    ensure!(answer.header("retry-after").is_some(), "no Retry-After");
    ensure!(answer.json()?.get("access_token").is_none(), "{}", answer.text());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_issued_while_a_store_fails() -> Result<()> {
    let stores = Unreliable::default();
    let host = LocalHost::of(program("handler.wasm")?).stores(Arc::new(stores.clone())).start().await?;
    let admin = Admin(host.address());
    let client = admin.register_acme().await?;
    let health = || send(host.address(), "GET", "/health", &[], "");
    ensure!(client.exchange(&assertion("es256", &json!({}))?).await?.status == 200, "it works at first");
    ensure!(health().await?.status == 200, "it is healthy at first");

    for failing in [&stores.replay_fails, &stores.registry_fails] {
        failing.store(true, Ordering::SeqCst);
        let kept = assertion("es256", &json!({}))?;
        is_unavailable(&client.exchange(&kept).await?)?;
        ensure!(health().await?.status == 503, "health says nothing of it");
        failing.store(false, Ordering::SeqCst);
        // The reservation failed before it counted, so that the client can try again.
        let answer = client.exchange(&kept).await?;
        ensure!(answer.status == 200, "after the failure: {}", answer.text());
        let answer = client.exchange(&kept).await?;
        ensure!(answer.status == 400, "R45: {}", answer.text());
    }

    stores.registry_fails.store(true, Ordering::SeqCst);
    let refused = admin.send("PUT", "globex", Some(&json!({}))).await?;
    ensure!(refused.status == 503, "{} {}", refused.status, refused.text());
    stores.registry_fails.store(false, Ordering::SeqCst);
    let unknown = admin.send("GET", "globex", None).await?;
    ensure!(unknown.status == 404, "a refused registration was stored: {}", unknown.text());
    host.stop().await;
    Ok(())
}

/// Where used assertions can't be deleted any more, exchanges go on, and `/health` says so until they can.
#[tokio::test(flavor = "multi_thread")]
async fn a_sweep_that_fails_is_told() -> Result<()> {
    let (stores, clock) = (Unreliable::default(), StillClock::at_present());
    let host = LocalHost::of(program("handler.wasm")?).stores(Arc::new(stores.clone())).clock(clock.clone());
    let host = host.start().await?;
    let client = Admin(host.address()).register_acme().await?;
    for unlistable in [true, false] {
        stores.unlistable.store(unlistable, Ordering::SeqCst);
        clock.set(clock.seconds() + 61);
        // The sweep follows some answer.
        let begin = Instant::now();
        loop {
            let health = send(host.address(), "GET", "/health", &[], "").await?;
            ensure!(health.status == 200, "{} {}", health.status, health.text());
            if (health.json()?["sweep"] == "failing") == unlistable {
                break;
            }
            ensure!(begin.elapsed() < Duration::from_secs(20), "unlistable: {unlistable}, {}", health.text());
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        let now = json!({"exp": clock.seconds() + 300, "iat": clock.seconds()});
        let answer = client.exchange(&assertion("es256", &now)?).await?;
        ensure!(answer.status == 200, "unlistable: {unlistable}, {}", answer.text());
    }
    host.stop().await;
    Ok(())
}

/// `asserta apply` where the store fails in the middle says of each registration whether it is there.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_applied_before_a_failure_is_reported() -> Result<()> {
    let stores = Unreliable::default();
    let host = LocalHost::of(program("handler.wasm")?).stores(Arc::new(stores.clone())).start().await?;
    let issuer = |name: &str| {
        let (issuer, jwks_uri) = (format!("https://{name}.example"), format!("https://{name}.example/jwks"));
        json!({"name": name, "issuer": issuer, "jwks_uri": jwks_uri})
    };
    let issuers = ["one", "two", "three"].map(issuer);
    let document = json!({"organizations": [{"name": "acme", "trusted_issuers": issuers}]});
    let directory = tempfile::tempdir()?;
    let file = directory.path().join("trust.json");
    std::fs::write(&file, document.to_string())?;
    _ = stores.unwritable.set("trusted-issuer/acme/two");
    let url = format!("http://{}", host.address());
    let mut apply = Command::new(command()?);
    apply.args(["apply", "--json", "--url", &url, "--admin-token", ADMIN_TOKEN]).arg(&file);
    let ran = tokio::task::spawn_blocking(move || apply.output()).await??;
    ensure!(ran.status.code() == Some(1), "{ran:?}");
    let outcomes: Value = serde_json::from_slice(&ran.stdout)?;
    let expected = [
        ("acme", "created"),
        ("acme/one", "created"),
        ("acme/two", "unknown"),
        ("acme/three", "not applied"),
    ];
    let expected = expected.map(|(name, outcome)| json!({"registration": name, "outcome": outcome}));
    ensure!(outcomes == Value::from(expected.to_vec()), "{outcomes}");
    let said = String::from_utf8_lossy(&ran.stderr);
    ensure!(said.contains("organizations[0].trusted_issuers[1]") && said.contains("503"), "{said}");
    let listed = Admin(host.address()).done("GET", "acme/trusted-issuers", None).await?.json()?;
    let names: Vec<_> = listed["items"].as_array().into_iter().flatten().map(|item| &item["name"]).collect();
    ensure!(names == ["one"], "{names:?}");
    host.stop().await;
    Ok(())
}
