//! Full load for a long time: no error, and neither memory nor open files grow.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use host_tests::admin::{Admin, Client};
use host_tests::assertion::assertion;
use host_tests::client::Connection;
use host_tests::process::Server;
use host_tests::torture::{figure, report, seconds};
use serde_json::json;
use tokio::task::JoinSet;

const CONNECTIONS: usize = 32;

#[tokio::test(flavor = "multi_thread")]
async fn nothing_grows() -> Result<()> {
    let data = tempfile::tempdir()?;
    let server = Server::start(data.path())?;
    soak(&server, "SQLite", seconds(6, 60), seconds(8, 600)).await
}

/// The same for a node on Redis, shorter.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "one of the two at a time: `make torture` runs it"]
async fn nothing_grows_on_redis() -> Result<()> {
    let redis = host_tests::redis_server::RedisServer::start()?;
    let data = tempfile::tempdir()?;
    let server = Server::start_with(data.path(), &["--store", &redis.url()])?;
    soak(&server, "Redis", seconds(6, 60), seconds(10, 60)).await
}

/// Loads the server for `whole`, after `first`, in which instances, buffers and page caches fill.
async fn soak(server: &Server, store: &str, first: Duration, whole: Duration) -> Result<()> {
    let client = Admin(server.address).register_acme().await?;
    let (stop, done) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let mut workers = JoinSet::new();
    for _ in 0..CONNECTIONS {
        let (client, stop, done) = (client.clone(), stop.clone(), done.clone());
        workers.spawn(async move { load(&client, &stop, &done).await });
    }
    tokio::time::sleep(first).await;
    let (begin, before) = (Instant::now(), done.load(Ordering::Relaxed));
    let (memory, files) = (server.memory()?, server.open_files()?);
    let (mut most_memory, mut most_files) = (memory, files);
    while begin.elapsed() < whole {
        tokio::time::sleep(whole / 20).await;
        most_memory = most_memory.max(server.memory()?);
        most_files = most_files.max(server.open_files()?);
        ensure!(!workers.is_empty(), "nobody loads it any more");
        if let Some(ended) = workers.try_join_next() {
            ended??;
        }
    }
    let requests = done.load(Ordering::Relaxed) - before;
    let rate = requests as f64 / begin.elapsed().as_secs_f64();
    let (last_memory, last_files) = (server.memory()?, server.open_files()?);
    stop.store(true, Ordering::Relaxed);
    let ended = workers.join_all().await;
    let errors = ended.iter().filter(|worker| worker.is_err()).count();
    let growth = 100.0 * (last_memory as f64 / memory as f64 - 1.0);
    report(&format!("exchanges on {store} in a soak of {} s", whole.as_secs()), requests, errors);
    figure(&format!(
        "{rate:.0} exchanges a second on {CONNECTIONS} connections; memory {:.1} MiB, at most {:.1}, at the end \
         {:.1} ({growth:+.1} %); open files {files}, at most {most_files}, at the end {last_files}",
        mebibytes(memory),
        mebibytes(most_memory),
        mebibytes(last_memory),
    ));
    ended.into_iter().collect::<Result<()>>()?;
    ensure!(growth <= 10.0, "memory grew by {growth:.1} %");
    ensure!(most_files <= files + 8, "{files} open files became {most_files}");
    Ok(())
}

fn mebibytes(bytes: u64) -> f64 {
    bytes as f64 / f64::from(1 << 20)
}

/// Exchanges one assertion after the other, each a new one, and posts one of a hundred a second time.
async fn load(client: &Client, stop: &AtomicBool, done: &AtomicUsize) -> Result<()> {
    let mut connection = Connection::open(client.address).await?;
    let mut number = 0_usize;
    while !stop.load(Ordering::Relaxed) {
        let assertion = assertion("es256", &json!({}))?;
        let answer = client.exchange_on(&mut connection, &assertion).await?;
        ensure!(answer.status == 200, "{} {}", answer.status, answer.text());
        number += 1;
        done.fetch_add(1, Ordering::Relaxed);
        if number.is_multiple_of(100) {
            let again = client.exchange_on(&mut connection, &assertion).await?;
            ensure!(again.status == 400, "R45: {} {}", again.status, again.text());
        }
        if number.is_multiple_of(1000) {
            // Connections come and go, too.
            connection = Connection::open(client.address).await?;
        }
    }
    Ok(())
}
