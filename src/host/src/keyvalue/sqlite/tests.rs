use std::sync::Arc;

use super::SqliteStores;
use crate::keyvalue::{Bucket, KEYS_PER_PAGE, KeyValue, MAX_KEY_BYTES, MemoryStores, StoreError};

/// Every promise of the trait holds for each implementation.
async fn each_store(check: impl AsyncFn(Arc<dyn Bucket>)) {
    let directory = tempfile::tempdir().unwrap();
    let stores: [Arc<dyn KeyValue>; 2] =
        [Arc::new(SqliteStores::open(directory.path()).unwrap()), Arc::new(MemoryStores::new())];
    for store in stores {
        check(store.open("default").await.unwrap()).await;
    }
}

#[tokio::test]
async fn a_value_is_what_was_set_last() {
    each_store(async |bucket| {
        assert_eq!(bucket.get("a").await, Ok(None));
        assert_eq!(bucket.exists("a").await, Ok(false));
        bucket.set("a", b"1").await.unwrap();
        bucket.set("a", b"").await.unwrap();
        assert_eq!(bucket.get("a").await, Ok(Some(Vec::new())));
        assert_eq!(bucket.exists("a").await, Ok(true));
        bucket.delete("a").await.unwrap();
        bucket.delete("a").await.unwrap();
        assert_eq!(bucket.get("a").await, Ok(None));
    })
    .await;
}

#[tokio::test]
async fn a_counter_reads_as_eight_bytes_and_bytes_are_no_counter() {
    each_store(async |bucket| {
        assert_eq!(bucket.increment("n", 1).await, Ok(1));
        assert_eq!(bucket.increment("n", 41).await, Ok(42));
        assert_eq!(bucket.get("n").await, Ok(Some(42i64.to_le_bytes().to_vec())));
        assert_eq!(bucket.increment("n", i64::MAX).await, Err(StoreError::NotACounter));
        assert_eq!(bucket.increment("n", -2).await, Ok(40));
        bucket.set("text", b"12345678").await.unwrap();
        assert_eq!(bucket.increment("text", 1).await, Err(StoreError::NotACounter));
        assert_eq!(bucket.get("text").await, Ok(Some(b"12345678".to_vec())));
    })
    .await;
}

#[tokio::test]
async fn keys_are_listed_in_order_and_in_pages() {
    each_store(async |bucket| {
        let total = 2 * KEYS_PER_PAGE + 1;
        for index in (0..total).rev() {
            bucket.set(&format!("k{index:05}"), b"x").await.unwrap();
        }
        let (mut seen, mut cursor, mut pages) = (Vec::new(), None::<String>, 0);
        loop {
            let page = bucket.list_keys(cursor.as_deref()).await.unwrap();
            seen.extend(page.keys);
            pages += 1;
            cursor = page.cursor;
            if cursor.is_none() {
                break;
            }
        }
        assert_eq!(pages, 3);
        assert_eq!(seen, (0..total).map(|index| format!("k{index:05}")).collect::<Vec<_>>());
    })
    .await;
}

#[tokio::test]
async fn a_full_last_page_has_no_cursor() {
    each_store(async |bucket| {
        for index in 0..KEYS_PER_PAGE {
            bucket.set(&format!("k{index:05}"), b"x").await.unwrap();
        }
        assert_eq!(bucket.list_keys(None).await.unwrap().cursor, None);
        assert_eq!(bucket.list_keys(Some("k00998")).await.unwrap().keys, ["k00999"]);
    })
    .await;
}

#[tokio::test]
async fn long_keys_are_refused() {
    each_store(async |bucket| {
        let key = "k".repeat(MAX_KEY_BYTES);
        bucket.set(&key, b"x").await.unwrap();
        assert_eq!(bucket.set(&format!("{key}k"), b"x").await, Err(StoreError::KeyTooLong));
        assert_eq!(bucket.increment(&format!("{key}k"), 1).await, Err(StoreError::KeyTooLong));
    })
    .await;
}

#[tokio::test]
async fn only_two_buckets_exist_and_they_are_apart() {
    let directory = tempfile::tempdir().unwrap();
    let stores = SqliteStores::open(directory.path()).unwrap();
    assert_eq!(stores.open("other").await.err(), Some(StoreError::NoSuchBucket));
    stores.open("default").await.unwrap().set("k", b"x").await.unwrap();
    assert_eq!(stores.open("replay").await.unwrap().get("k").await, Ok(None));
}

/// R45: of concurrent increments of a new key, exactly one sees 1; across processes' connections too.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn concurrent_increments_count_each_caller_once() {
    let directory = tempfile::tempdir().unwrap();
    let stores =
        [SqliteStores::open(directory.path()).unwrap(), SqliteStores::open(directory.path()).unwrap()];
    for round in 0..20 {
        let mut calls = Vec::new();
        for caller in 0..64 {
            let bucket = stores[caller % 2].open("replay").await.unwrap();
            calls.push(tokio::spawn(async move { bucket.increment(&format!("r{round}"), 1).await.unwrap() }));
        }
        let mut values = Vec::new();
        for call in calls {
            values.push(call.await.unwrap());
        }
        values.sort_unstable();
        assert_eq!(values, (1..=64).collect::<Vec<i64>>());
    }
}

/// R72, and R45 "survives a restart": what was written is there when the files are opened again.
#[tokio::test]
async fn values_outlive_the_process() {
    let directory = tempfile::tempdir().unwrap();
    let first = SqliteStores::open(directory.path()).unwrap();
    first.open("default").await.unwrap().set("k", b"x").await.unwrap();
    first.open("replay").await.unwrap().increment("n", 1).await.unwrap();
    // Opened while the first is still there, as after a SIGKILL: nothing was closed in order.
    let second = SqliteStores::open(directory.path()).unwrap();
    assert_eq!(second.open("default").await.unwrap().get("k").await, Ok(Some(b"x".to_vec())));
    assert_eq!(second.open("replay").await.unwrap().increment("n", 1).await, Ok(2));
}

#[cfg(unix)]
#[tokio::test]
async fn nobody_else_may_read_the_files() {
    use std::os::unix::fs::PermissionsExt as _;

    let directory = tempfile::tempdir().unwrap();
    let stores = SqliteStores::open(directory.path()).unwrap();
    stores.open("default").await.unwrap().set("k", b"x").await.unwrap();
    for entry in std::fs::read_dir(directory.path()).unwrap() {
        let entry = entry.unwrap();
        assert_eq!(entry.metadata().unwrap().permissions().mode() & 0o077, 0, "{:?}", entry.file_name());
    }
}
