//! R71: a component that traps, computes or swallows memory without end hurts its own request alone.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use host_tests::client::{Answer, send};
use host_tests::components::program;
use host_tests::local_host::LocalHost;
use host_tests::torture::{figure, report, times};
use tokio::task::JoinSet;

/// Each request that fails, and what it does to fail.
const FAILURES: [&str; 5] = ["/abort", "/panic", "/loop", "/grow", "/recurse"];

async fn host() -> Result<LocalHost> {
    let host = LocalHost::of(program("misbehaving.wasm")?);
    host.limits(|limits| limits.computing_time = Duration::from_millis(200)).start().await
}

async fn get(host: &LocalHost, path: &str) -> Result<Answer> {
    send(host.address(), "GET", path, &[], "").await
}

/// Bytes of memory that this process holds.
fn memory() -> Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("no VmRSS")?;
    Ok(line.trim().trim_end_matches(" kB").parse::<u64>()? << 10)
}

#[tokio::test(flavor = "multi_thread")]
async fn it_hurts_no_other_request() -> Result<()> {
    let rounds = times(3, 40);
    let host = host().await?;
    let mut before = 0;
    for round in 0..rounds {
        let mut failing = JoinSet::new();
        for path in FAILURES {
            let address = host.address();
            failing.spawn(async move { (path, send(address, "GET", path, &[], "").await) });
        }
        // Others meanwhile.
        while !failing.is_empty() {
            let answer = get(&host, "/").await?;
            ensure!(answer.status == 200, "another request: {} {}", answer.status, answer.text());
            while let Some(failed) = failing.try_join_next() {
                let (path, answer) = failed?;
                let answer = answer.with_context(|| path.to_owned())?;
                ensure!(answer.status == 500, "{path}: {} {}", answer.status, answer.text());
                ensure!(answer.member("error")? == "server_error", "{path}: {}", answer.text());
                ensure!(
                    answer.header("cache-control") == Some("no-store"),
                    "R1, {path}: {:?}",
                    answer.headers
                );
            }
        }
        if round == 0 {
            before = memory()?;
        }
    }
    let after = memory()?;
    ensure!(after < before + (64 << 20), "{before} bytes of memory became {after}");
    report("a component that traps, loops, grows, recurses", rounds * FAILURES.len(), 0);
    figure(&format!("memory {} MiB after the first round, {} MiB at the end", before >> 20, after >> 20));
    host.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn no_request_meets_what_a_failed_one_left() -> Result<()> {
    let host = host().await?;
    let served = async |path| get(&host, path).await.map(|answer| answer.text());
    let first: u32 = served("/").await?.parse()?;
    let second: u32 = served("/").await?.parse()?;
    ensure!(second == first + 1, "an instance serves one request after the other: {first}, {second}");
    ensure!(get(&host, "/abort").await?.status == 500, "it aborts");
    let third: u32 = served("/").await?.parse()?;
    ensure!(third == 1, "the instance of the aborted request goes on: {third}");
    // So does what fails behind its answer.
    for path in ["/late-abort", "/late-loop"] {
        let answer = get(&host, path).await?;
        ensure!(answer.status == 200, "{path}: {} {}", answer.status, answer.text());
        tokio::time::sleep(Duration::from_millis(600)).await;
        let next: u32 = served("/").await?.parse()?;
        ensure!(next == 1, "after {path}: {next}");
    }
    host.stop().await;
    Ok(())
}

/// More endless loops than processors: those who compute take turns with those who want an answer.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn others_are_answered_beside_many_loops() -> Result<()> {
    let host = LocalHost::of(program("misbehaving.wasm")?);
    let host = host.limits(|limits| limits.computing_time = Duration::from_secs(1)).start().await?;
    let mut loops = JoinSet::new();
    for _ in 0..8 {
        let address = host.address();
        loops.spawn(async move { send(address, "GET", "/loop", &[], "").await });
    }
    let (mut slowest, mut others) = (Duration::ZERO, 0);
    while !loops.is_empty() {
        let begin = Instant::now();
        ensure!(get(&host, "/").await?.status == 200, "another request");
        (slowest, others) = (slowest.max(begin.elapsed()), others + 1);
        while let Some(ended) = loops.try_join_next() {
            let ended = ended??;
            ensure!(ended.status == 500, "{} {}", ended.status, ended.text());
        }
    }
    report("endless loops beside other requests", 8, 0);
    figure(&format!("{others} other requests meanwhile, the slowest took {slowest:?}"));
    // Without turns the first of them would wait until a loop has had its whole second, and so would the next. How
    // long each one takes says more about what else this machine does.
    ensure!(others >= 5, "{others} others were answered");
    host.stop().await;
    Ok(())
}

/// Memory that an instance keeps goes with it, and what it prints without end is no burden.
#[tokio::test(flavor = "multi_thread")]
async fn what_an_instance_hoards_is_given_back() -> Result<()> {
    let host = host().await?;
    ensure!(get(&host, "/hoard").await?.status == 200, "it can have 24 MiB");
    let before = memory()?;
    for _ in 0..times(20, 200) {
        for path in ["/hoard", "/print"] {
            let answer = get(&host, path).await?;
            ensure!(answer.status == 200, "{path}: {} {}", answer.status, answer.text());
        }
    }
    let after = memory()?;
    ensure!(after < before + (100 << 20), "{before} bytes of memory became {after}");
    host.stop().await;
    Ok(())
}
