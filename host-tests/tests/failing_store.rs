//! R70: where the store fails the answer is 503, nothing is issued, and nothing is left broken when it is back.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Result, ensure};
use asserta::keyvalue::{Bucket, KeyPage, KeyValue, MemoryStores, StoreError};
use async_trait::async_trait;
use host_tests::admin::Admin;
use host_tests::assertion::assertion;
use host_tests::client::{Answer, send};
use host_tests::components::program;
use host_tests::local_host::LocalHost;
use serde_json::json;

/// Stores that fail on demand, each by itself.
#[derive(Clone, Default)]
struct Unreliable {
    stores: MemoryStores,
    registry_fails: Arc<AtomicBool>,
    replay_fails: Arc<AtomicBool>,
}

struct UnreliableBucket(Arc<dyn Bucket>, Arc<AtomicBool>);

impl UnreliableBucket {
    fn works(&self) -> Result<(), StoreError> {
        if self.1.load(Ordering::SeqCst) { Err(StoreError::Failed("on demand".to_owned())) } else { Ok(()) }
    }
}

#[async_trait]
impl KeyValue for Unreliable {
    async fn open(&self, name: &str) -> Result<Arc<dyn Bucket>, StoreError> {
        let fails = if name == "replay" { &self.replay_fails } else { &self.registry_fails };
        Ok(Arc::new(UnreliableBucket(self.stores.open(name).await?, fails.clone())))
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
        self.0.set(key, value).await
    }

    async fn delete(&self, key: &str) -> Result<(), StoreError> {
        self.works()?;
        self.0.delete(key).await
    }

    async fn exists(&self, key: &str) -> Result<bool, StoreError> {
        self.works()?;
        self.0.exists(key).await
    }

    async fn list_keys(&self, cursor: Option<&str>) -> Result<KeyPage, StoreError> {
        self.works()?;
        self.0.list_keys(cursor).await
    }

    async fn increment(&self, key: &str, delta: i64) -> Result<i64, StoreError> {
        self.works()?;
        self.0.increment(key, delta).await
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
    let host = LocalHost::of(program("endpoint.wasm")?).stores(Arc::new(stores.clone())).start().await?;
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
