//! Carries every scenario out on a host behind a driver (host-tests/README.md), and prints a line for each:
//! `topic/name`, a tab, and `ok`, `ok until step N: why`, `skipped: why` or `FAILED: why`.

use std::io::Write as _;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use host_tests::driver::lines::{LineDriver, PATIENCE};
use host_tests::key_endpoints::KeyEndpoints;
use host_tests::local_host::{PUBLIC_URL, present};
use host_tests::run::{Verdict, run};
use host_tests::scenario::{self, Setting, resolve};

const USAGE: &str = "\
scenario-runner [--only TEXT] [--patience SECONDS] COMMAND [ARGUMENT ...]

Runs the scenarios of host-tests/scenarios on the host that COMMAND drives.
  --only TEXT          those whose topic/name has TEXT in it
  --patience SECONDS   how long a response may take (120)";

fn main() -> Result<ExitCode> {
    let mut arguments = std::env::args().skip(1).peekable();
    let (mut only, mut patience) = (String::new(), PATIENCE);
    while let Some(option) = arguments.next_if(|argument| argument.starts_with("--")) {
        let value = arguments.next().context(USAGE)?;
        match option.as_str() {
            "--only" => only = value,
            "--patience" => patience = Duration::from_secs_f32(value.parse().context(USAGE)?),
            _ => bail!(USAGE),
        }
    }
    let scenarios = scenario::all()?.into_iter().filter(|scenario| scenario.id().contains(&only));
    let driver = LineDriver::start(arguments.collect(), patience).context("the driver does not start")?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let all_passed = runtime.block_on(run_all(scenarios.collect(), driver))?;
    Ok(if all_passed { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn run_all(scenarios: Vec<scenario::Scenario>, mut driver: LineDriver) -> Result<bool> {
    let key_endpoints = KeyEndpoints::start().await?;
    let endpoint_url = |scenario: &str, name: &str| key_endpoints.url(scenario, name);
    let mut all_passed = !scenarios.is_empty();
    for written in scenarios {
        let setting = Setting { public_url: PUBLIC_URL, now: present(), endpoint_url: &endpoint_url };
        let resolved = resolve(&written, &setting)?;
        let outcome = match run(&resolved, &mut driver, &key_endpoints).await {
            Ok(Verdict::Passed) => "ok".to_owned(),
            Ok(Verdict::PassedUntil { step, why }) => format!("ok until step {step}: {why}"),
            Ok(Verdict::Skipped(why)) => format!("skipped: {why}"),
            Err(error) => {
                all_passed = false;
                eprintln!("{}: {error:#}", written.id());
                format!("FAILED: {}", one_line(&format!("{error:#}")))
            }
        };
        writeln!(std::io::stdout(), "{}\t{outcome}", written.id())?;
    }
    driver.finish().context("after the last scenario")?;
    Ok(all_passed)
}

/// What stands in a line that a table is made of.
fn one_line(text: &str) -> String {
    text.lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect::<Vec<_>>()
        .join(" | ")
        .replace('\t', " ")
}
