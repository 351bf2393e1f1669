//! Whole exchanges over HTTP: each server on the same core, under the same load, in turns.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result};

use crate::assertion::mint_many;
use crate::keys::{Algorithm, IssuerKey};
use crate::load::{Call, Outcome, Pace, send};
use crate::measure::median;
use crate::server::{Kind, Server};

/// Connections that the load comes over.
pub const CONNECTIONS: usize = 16;

/// Our server with all cryptography inside of Wasm.
pub const PORTABLE: &str = "portable";
/// Our server with the arithmetic of signatures outside.
pub const BY_HOST: &str = "by host";
/// The rival in native Rust.
pub const AXUM: &str = "axum";
/// The rival on Node.
pub const NODE: &str = "node";

/// What a token costs on a server.
#[derive(Clone, Copy, Debug)]
pub struct Cost {
    /// Tokens per second.
    pub rate: f64,
    /// Milliseconds of processor time for one.
    pub cpu: f64,
}

/// A server in the contest.
#[derive(Clone)]
pub struct Contestant {
    /// Its name in the table.
    pub name: &'static str,
    /// How it is started.
    pub kind: Kind,
    /// The algorithms that its libraries know.
    pub algorithms: Vec<Algorithm>,
}

/// How long and how often.
#[derive(Clone, Copy, Debug)]
pub struct Effort {
    /// Runs, of which the median counts.
    pub runs: usize,
    /// Of each run.
    pub duration: Duration,
}

/// A load, and the processor time that it took the server.
pub fn measured(server: &Server, connections: usize, pace: Pace, calls: &[Call]) -> Result<(Outcome, Cost)> {
    let before = server.cpu_time()?;
    let outcome = send(server.address(), connections, pace, calls)?;
    let used = server.cpu_time()? - before;
    let cpu = used.as_secs_f64() * 1e3 / outcome.answers.max(1) as f64;
    let cost = Cost { rate: outcome.rate(), cpu };
    Ok((outcome, cost))
}

/// The costs by algorithm and by name of the server.
pub type Costs = BTreeMap<(&'static str, &'static str), Cost>;

/// Microseconds of processor time for a request that nobody serves: the way in and out, and nothing else. By name of the
/// server.
pub fn way_in_and_out(
    contestants: &[Contestant],
    folder: &Path,
    effort: Effort,
) -> Result<BTreeMap<&'static str, f64>> {
    let trust = folder.join("trust.json");
    let mut servers = Vec::new();
    for contestant in contestants {
        let server = Server::start(&contestant.kind, &folder.join(contestant.name), &trust)?;
        servers.push((contestant.name, server));
    }
    let calls = vec![Call::of_nothing(); (60_000.0 * effort.duration.as_secs_f64()) as usize + CONNECTIONS];
    let mut samples: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
    // The first run warms up.
    for run in 0..=effort.runs {
        for (name, server) in &servers {
            let (_, cost) = measured(server, CONNECTIONS, Pace::Closed(effort.duration), &calls)
                .with_context(|| format!("{name} is asked for nothing"))?;
            if run > 0 {
                samples.entry(name).or_default().push(cost.cpu * 1e3);
            }
        }
    }
    for (_, server) in servers {
        server.stop()?;
    }
    Ok(samples.into_iter().map(|(name, samples)| (name, median(samples))).collect())
}

/// Lets each server exchange assertions under each algorithm that it knows.
pub fn contest(
    contestants: &[Contestant],
    keys: &[IssuerKey],
    folder: &Path,
    effort: Effort,
) -> Result<Costs> {
    let trust = folder.join("trust.json");
    std::fs::write(&trust, crate::server::trust_document(keys).to_string())?;
    let mut servers = Vec::new();
    for contestant in contestants {
        let server = Server::start(&contestant.kind, &folder.join(contestant.name), &trust)?;
        servers.push((contestant, server));
    }
    let mut costs = Costs::new();
    for key in keys {
        let algorithm = key.algorithm();
        let entrants: Vec<_> =
            servers.iter().filter(|(one, _)| one.algorithms.contains(&algorithm)).collect();
        let warm_up = Duration::from_millis(300).min(effort.duration);
        // More than any of the servers can use up.
        let per_run = (12_000.0 * effort.duration.as_secs_f64()) as usize;
        let spare = (12_000.0 * warm_up.as_secs_f64()) as usize;
        let assertions = mint_many(key, "exchange", spare + per_run * effort.runs)?;
        let calls: Vec<Call> = assertions.iter().map(|assertion| Call::granted(assertion)).collect();
        let mut samples: BTreeMap<&str, Vec<Cost>> = BTreeMap::new();
        for (contestant, server) in &entrants {
            let context = || format!("{} exchanges {}", contestant.name, algorithm.name());
            send(server.address(), CONNECTIONS, Pace::Closed(warm_up), &calls[..spare])
                .with_context(context)?;
        }
        for run in calls[spare..].chunks(per_run) {
            for (contestant, server) in &entrants {
                let (_, cost) = measured(server, CONNECTIONS, Pace::Closed(effort.duration), run)
                    .with_context(|| format!("{} exchanges {}", contestant.name, algorithm.name()))?;
                samples.entry(contestant.name).or_default().push(cost);
            }
        }
        for (name, samples) in samples {
            let rate = median(samples.iter().map(|sample| sample.rate));
            let cpu = median(samples.iter().map(|sample| sample.cpu));
            costs.insert((algorithm.name(), name), Cost { rate, cpu });
        }
    }
    for (_, server) in servers {
        server.stop()?;
    }
    Ok(costs)
}
