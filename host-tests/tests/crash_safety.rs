//! R45, R72: SIGKILL at any moment loses nothing that was acknowledged, and a full disk damages nothing.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use host_tests::admin::{Admin, Client};
use host_tests::assertion::assertion;
use host_tests::client::{Answer, send};
use host_tests::keys::key;
use host_tests::process::Server;
use host_tests::summary::not_tested;
use host_tests::torture::{figure, report, times};
use serde_json::{Value, json};
use tokio::task::JoinSet;

/// What a worker has been told before its server died.
enum Told {
    /// 201: it is registered.
    Issuer(String),
    /// 201: it is registered.
    Application(String),
    /// 200: used.
    Granted(String),
    /// No answer came: used or not.
    Unknown(String),
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_at_any_moment() -> Result<()> {
    let rounds = times(4, 50);
    let data = tempfile::tempdir()?;
    let mut server = Server::start(data.path())?;
    let client = Admin(server.address).register_acme().await?;
    let serial = Arc::new(AtomicU64::new(0));
    let (mut registered, mut granted, mut unknown) = (Vec::new(), 0, 0);
    for round in 0..rounds {
        let mut workers = JoinSet::new();
        for worker in 0..8 {
            let client = Client { address: server.address, ..client.clone() };
            let serial = serial.clone();
            workers.spawn(async move { work(worker, &client, &serial).await });
        }
        let mut random = [0; 2];
        aws_lc_rs::rand::fill(&mut random).map_err(|_| anyhow::anyhow!("no randomness"))?;
        tokio::time::sleep(Duration::from_micros(20_000 + 9 * u64::from(u16::from_le_bytes(random)))).await;
        server.kill()?;
        // Looked at before the server has mended anything.
        is_sound(data.path())?;
        server = Server::start(data.path())?;
        let client = Client { address: server.address, ..client.clone() };
        while let Some(told) = workers.join_next().await {
            for told in told?? {
                match told {
                    Told::Issuer(name) => registered.push(format!("trusted-issuers/{name}")),
                    Told::Application(id) => registered.push(format!("applications/{id}")),
                    Told::Granted(assertion) => {
                        granted += 1;
                        let again = client.exchange(&assertion).await?;
                        ensure!(again.status == 400, "round {round}, R45: it worked twice: {}", again.text());
                    }
                    Told::Unknown(assertion) => {
                        unknown += 1;
                        let answers =
                            [client.exchange(&assertion).await?, client.exchange(&assertion).await?];
                        let statuses = answers.map(|answer| answer.status);
                        ensure!([[200, 400], [400, 400]].contains(&statuses), "round {round}: {statuses:?}");
                    }
                }
            }
        }
        for path in registered.iter().rev().take(200) {
            is_registered(server.address, path).await.with_context(|| format!("round {round}"))?;
        }
    }
    for path in &registered {
        is_registered(server.address, path).await?;
    }
    ensure!(granted > 0 && !registered.is_empty(), "nothing happened between the kills");
    report("SIGKILL under a mixed load", rounds, 0);
    figure(&format!(
        "{} acknowledged registrations, none lost; {granted} acknowledged exchanges, none works twice; {unknown} \
         exchanges without an answer; integrity_check ok each time",
        registered.len()
    ));
    Ok(())
}

/// Registers or exchanges until the server is gone.
async fn work(worker: usize, client: &Client, serial: &AtomicU64) -> Result<Vec<Told>> {
    let admin = Admin(client.address);
    let mut told = Vec::new();
    loop {
        let number = serial.fetch_add(1, Ordering::Relaxed);
        let (answer, on_success, otherwise) = match worker {
            0 => {
                let (name, issuer) = (format!("i{number}"), format!("https://{number}.example"));
                let record =
                    json!({"name": name, "issuer": issuer, "jwks": {"keys": [key("es256")?.jwk()?]}});
                let answer = admin.send("POST", "acme/trusted-issuers", Some(&record)).await;
                (answer, Told::Issuer(name), None)
            }
            1 => {
                let record = json!({"client_name": format!("a{number}")});
                let answer = admin.send("POST", "acme/applications", Some(&record)).await;
                let id = answer.as_ref().ok().and_then(|answer| answer.member("client_id").ok());
                (answer, Told::Application(id.unwrap_or_default()), None)
            }
            _ => {
                let assertion = assertion("es256", &json!({}))?;
                let answer = client.exchange(&assertion).await;
                (answer, Told::Granted(assertion.clone()), Some(Told::Unknown(assertion)))
            }
        };
        match answer {
            Ok(Answer { status: 200 | 201, .. }) => told.push(on_success),
            Ok(other) => anyhow::bail!("{} {}", other.status, other.text()),
            Err(_) => {
                told.extend(otherwise);
                return Ok(told);
            }
        }
    }
}

async fn is_registered(address: std::net::SocketAddr, path: &str) -> Result<()> {
    let answer = Admin(address).send("GET", &format!("acme/{path}"), None).await?;
    ensure!(answer.status == 200, "R72: {path} is lost: {} {}", answer.status, answer.text());
    Ok(())
}

fn is_sound(data: &Path) -> Result<()> {
    for name in ["default.db", "replay.db"] {
        let database = rusqlite::Connection::open(data.join(name))?;
        let said: String = database.query_row("PRAGMA integrity_check", [], |row| row.get(0))?;
        ensure!(said == "ok", "{name}: {said}");
    }
    Ok(())
}

/// A file system of its own, of so many bytes. It is unmounted when this is dropped.
struct SmallDisk(tempfile::TempDir);

impl SmallDisk {
    /// `None` where this process may not mount (it is not root).
    fn mount(bytes: u64) -> Result<Option<Self>> {
        let directory = tempfile::tempdir()?;
        let size = format!("size={bytes},mode=0700");
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", &size, "tmpfs"]).arg(directory.path());
        let mounted = mount.output()?;
        if mounted.status.success() {
            return Ok(Some(Self(directory)));
        }
        println!("no small disk: {}", String::from_utf8_lossy(&mounted.stderr).trim());
        Ok(None)
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        _ = Command::new("umount").arg("--lazy").arg(self.0.path()).status();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk() -> Result<()> {
    let Some(disk) = SmallDisk::mount(48 << 20)? else {
        not_tested("a full disk: mounting a small one needs root");
        return Ok(());
    };
    let data = disk.0.path();
    let server = Server::start(data)?;
    let admin = Admin(server.address);
    let client = admin.register_acme().await?;
    let (rounds, mut used, mut refused) = (times(2, 10), Vec::new(), 0);
    for round in 0..rounds {
        let filler = data.join("filler");
        fill(&filler)?;
        // What the logs have room for still works; the end comes soon.
        let mut kept = None;
        for _ in 0..5000 {
            let assertion = assertion("es256", &json!({}))?;
            let answer = client.exchange(&assertion).await?;
            match answer.status {
                200 => used.push(assertion),
                503 => {
                    ensure!(answer.member("error")? == "temporarily_unavailable", "{}", answer.text());
                    kept = Some(assertion);
                    refused += 1;
                    break;
                }
                other => anyhow::bail!("round {round}: {other} {}", answer.text()),
            }
        }
        let kept = kept.context("the disk was never full")?;
        let name = format!("full{round}");
        let record = json!({"name": name, "issuer": format!("https://{name}.example"),
            "jwks": {"keys": [key("es256")?.jwk()?]}, "claim_mappings": many_mappings()});
        let refusal = admin.send("POST", "acme/trusted-issuers", Some(&record)).await?;
        ensure!(refusal.status == 503, "a registration: {} {}", refusal.status, refusal.text());
        std::fs::remove_file(&filler)?;
        let health = send(server.address, "GET", "/health", &[], "").await?;
        ensure!(health.status == 200, "with room again: {} {}", health.status, health.text());
        // Refused for want of room: the assertion may be used up, and works at most once.
        let again = [client.exchange(&kept).await?.status, client.exchange(&kept).await?.status];
        ensure!([[200, 400], [400, 400]].contains(&again), "round {round}: {again:?}");
        let answer = admin.send("POST", "acme/trusted-issuers", Some(&record)).await?;
        ensure!([201, 409].contains(&answer.status), "round {round}: {} {}", answer.status, answer.text());
    }
    server.kill()?;
    is_sound(data)?;
    let server = Server::start(data)?;
    let client = Client { address: server.address, ..client };
    for assertion in &used {
        let answer = client.exchange(assertion).await?;
        ensure!(answer.status == 400, "R45: an assertion worked twice: {}", answer.text());
    }
    report("the disk filled to its last byte", rounds, 0);
    figure(&format!(
        "{refused} exchanges answered 503; {} that were granted meanwhile stay used",
        used.len()
    ));
    Ok(())
}

/// A record that needs pages of its own.
fn many_mappings() -> Value {
    let mappings =
        (0..30).map(|number| (format!("claim-{number}-{}", "x".repeat(40)), json!(format!("c{number}"))));
    Value::Object(mappings.collect())
}

/// Writes until nothing more fits.
fn fill(path: &Path) -> Result<()> {
    use std::io::Write as _;
    let mut file = std::fs::File::create(path)?;
    for size in [1 << 20, 4096, 1] {
        while file.write_all(&vec![0; size]).is_ok() {}
    }
    Ok(())
}
