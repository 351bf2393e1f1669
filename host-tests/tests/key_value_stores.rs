//! Every promise of the trait `Bucket` holds for each of the host's stores: memory, SQLite, Redis.

use std::sync::Arc;

use anyhow::{Result, ensure};
use asserta::Secret;
use asserta::keyvalue::{
    Bucket, KEYS_PER_PAGE, KeyValue, MAX_KEY_BYTES, MemoryStores, RedisStores, SqliteStores, StoreError,
};
use host_tests::redis_server::RedisServer;

/// Runs a check on an empty store of each kind.
async fn each_store(check: impl AsyncFn(Arc<dyn KeyValue>) -> Result<()>) -> Result<()> {
    let directory = tempfile::tempdir()?;
    let server = RedisServer::start()?;
    let stores: [Arc<dyn KeyValue>; 3] = [
        Arc::new(MemoryStores::new()),
        Arc::new(SqliteStores::open(directory.path())?),
        Arc::new(RedisStores::new(&Secret::new(server.url()), None)?),
    ];
    for store in stores {
        check(store).await?;
    }
    Ok(())
}

/// The same for one bucket.
async fn each_bucket(check: impl AsyncFn(Arc<dyn Bucket>) -> Result<()>) -> Result<()> {
    each_store(async |store| check(store.open("default").await?).await).await
}

#[tokio::test]
async fn a_value_is_what_was_set_last() -> Result<()> {
    each_bucket(async |bucket| {
        assert_eq!(bucket.get("a").await, Ok(None));
        bucket.set("a", b"1").await?;
        bucket.set("a", b"").await?;
        assert_eq!(bucket.get("a").await, Ok(Some(Vec::new())));
        let any: Vec<u8> = (0..=255).cycle().take(100_000).collect();
        bucket.set("a", &any).await?;
        assert_eq!(bucket.get("a").await, Ok(Some(any)));
        bucket.delete("a").await?;
        bucket.delete("a").await?;
        assert_eq!(bucket.get("a").await, Ok(None));
        assert_eq!(bucket.keys("", None, KEYS_PER_PAGE).await?, Vec::<String>::new());
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_counter_reads_as_a_number_and_bytes_are_no_counter() -> Result<()> {
    each_bucket(async |bucket| {
        assert_eq!(bucket.increment("n").await, Ok(1));
        for expected in 2..=42 {
            assert_eq!(bucket.increment("n").await, Ok(expected));
        }
        assert_eq!(bucket.get("n").await, Ok(Some(b"42".to_vec())));
        // Bytes, whatever they look like.
        for bytes in [&b"12345678"[..], b"7", b"-1", b"", b"=1"] {
            bucket.set("text", bytes).await?;
            assert_eq!(bucket.increment("text").await, Err(StoreError::NotACounter), "{bytes:?}");
            assert_eq!(bucket.get("text").await, Ok(Some(bytes.to_vec())));
        }
        // What is set over a counter is bytes, and what is counted after a deletion begins anew.
        bucket.set("n", b"5").await?;
        assert_eq!(bucket.increment("n").await, Err(StoreError::NotACounter));
        bucket.delete("n").await?;
        assert_eq!(bucket.increment("n").await, Ok(1));
        assert_eq!(bucket.keys("", None, KEYS_PER_PAGE).await?, ["n", "text"]);
        Ok(())
    })
    .await
}

#[tokio::test]
async fn keys_are_listed_in_order_and_in_pages() -> Result<()> {
    each_bucket(async |bucket| {
        let total = 2 * KEYS_PER_PAGE + 1;
        for index in (0..total).rev() {
            // Counters and bytes alike.
            let key = format!("k{index:05}");
            if index % 2 == 0 {
                bucket.set(&key, b"x").await?;
            } else {
                bucket.increment(&key).await?;
            }
        }
        let (mut seen, mut pages) = (Vec::<String>::new(), 0);
        loop {
            let page = bucket.keys("", seen.last().map(String::as_str), usize::MAX).await?;
            // What is deleted while one reads costs no other key.
            let Some(first) = page.first() else { break };
            bucket.delete(first).await?;
            seen.extend(page);
            pages += 1;
        }
        assert_eq!(pages, 3);
        assert_eq!(seen, (0..total).map(|index| format!("k{index:05}")).collect::<Vec<_>>());
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_page_has_the_keys_of_its_prefix_and_no_more_than_asked() -> Result<()> {
    each_bucket(async |bucket| {
        for key in ["a", "i/1", "i/2", "i/3", "i0", "i"] {
            bucket.set(key, b"x").await?;
        }
        let pages = [
            ("i/", None, 10, &["i/1", "i/2", "i/3"][..]),
            ("i/", None, 2, &["i/1", "i/2"]),
            ("i/", None, 0, &[]),
            ("i/", Some("i/2"), 10, &["i/3"]),
            ("i/", Some("i/3"), 10, &[]),
            // Before all of them, and behind.
            ("i/", Some("a"), 10, &["i/1", "i/2", "i/3"]),
            ("i/", Some("z"), 10, &[]),
            ("j", None, 10, &[]),
        ];
        for (prefix, after, limit, expected) in pages {
            assert_eq!(
                bucket.keys(prefix, after, limit).await?,
                expected,
                "{prefix} after {after:?}, {limit}"
            );
        }
        Ok(())
    })
    .await
}

#[tokio::test]
async fn keys_are_ordered_by_their_bytes() -> Result<()> {
    each_bucket(async |bucket| {
        let keys = ["", "+", "-", "A", "Z", "[a", "a", "a b", "ab", "b", "ä", "ü", "\u{1F600}"];
        for key in keys.iter().rev().filter(|key| !key.is_empty()) {
            bucket.increment(key).await?;
        }
        assert_eq!(bucket.keys("", None, KEYS_PER_PAGE).await?, keys[1..]);
        assert_eq!(bucket.keys("", Some("a"), KEYS_PER_PAGE).await?, keys[7..]);
        assert_eq!(bucket.keys("", Some("["), KEYS_PER_PAGE).await?, keys[5..]);
        Ok(())
    })
    .await
}

#[tokio::test]
async fn long_keys_are_refused() -> Result<()> {
    each_bucket(async |bucket| {
        let key = "k".repeat(MAX_KEY_BYTES);
        bucket.set(&key, b"x").await?;
        assert_eq!(bucket.set(&format!("{key}k"), b"x").await, Err(StoreError::KeyTooLong));
        assert_eq!(bucket.increment(&format!("{key}k")).await, Err(StoreError::KeyTooLong));
        Ok(())
    })
    .await
}

#[tokio::test]
async fn only_two_buckets_exist_and_they_are_apart() -> Result<()> {
    each_store(async |store| {
        assert_eq!(store.open("other").await.err(), Some(StoreError::NoSuchBucket));
        store.open("default").await?.set("k", b"x").await?;
        let replay = store.open("replay").await?;
        assert_eq!(replay.get("k").await, Ok(None));
        assert_eq!(replay.keys("", None, KEYS_PER_PAGE).await?, Vec::<String>::new());
        Ok(())
    })
    .await
}

/// R45: of concurrent increments of a new key exactly one sees 1, also among several processes' connections.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn concurrent_increments_count_each_caller_once() -> Result<()> {
    let directory = tempfile::tempdir()?;
    let server = RedisServer::start()?;
    let memory = MemoryStores::new();
    let pairs: [[Arc<dyn KeyValue>; 2]; 3] = [
        [Arc::new(memory.clone()), Arc::new(memory)],
        [Arc::new(SqliteStores::open(directory.path())?), Arc::new(SqliteStores::open(directory.path())?)],
        [
            Arc::new(RedisStores::new(&Secret::new(server.url()), None)?),
            Arc::new(RedisStores::new(&Secret::new(server.url()), None)?),
        ],
    ];
    for pair in pairs {
        for round in 0..20 {
            let mut calls = tokio::task::JoinSet::new();
            for caller in 0..64 {
                let bucket = pair[caller % 2].open("replay").await?;
                calls.spawn(async move { bucket.increment(&format!("r{round}")).await });
            }
            let mut values = calls.join_all().await.into_iter().collect::<Result<Vec<_>, _>>()?;
            values.sort_unstable();
            ensure!(values == (1..=64).collect::<Vec<i64>>(), "round {round}: {values:?}");
        }
    }
    Ok(())
}

/// R70: a server that is away fails each call soon, and serves again as soon as it is back.
#[tokio::test(flavor = "multi_thread")]
async fn redis_comes_back_without_a_restart() -> Result<()> {
    let mut server = RedisServer::start()?;
    let stores = RedisStores::new(&Secret::new(server.url()), None)?;
    let bucket = stores.open("replay").await?;
    assert_eq!(bucket.increment("n").await, Ok(1));
    for _ in 0..3 {
        server.kill()?;
        let begin = std::time::Instant::now();
        ensure!(matches!(bucket.get("n").await, Err(StoreError::Failed(_))), "a read works without a server");
        ensure!(matches!(bucket.increment("x").await, Err(StoreError::Failed(_))), "and a write");
        ensure!(begin.elapsed() < std::time::Duration::from_secs(1), "{:?}", begin.elapsed());
        server.start_again()?;
        tokio::time::sleep(std::time::Duration::from_millis(150)).await;
        assert_eq!(bucket.get("n").await, Ok(Some(b"1".to_vec())));
        // The connection that was lost meanwhile costs no read.
        server.kill()?;
        server.start_again()?;
        assert_eq!(bucket.get("n").await, Ok(Some(b"1".to_vec())));
    }
    Ok(())
}

/// Also where what it said was no network error: such a state must not last.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_refused_is_asked_again() -> Result<()> {
    let server = RedisServer::start()?;
    let good = RedisStores::new(&Secret::new(server.url()), None)?.open("default").await?;
    good.set("k", b"x").await?;
    let wrong = server.url().replace(":a-redis", ":another");
    let stores = RedisStores::new(&Secret::new(&wrong), None)?;
    let bucket = stores.open("default").await?;
    let refused = bucket.get("k").await;
    let Err(StoreError::Failed(said)) = refused else { anyhow::bail!("{refused:?}") };
    ensure!(!said.contains("another"), "the password is shown: {said}");
    // The server takes the other password from now on.
    let password = "another-password-for-tests";
    ensure!(wrong.contains(password), "{wrong}");
    let mut admin = redis::Client::open(server.url())?.get_connection()?;
    redis::cmd("CONFIG").arg("SET").arg("requirepass").arg(password).exec(&mut admin)?;
    tokio::time::sleep(std::time::Duration::from_millis(150)).await;
    assert_eq!(bucket.get("k").await, Ok(Some(b"x".to_vec())));
    Ok(())
}

/// R70: one that is full takes nothing but deletions, and lists no key that was deleted.
#[tokio::test]
async fn a_redis_that_is_full_can_be_emptied() -> Result<()> {
    let server = RedisServer::start()?;
    let stores = RedisStores::new(&Secret::new(server.url()), None)?;
    let bucket = stores.open("replay").await?;
    for key in ["a", "b", "c"] {
        bucket.increment(key).await?;
    }
    server.limit_memory(1)?;
    ensure!(matches!(bucket.increment("a").await, Err(StoreError::Failed(_))), "it counts");
    ensure!(matches!(bucket.set("d", b"x").await, Err(StoreError::Failed(_))), "it takes a value");
    for key in ["a", "b", "b", "e"] {
        bucket.delete(key).await?;
    }
    assert_eq!((bucket.get("a").await, bucket.get("c").await), (Ok(None), Ok(Some(b"1".to_vec()))));
    assert_eq!(bucket.keys("", None, KEYS_PER_PAGE).await?, ["c"]);
    server.limit_memory(0)?;
    assert_eq!(bucket.increment("a").await, Ok(1));
    assert_eq!(bucket.keys("", None, KEYS_PER_PAGE).await?, ["a", "c"]);
    Ok(())
}

#[test]
fn an_address_that_is_none_is_not_shown() {
    for url in [
        "redis://user:hidden@",
        "redis://:hidden@host:port",
        "redis://:hidden@h/x",
        "rediss://:hidden@h/#insecure",
    ] {
        let refused = RedisStores::new(&Secret::new(url), None).err();
        let said = refused.map(|error| format!("{error} {error:?}"));
        assert!(said.as_ref().is_some_and(|said| !said.contains("hidden")), "{url}: {said:?}");
    }
}
