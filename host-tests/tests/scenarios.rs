//! Every scenario over HTTP: each is a test of its own, named `topic/name`.
//!
//! `cargo test --release -p host-tests --test scenarios -- audience/` runs those of one topic. After the
//! tests comes a table of scenario by component; `make test-scenarios` puts it beside the embedded hosts.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Result, ensure};
use host_tests::components::{self, target};
use host_tests::driver::http::{HttpDriver, Runtime};
use host_tests::key_endpoints::KeyEndpoints;
use host_tests::local_host::{PUBLIC_URL, present};
use host_tests::run::{Verdict, run};
use host_tests::scenario::{self, Setting, resolve, resolved};
use host_tests::spin::Spin;
use host_tests::summary;
use libtest_mimic::{Arguments, Failed, Trial};

/// The components that our host runs: two implementations of signatures, which must agree on every verdict...
const OF_HOST: [&str; 2] = ["handler.wasm", "handler-host-signatures.wasm"];
/// ...and those that Spin runs, with a third, and where they keep used assertions.
const OF_SPIN: [(&str, &str); 3] = [
    ("endpoint.wasm", "sqlite"),
    ("endpoint-p2.wasm", "key-value"),
    ("endpoint-jwt-simple.wasm", "key-value"),
];

fn main() -> Result<()> {
    let arguments = Arguments::from_args();
    let bench = Arc::new(Bench::prepare()?);
    let trials = scenario::all()?.into_iter().map(|written| {
        let bench = bench.clone();
        Trial::test(written.id(), move || {
            bench.run(&written).map_err(|error| Failed::from(format!("{error:#}")))
        })
    });
    let trials: Vec<Trial> = trials.collect();
    let conclusion = libtest_mimic::run(&arguments, trials);
    if !arguments.list {
        bench.print_table()?;
        bench.write_outcomes()?;
        if !conclusion.has_failed() {
            summary::ran("scenarios", usize::try_from(conclusion.num_passed)?);
        }
    }
    conclusion.exit()
}

/// What all scenarios share.
struct Bench {
    runtime: tokio::runtime::Runtime,
    key_endpoints: KeyEndpoints,
    components: Vec<(&'static str, Runtime)>,
    /// For each scenario: its rules, and whether it passed on each host.
    results: Mutex<BTreeMap<String, (String, Vec<bool>)>>,
}

impl Bench {
    fn prepare() -> Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        let key_endpoints = runtime.block_on(KeyEndpoints::start())?;
        let of_host = OF_HOST.iter().map(|name| Ok((*name, Runtime::Host(components::program(name)?))));
        let of_spin =
            OF_SPIN.iter().map(|(name, store)| Ok((*name, Runtime::Spin(Spin::load(name)?, store))));
        let components = of_host.chain(of_spin).collect::<Result<_>>()?;
        Ok(Self { runtime, key_endpoints, components, results: Mutex::default() })
    }

    /// One scenario on every component, with the same bytes.
    fn run(&self, written: &scenario::Scenario) -> Result<()> {
        let endpoint_url = |scenario: &str, name: &str| self.key_endpoints.url(scenario, name);
        let setting = Setting { public_url: PUBLIC_URL, now: present(), endpoint_url: &endpoint_url };
        let resolved = resolve(written, &setting)?;
        let outcomes: Vec<(&str, Result<()>)> = self
            .components
            .iter()
            .map(|(name, runtime)| (*name, self.runtime.block_on(self.run_on(runtime, &resolved))))
            .collect();
        let passed = outcomes.iter().map(|(_, outcome)| outcome.is_ok()).collect();
        let mut results = self.results.lock().unwrap_or_else(PoisonError::into_inner);
        results.insert(written.id(), (written.source.rules.join(" "), passed));
        drop(results);
        for (component, outcome) in outcomes {
            outcome.map_err(|error| error.context(format!("on {component}")))?;
        }
        Ok(())
    }

    async fn run_on(&self, runtime: &Runtime, scenario: &resolved::Scenario) -> Result<()> {
        let verdict = run(scenario, &mut HttpDriver::of(runtime.clone()), &self.key_endpoints).await?;
        ensure!(verdict == Verdict::Passed, "not all of it was carried out: {verdict:?}");
        Ok(())
    }

    fn print_table(&self) -> Result<()> {
        let results = self.results.lock().unwrap_or_else(PoisonError::into_inner);
        let mut out = std::io::stdout().lock();
        let width = results.keys().map(String::len).max().unwrap_or(0);
        let header: Vec<String> = self.components.iter().map(|(name, _)| format!("{name:29}")).collect();
        writeln!(out, "{:width$}  {} rules", "scenario", header.join(" "))?;
        for (id, (rules, passed)) in results.iter() {
            let cells: Vec<String> =
                passed.iter().map(|passed| format!("{:29}", if *passed { "ok" } else { "FAILED" })).collect();
            writeln!(out, "{id:width$}  {} {rules}", cells.join(" "))?;
        }
        let counts = (0..self.components.len()).map(|host| {
            let passed = results.values().filter(|(_, passed)| passed[host]).count();
            format!("{:29}", format!("{passed} of {}", results.len()))
        });
        writeln!(out, "{:width$}  {}\n", "all", counts.collect::<Vec<_>>().join(" ").trim_end())?;
        Ok(())
    }

    /// Writes `target/scenarios-http.tsv`, a line for each scenario in the form of the other hosts' runner.
    fn write_outcomes(&self) -> Result<()> {
        let results = self.results.lock().unwrap_or_else(PoisonError::into_inner);
        let lines = results.iter().map(|(id, (_, passed))| {
            let outcome = if passed.iter().all(|passed| *passed) { "ok" } else { "FAILED: see the test" };
            format!("{id}\t{outcome}\n")
        });
        Ok(std::fs::write(target().join("scenarios-http.tsv"), lines.collect::<String>())?)
    }
}
