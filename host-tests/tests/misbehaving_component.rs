//! R71: a component that traps, computes or swallows memory without end hurts its own request alone.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use asserta::Program;
use host_tests::client::{Answer, send, served_and_busy};
use host_tests::components::{bytes, program, target};
use host_tests::local_host::LocalHost;
use host_tests::process::Server;
use host_tests::torture::{figure, report, times};
use tokio::task::JoinSet;

/// Each request that fails, and what it does to fail.
const FAILURES: [&str; 5] = ["/abort", "/panic", "/loop", "/grow", "/recurse"];

async fn host() -> Result<LocalHost> {
    let host = LocalHost::of(program("misbehaving.wasm")?);
    host.limits(|limits| limits.computing_time = Some(Duration::from_millis(200))).start().await
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

/// More endless loops than threads: each ends when it has computed for as long as it may, and meanwhile they take turns
/// with those who want an answer. Both are measured by how long the server computes, in a process of its own: how
/// long anything takes says more about what else this machine does.
#[tokio::test(flavor = "multi_thread")]
async fn loops_end_and_take_turns() -> Result<()> {
    const LOOPS: u32 = 8;
    const LIMIT: Duration = Duration::from_secs(1);
    let data = tempfile::tempdir()?;
    let options = ["--workers", "2", "--max-computing-ms", "1000"];
    let server = Server::start_component("misbehaving.wasm", data.path(), &options, &[])?;
    let address = server.address;
    let before = server.processor_time()?;
    let mut loops = JoinSet::new();
    for _ in 0..LOOPS {
        let begin = Instant::now();
        loops.spawn(async move { (send(address, "GET", "/loop", &[], "").await, begin.elapsed()) });
    }
    let (mut most, mut others) = (Duration::ZERO, 0);
    while !loops.is_empty() {
        let begin = server.processor_time()?;
        let answer = send(address, "GET", "/", &[], "").await?;
        ensure!(answer.status == 200, "another request: {} {}", answer.status, answer.text());
        (most, others) = (most.max(server.processor_time()? - begin), others + 1);
        while let Some(ended) = loops.try_join_next() {
            let (ended, lasted) = ended?;
            let ended = ended?;
            ensure!(ended.status == 500, "{} {}", ended.status, ended.text());
            ensure!(lasted > LIMIT.mul_f64(0.9), "a loop was ended after {lasted:?}");
        }
    }
    let computed = server.processor_time()? - before;
    report("endless loops beside other requests", LOOPS as usize, 0);
    figure(&format!(
        "{others} other requests meanwhile, at most {most:?} of computing before an answer; {computed:?} in all"
    ));
    // Twice: a busy machine looks late whether a loop has had its time.
    ensure!(computed < 2 * LOOPS * LIMIT, "{LOOPS} loops computed for {computed:?}");
    // Without turns both threads would first be done with the loops.
    ensure!(most < computed / 2, "an answer waited for {most:?} of computing, of {computed:?}");
    Ok(())
}

/// Hosts that share a program share its instances: where all are in use, a request is told to come again.
#[tokio::test(flavor = "multi_thread")]
async fn no_room_for_another_instance_is_503() -> Result<()> {
    const AT_ONCE: usize = 300;
    // Not the one of the other tests.
    let program = Program::load(&bytes("misbehaving.wasm")?, Some(&target().join("host-tests-compiled")))?;
    let start = async |program| {
        LocalHost::of(program).limits(|limits| limits.instances_per_organization = 256).start().await
    };
    let hosts = [start(program.clone()).await?, start(program).await?];
    let mut waiting = JoinSet::new();
    for number in 0..AT_ONCE {
        let address = hosts[number % 2].address();
        waiting.spawn(async move { send(address, "GET", "/wait", &[], "").await });
    }
    let answers = waiting.join_all().await.into_iter().collect::<Result<Vec<_>>>()?;
    let (served, busy) = served_and_busy(&answers)?;
    report("requests beyond the instances of two hosts", AT_ONCE, 0);
    figure(&format!("{served} served, {busy} answered 503"));
    ensure!(served >= 256 && busy > 0, "{served} served, {busy} answered 503");
    for host in hosts {
        host.stop().await;
    }
    Ok(())
}

/// Memory that an instance keeps goes with it, and what it prints without end is no burden.
#[tokio::test(flavor = "multi_thread")]
async fn what_an_instance_hoards_is_given_back() -> Result<()> {
    // With the usual computing time: to write 24 MiB takes a busy machine a while.
    let host = LocalHost::of(program("misbehaving.wasm")?).start().await?;
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
