//! `wasi:keyvalue` on a [`KeyValue`](crate::keyvalue::KeyValue).

use std::sync::Arc;

use wasmtime::component::Resource;

use super::Guest;
use super::bindings::wasi::keyvalue::{atomics, store};
use crate::keyvalue::{Bucket, StoreError};

/// A bucket that an instance has open.
#[expect(unreachable_pub, reason = "the generated bindings re-export it")]
pub struct OpenBucket(Arc<dyn Bucket>);

type Answer<T> = wasmtime::Result<Result<T, store::Error>>;

impl Guest {
    fn bucket(&self, bucket: &Resource<OpenBucket>) -> wasmtime::Result<Arc<dyn Bucket>> {
        Ok(self.table.get(bucket)?.0.clone())
    }
}

impl store::Host for Guest {
    async fn open(&mut self, identifier: String) -> Answer<Resource<OpenBucket>> {
        Ok(match self.world.stores.open(&identifier).await {
            Ok(bucket) => Ok(self.table.push(OpenBucket(bucket))?),
            Err(error) => Err(told(error)),
        })
    }
}

impl store::HostBucket for Guest {
    async fn get(&mut self, bucket: Resource<OpenBucket>, key: String) -> Answer<Option<Vec<u8>>> {
        Ok(self.bucket(&bucket)?.get(&key).await.map_err(told))
    }

    async fn set(&mut self, bucket: Resource<OpenBucket>, key: String, value: Vec<u8>) -> Answer<()> {
        Ok(self.bucket(&bucket)?.set(&key, &value).await.map_err(told))
    }

    async fn delete(&mut self, bucket: Resource<OpenBucket>, key: String) -> Answer<()> {
        Ok(self.bucket(&bucket)?.delete(&key).await.map_err(told))
    }

    async fn exists(&mut self, bucket: Resource<OpenBucket>, key: String) -> Answer<bool> {
        Ok(self.bucket(&bucket)?.exists(&key).await.map_err(told))
    }

    async fn list_keys(
        &mut self,
        bucket: Resource<OpenBucket>,
        cursor: Option<String>,
    ) -> Answer<store::KeyResponse> {
        let page = self.bucket(&bucket)?.list_keys(cursor.as_deref()).await;
        Ok(page.map(|page| store::KeyResponse { keys: page.keys, cursor: page.cursor }).map_err(told))
    }

    async fn drop(&mut self, bucket: Resource<OpenBucket>) -> wasmtime::Result<()> {
        self.table.delete(bucket)?;
        Ok(())
    }
}

impl atomics::Host for Guest {
    async fn increment(&mut self, bucket: Resource<OpenBucket>, key: String, delta: i64) -> Answer<i64> {
        Ok(self.bucket(&bucket)?.increment(&key, delta).await.map_err(told))
    }
}

/// Tells the operator what failed, and the component that something did. Neither learns a key.
fn told(error: StoreError) -> store::Error {
    match error {
        StoreError::NoSuchBucket => store::Error::NoSuchStore,
        other => {
            tracing::error!(error = %other, "a store call failed");
            store::Error::Other(other.to_string())
        }
    }
}
