//! R21: an unknown client, a wrong secret and a disabled application take the same time, within noise.

use std::io::Write as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use asserta::keyvalue::SqliteStores;
use host_tests::admin::{Admin, Client};
use host_tests::components::program;
use host_tests::local_host::LocalHost;
use serde_json::json;

const ROUNDS: usize = 400;

/// How far the medians may lie apart. A stored secret that is compared byte by byte, or looked up at all only for
/// a known client, would be seen; the noise of a busy machine is not to be.
const FACTOR: f64 = 1.5;

#[tokio::test(flavor = "multi_thread")]
async fn failures_take_the_same_time() -> Result<()> {
    let directory = tempfile::tempdir()?;
    let stores = Arc::new(SqliteStores::open(directory.path())?);
    let host = LocalHost::of(program("handler.wasm")?).stores(stores).start().await?;
    let admin = Admin(host.address());
    let known = admin.register_acme().await?;
    let disabled = admin.register_application("disabled").await?;
    let off = json!({"client_name": "disabled", "enabled": false});
    admin.done("PUT", &format!("acme/applications/{}", disabled.client_id), Some(&off)).await?;
    let wrong = "A".repeat(known.client_secret.len());
    let almost = format!("{}x", &known.client_secret[..known.client_secret.len() - 1]);
    let cases = [
        ("unknown client", Client { client_id: "A".repeat(known.client_id.len()), ..known.clone() }),
        ("wrong secret", Client { client_secret: wrong, ..known.clone() }),
        ("wrong last character", Client { client_secret: almost, ..known.clone() }),
        ("disabled application", disabled),
    ];
    let mut times: [Vec<Duration>; 4] = Default::default();
    for _ in 0..ROUNDS {
        // In turns, so that whatever slows the machine slows all of them.
        for ((name, client), times) in cases.iter().zip(&mut times) {
            let begin = Instant::now();
            let answer = client.exchange("a.b.c").await?;
            times.push(begin.elapsed());
            ensure!(answer.status == 401, "{name}: {} {}", answer.status, answer.text());
        }
    }
    let mut out = std::io::stdout().lock();
    let mut medians = Vec::new();
    for ((name, _), times) in cases.iter().zip(&mut times) {
        times.sort_unstable();
        let median = times[ROUNDS / 2].as_secs_f64() * 1e6;
        writeln!(out, "{name:22} {median:7.1} microseconds")?;
        medians.push(median);
    }
    drop(out);
    let slowest = medians.iter().copied().fold(f64::MIN, f64::max);
    let fastest = medians.iter().copied().fold(f64::MAX, f64::min);
    ensure!(slowest / fastest < FACTOR, "they differ: {medians:.1?}");
    host.stop().await;
    Ok(())
}
