//! A driver that dies, hangs or talks rubbish is a failure that says why, and never a pass.

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use host_tests::driver::lines::{LineDriver, PATIENCE};
use host_tests::driver::{Driver as _, Operation, Outcome};
use host_tests::key_endpoints::KeyEndpoints;
use host_tests::local_host::{PUBLIC_URL, present};
use host_tests::run::{Verdict, run};
use host_tests::scenario::{Scenario, Setting, all, resolve};
use serde_json::Map;

/// A driver that is a script, which says who it is and then does something wrong.
fn driver(script: &str) -> Result<LineDriver> {
    start(&format!("echo '{{\"protocol\": 1}}'; {script}"), PATIENCE)
}

fn start(script: &str, patience: Duration) -> Result<LineDriver> {
    LineDriver::start(["sh", "-c", script].map(str::to_owned).to_vec(), patience)
}

/// What went wrong, if it was told with these texts.
fn told<T>(outcome: Result<T>, texts: &[&str]) -> Result<()> {
    let told = outcome.err().map(|error| format!("{error:#}")).unwrap_or_default();
    ensure!(texts.iter().all(|text| told.contains(text)), "told is {told:?}, expected {texts:?}");
    Ok(())
}

fn jwks() -> Vec<Operation> {
    vec![Operation::Jwks { organization: "default".to_owned() }]
}

async fn outcome(scenario: &Scenario, driver: &mut LineDriver) -> Result<Verdict> {
    let endpoints = KeyEndpoints::start().await?;
    let endpoint_url = |scenario: &str, name: &str| endpoints.url(scenario, name);
    let setting = Setting { public_url: PUBLIC_URL, now: present(), endpoint_url: &endpoint_url };
    run(&resolve(scenario, &setting)?, driver, &endpoints).await
}

#[test]
fn one_that_does_not_begin() -> Result<()> {
    let dead = start("echo no such module >&2; exit 3", PATIENCE);
    told(dead.map(drop), &["it ended", "exit status: 3", "no such module"])?;
    told(start("echo hello; exec sleep 60", PATIENCE).map(drop), &["its first line is \"hello\""])?;
    told(start("echo '{\"protocol\": 2}'; exec sleep 60", PATIENCE).map(drop), &["protocol 2, not 1"])?;
    let silent = start("exec sleep 60", Duration::from_millis(300));
    told(silent.map(drop), &["does not respond within 0.3 s", "killed"])?;
    told(LineDriver::start(vec!["/no/such/driver".to_owned()], PATIENCE).map(drop), &["can't be started"])
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_breaks() -> Result<()> {
    let mut dead = driver("read line; echo out of luck >&2; exit 4")?;
    let broken = dead.call(1, jwks()).await;
    told(broken.map(drop), &["it ended", "exit status: 4", "out of luck"])?;

    let script = "echo '{\"protocol\": 1}'; read line; echo still thinking >&2; exec sleep 60";
    let mut hanging = start(script, Duration::from_millis(500))?;
    let broken = hanging.call(1, jwks()).await;
    told(broken.map(drop), &["does not respond within 0.5 s", "killed", "still thinking"])?;

    // More than a pipe holds.
    let mut deaf = start("echo '{\"protocol\": 1}'; exec sleep 60", Duration::from_millis(500))?;
    let many = std::iter::repeat_with(jwks).take(10_000).flatten().collect();
    told(deaf.call(1, many).await.map(drop), &["does not respond within 0.5 s"])?;

    for (rubbish, why) in [
        ("warning: something", "it said \"warning: something\""),
        ("", "it said \"\""),
        ("{\"id\": 1}", "it said"),
        ("{\"ok\": null}", "there is no id"),
        ("{\"id\": 7, \"ok\": null}", "it responded to 7, which it was not asked"),
        ("{\"id\": 1, \"ok\": null, \"rejected\": {\"problem\": \"busy\"}}", "it said"),
        ("{\"id\": 1, \"refused\": {\"error\": \"invalid_grant\"}}", "missing field `reason`"),
        ("{\"id\": 1, \"fine\": null}", "unknown variant `fine`"),
    ] {
        let mut driver = driver(&format!("read line; echo '{rubbish}'; exec sleep 60"))?;
        told(driver.call(1, jwks()).await.map(drop), &[why])?;
    }

    let mut endless = driver("read line; exec cat /dev/zero")?;
    told(endless.call(1, jwks()).await.map(drop), &["no end within"])?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_breaks_at_its_end() -> Result<()> {
    told(driver("cat >/dev/null; exit 5")?.finish(), &["it failed at its end", "exit status: 5"])?;
    told(driver("cat >/dev/null; echo and another thing")?.finish(), &["it said without being asked"])?;
    driver("cat >/dev/null")?.finish()?;

    let mut twice = driver("read line; echo '{\"id\": 1, \"ok\": 1}'; echo '{\"id\": 1, \"ok\": 1}'; cat")?;
    twice.call(1, jwks()).await?;
    told(twice.finish(), &["it said without being asked"])
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_agrees_to_everything() -> Result<()> {
    let script =
        "while read -r line; do id=${line#*:}; echo \"{\\\"id\\\": ${id%%,*}, \\\"ok\\\": {}}\"; done";
    let mut driver = driver(script)?;
    let mut verdicts = Vec::new();
    for scenario in all()? {
        if let Ok(verdict) = outcome(&scenario, &mut driver).await {
            ensure!(matches!(verdict, Verdict::Skipped(_)), "{}: {verdict:?}", scenario.id());
            verdicts.push(verdict);
        }
    }
    // It is asked for an access token in each of the rest.
    ensure!(verdicts.len() < all()?.len() / 4, "{} were skipped", verdicts.len());
    driver.finish()
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_breaks_again_and_again_is_given_up() -> Result<()> {
    let mut driver = driver("read line; exit 6")?;
    for _ in 0..3 {
        told(driver.start(1, &Map::new()).await, &["exit status: 6"])?;
    }
    told(driver.start(1, &Map::new()).await, &["given up"])
}

/// A host that serves HTTP is sent requests alone, and its responses are read as such.
#[tokio::test(flavor = "multi_thread")]
async fn one_that_speaks_http() -> Result<()> {
    let hello = "echo '{\"protocol\": 1, \"http\": true}'";
    let good = r#"read line; case "$line" in *'"do":"http","method":"GET","path":"/oauth2/jwks"'*)
        echo '{"id":1,"http":{"status":404,"headers":[["x-a","b"]],"body":"{}"}}';; esac; cat"#;
    let mut driver = start(&format!("{hello}; {good}"), PATIENCE)?;
    ensure!(driver.profile().http, "not over HTTP");
    let responses = driver.call(1, jwks()).await?;
    let answer = responses[0].http.as_ref().context("no HTTP response")?;
    ensure!(answer.status == 404 && answer.header("x-a") == Some("b"), "{answer:?}");
    ensure!(matches!(responses[0].outcome, Outcome::Rejected(_)), "{responses:?}");

    let bad = r#"read line; echo '{"id":1,"http":{"status":200,"headers":[["x a","b"]],"body":"{}"}}'; cat"#;
    let mut driver = start(&format!("{hello}; {bad}"), PATIENCE)?;
    told(driver.call(1, jwks()).await.map(drop), &["it said", "x a"])
}
