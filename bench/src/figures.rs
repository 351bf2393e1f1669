//! The figures beside the table: starting, instances, latency, refusals, memory, size.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use bytes::Bytes;

use crate::assertion::{issuer, mint, mint_many, now};
use crate::engine::Meter;
use crate::exchange::{CONNECTIONS, Effort, measured};
use crate::fuel::with_bad_signature;
use crate::guest::Endpoint;
use crate::keys::{Algorithm, IssuerKey};
use crate::load::{Call, Pace, send};
use crate::measure::{median, quantile};
use crate::report::{Figure, Target};
use crate::server::{Kind, Server, trust_document};
use crate::signatures::Signatures;

/// Connections for the figure on memory.
const MANY_CONNECTIONS: usize = 64;

/// What the figures are taken from.
pub struct Subject<'a> {
    /// Our server on SQLite.
    pub on_sqlite: Kind,
    /// Our server on memory.
    pub on_memory: Kind,
    /// The component.
    pub component: &'a Path,
    /// Keys of issuers, one for each algorithm.
    pub keys: &'a [IssuerKey],
    /// A folder for data.
    pub folder: &'a Path,
    /// How long and how often.
    pub effort: Effort,
}

impl Subject<'_> {
    /// The key of an algorithm.
    pub fn key(&self, algorithm: Algorithm) -> Result<&IssuerKey> {
        self.keys.iter().find(|key| key.algorithm() == algorithm).context("no key of this algorithm")
    }

    fn start(&self, kind: &Kind, name: &str) -> Result<Server> {
        let trust = self.folder.join("trust.json");
        std::fs::write(&trust, trust_document(self.keys).to_string())?;
        Server::start(kind, &self.folder.join(name), &trust)
    }

    /// Assertions for so many seconds at so many tokens a second.
    fn calls(&self, algorithm: Algorithm, prefix: &str, count: usize) -> Result<Vec<Call>> {
        let assertions = mint_many(self.key(algorithm)?, prefix, count)?;
        Ok(assertions.iter().map(|assertion| Call::granted(assertion)).collect())
    }

    /// As many calls as a run of ours can use up.
    fn calls_for_a_run(&self, algorithm: Algorithm, prefix: &str) -> Result<Vec<Call>> {
        self.calls(algorithm, prefix, (6_000.0 * self.effort.duration.as_secs_f64()) as usize + CONNECTIONS)
    }

    /// From the start of the process to the first token, with the compiled form and the registrations there.
    pub fn start_to_first_token(&self) -> Result<Figure> {
        let calls = self.calls(Algorithm::Es256, "start", self.effort.runs + 1)?;
        let mut samples = Vec::new();
        for (run, call) in calls.iter().enumerate() {
            let server = self.start(&self.on_sqlite, "start")?;
            send(server.address(), 1, Pace::Closed(Duration::MAX), std::slice::from_ref(call))?;
            // The first start compiles.
            if run > 0 {
                samples.push(server.started().elapsed().as_secs_f64() * 1e3);
            }
            server.stop()?;
        }
        Ok(Figure::new(
            "process start to first token, compiled form present",
            median(samples),
            "ms",
            Target::AtMost(100.0),
        ))
    }

    /// What a fresh instance costs, and its first answer.
    pub fn instances(&self) -> Result<Vec<Figure>> {
        let endpoint = Endpoint::load(self.component, Meter::Time, trust_document(self.keys).to_string())?;
        let (mut made, mut answered) = (Vec::new(), Vec::new());
        // The first ones fault in the memory that the later ones find.
        for _ in 0..50 * self.effort.runs + 20 {
            let start = Instant::now();
            let mut instance = endpoint.instantiate()?;
            made.push(start.elapsed().as_secs_f64() * 1e6);
            let request = http::Request::get("/oauth2/token").body(Bytes::new())?;
            let start = Instant::now();
            let (answer, _) = instance.serve(request)?;
            answered.push(start.elapsed().as_secs_f64() * 1e6);
            ensure!(answer.status() == 405, "GET /oauth2/token: {}", answer.status());
        }
        let name = "a fresh instance: instantiate";
        Ok(vec![
            Figure::new(name, median(made.split_off(20)), "us", Target::AtMost(100.0)),
            Figure::new(
                "a fresh instance: its first answer, the seed applied",
                median(answered.split_off(20)),
                "us",
                Target::None,
            ),
        ])
    }

    /// p50 and p99 at half of the rate that the server can do.
    pub fn latency(&self) -> Result<Vec<Figure>> {
        let server = self.start(&self.on_sqlite, "latency")?;
        let duration = self.effort.duration;
        let (mut even, mut random) = (Latencies::default(), Latencies::default());
        // The least of several rates: half of a fast moment's is too much for a slow one, and what then grows is a queue.
        let mut most = f64::INFINITY;
        for run in 0..self.effort.runs {
            let calls = self.calls_for_a_run(Algorithm::Es256, &format!("most-{run}"))?;
            let rate = measured(&server, CONNECTIONS, Pace::Closed(duration), &calls)?.1.rate;
            most = most.min(rate);
        }
        for run in 0..self.effort.runs {
            // Twice as long as other runs: the p99 needs its hundred.
            let count = (most * duration.as_secs_f64()) as usize;
            for (name, pace, latencies) in [
                ("even", Pace::Even(most / 2.0), &mut even),
                ("random", Pace::Random(most / 2.0), &mut random),
            ] {
                let calls = self.calls(Algorithm::Es256, &format!("{name}-{run}"), count.max(100))?;
                latencies.add(&send(server.address(), CONNECTIONS, pace, &calls)?.latencies);
            }
        }
        server.stop()?;
        // At random moments, one worker whose every answer takes equally long has 4.4 at its best.
        Ok([even.figures("evenly spaced"), random.figures("at random")].concat())
    }

    /// What a refusal costs the server, against a token.
    pub fn refusals(&self) -> Result<Vec<Figure>> {
        let key = self.key(Algorithm::Rs256)?;
        let server = self.start(&self.on_sqlite, "refusals")?;
        let assertion = mint(key, &issuer(key), "never used", now())?;
        let stranger = mint(key, "https://stranger.example", "never used", now())?;
        let refused = [
            ("bad signature", Call::refused(&with_bad_signature(&assertion))),
            ("unknown issuer", Call::refused(&stranger)),
            ("bad client", Call::of_a_stranger(&assertion)),
            ("a scope of 60 kB", Call::of_a_long_scope(&assertion)),
            ("wrong media type", Call::of_another_media_type()),
        ];
        let mut good = Vec::new();
        let mut bad = vec![Vec::new(); refused.len()];
        for run in 0..self.effort.runs {
            let calls = self.calls_for_a_run(Algorithm::Rs256, &format!("refusals-{run}"))?;
            good.push(self.cpu(&server, &calls)?);
            for ((_, call), samples) in refused.iter().zip(&mut bad) {
                // Nothing is used up, so that the same one can be refused over and over.
                samples.push(self.cpu(&server, &vec![call.clone(); calls.len() * 5])?);
            }
        }
        server.stop()?;
        let good = median(good);
        let figure = |(name, samples): (&str, Vec<f64>)| {
            let name = format!("RS256, refused for {name}: CPU / that of a token");
            Figure::new(name, median(samples) / good, "x", Target::AtMost(1.0))
        };
        let of = |wanted| {
            let index = refused.iter().position(|(name, _)| *name == wanted);
            index.map_or(f64::NAN, |index| median(bad[index].clone()))
        };
        let long_scope = of("a scope of 60 kB") / of("bad client");
        let floor = median(bad.last().cloned().unwrap_or_default()) * 1e3;
        let names = refused.iter().map(|(name, _)| *name);
        let mut figures: Vec<_> = names.zip(bad).map(figure).collect();
        figures.push(Figure::new(
            "a request refused unread (wrong media type): CPU",
            floor,
            "us",
            Target::None,
        ));
        let name = "a scope of 60 kB: CPU / that of a refused client";
        figures.push(Figure::new(name, long_scope, "x", Target::AtMost(2.0)));
        Ok(figures)
    }

    fn cpu(&self, server: &Server, calls: &[Call]) -> Result<f64> {
        Ok(measured(server, CONNECTIONS, Pace::Closed(self.effort.duration), calls)?.1.cpu)
    }

    /// All of an exchange but the signatures and the store: a server with its stores in memory, less what
    /// the two signatures take in Wasm.
    pub fn the_rest(&self, verify_in: &Signatures, sign_out: &Signatures) -> Result<Figure> {
        let server = self.start(&self.on_memory, "the-rest")?;
        let mut samples = Vec::new();
        for run in 0..=self.effort.runs {
            let calls = self.calls_for_a_run(Algorithm::EdDsa, &format!("rest-{run}"))?;
            samples.push(self.cpu(&server, &calls)? * 1e3);
        }
        server.stop()?;
        let signatures = verify_in.verify.wasm + sign_out.sign.map_or(0.0, |sign| sign.wasm);
        let rest = median(samples.split_off(1)) - signatures;
        Ok(Figure::new("a token but for signatures and store: CPU", rest, "us", Target::AtMost(60.0)))
    }

    /// What a second worker brings. The load takes its part of the two cores.
    pub fn two_workers(&self) -> Result<Figure> {
        let mut two = self.on_sqlite.clone();
        let Kind::Asserta { workers, .. } = &mut two else { bail!("the subject is our server") };
        *workers = 2;
        let servers = [self.start(&self.on_sqlite, "one-worker")?, self.start(&two, "two-workers")?];
        let mut rates = [Vec::new(), Vec::new()];
        for run in 0..=self.effort.runs {
            for (server, rates) in servers.iter().zip(&mut rates) {
                let calls =
                    self.calls_for_a_run(Algorithm::Rs256, &format!("workers-{run}-{}", rates.len()))?;
                rates.push(measured(server, CONNECTIONS, Pace::Closed(self.effort.duration), &calls)?.1.rate);
            }
        }
        for server in servers {
            server.stop()?;
        }
        // The first run warms up.
        let [one, two] = rates.map(|mut rates| median(rates.split_off(1)));
        Ok(Figure::new("RS256, two workers / one: tokens/s", two / one, "x", Target::AtLeast(1.8)))
    }

    /// What the activity log costs where a token costs least: by host signatures.
    pub fn activity(&self, by_host: &Kind) -> Result<Figure> {
        let mut off = by_host.clone();
        let Kind::Asserta { activity, .. } = &mut off else { bail!("the subject is our server") };
        *activity = false;
        let servers = [self.start(by_host, "activity-on")?, self.start(&off, "activity-off")?];
        let mut samples = [Vec::new(), Vec::new()];
        for run in 0..=self.effort.runs {
            for (server, samples) in servers.iter().zip(&mut samples) {
                let name = format!("activity-{run}-{}", samples.len());
                samples.push(self.cpu(server, &self.calls_for_a_run(Algorithm::Es256, &name)?)?);
            }
        }
        for server in servers {
            server.stop()?;
        }
        // The first run warms up.
        let [on, off] = samples.map(|mut samples| median(samples.split_off(1)));
        Ok(Figure::new(
            "ES256 by host signatures, activity log / none: CPU",
            on / off,
            "x",
            Target::AtMost(1.03),
        ))
    }

    /// The most memory under full load over many connections.
    pub fn memory(&self) -> Result<Figure> {
        let server = self.start(&self.on_sqlite, "memory")?;
        for run in 0..self.effort.runs {
            let calls = self.calls_for_a_run(Algorithm::Es256, &format!("memory-{run}"))?;
            send(server.address(), MANY_CONNECTIONS, Pace::Closed(self.effort.duration), &calls)?;
        }
        let peak = server.peak_memory()?;
        server.stop()?;
        Ok(Figure::new(
            format!("memory at its peak, {MANY_CONNECTIONS} connections"),
            peak,
            "MiB",
            Target::AtMost(96.0),
        ))
    }

    /// The size of the component.
    pub fn size(&self) -> Result<Figure> {
        let bytes = std::fs::metadata(self.component)?.len();
        Ok(Figure::new("handler.wasm", bytes as f64 / 1e3, "kB", Target::AtMost(920.0)))
    }
}

/// Quantiles of latencies, run by run.
#[derive(Default)]
struct Latencies {
    p50: Vec<f64>,
    p99: Vec<f64>,
}

impl Latencies {
    fn add(&mut self, latencies: &[f64]) {
        self.p50.push(quantile(latencies.iter().copied(), 0.5));
        self.p99.push(quantile(latencies.iter().copied(), 0.99));
    }

    fn figures(&self, arrivals: &str) -> [Figure; 3] {
        let ratio = median(self.p50.iter().zip(&self.p99).map(|(p50, p99)| p99 / p50));
        let of = |all: &[f64]| median(all.iter().copied());
        let name = |what| format!("ES256 at half load, {arrivals}: {what}");
        [
            Figure::new(name("p50"), of(&self.p50), "us", Target::None),
            Figure::new(name("p99"), of(&self.p99), "us", Target::None),
            Figure::new(name("p99 / p50"), ratio, "x", Target::AtMost(4.0)),
        ]
    }
}
