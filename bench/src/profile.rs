//! Where the processor time of a token goes: what each step costs more than the one before it.

use std::path::Path;

use anyhow::{Context as _, Result, ensure};

use crate::assertion::mint_many;
use crate::chart::{Bar, Part};
use crate::exchange::{BY_HOST, CONNECTIONS, Effort, PORTABLE, measured};
use crate::keys::{Algorithm, IssuerKey};
use crate::load::{Call, Pace};
use crate::measure::median;
use crate::server::{Kind, Server, trust_document};
use crate::signatures::{InWasm, Timing};

/// More requests than a server of ours answers in a second, where it issues nothing.
const MOST_PER_SECOND: f64 = 20_000.0;
/// More tokens than it issues.
const MOST_TOKENS_PER_SECOND: f64 = 7_000.0;

/// One of our two builds.
pub struct Build {
    /// Its server with stores in memory.
    pub on_memory: Kind,
    /// Its server on SQLite.
    pub on_sqlite: Kind,
}

/// What is taken apart.
pub struct Profile<'a> {
    /// All cryptography inside of Wasm.
    pub portable: Build,
    /// The arithmetic of signatures outside.
    pub by_host: Build,
    /// What the signatures take alone.
    pub signatures: InWasm,
    /// Keys of issuers, each of which gets a bar of both builds.
    pub keys: &'a [IssuerKey],
    /// A folder for data.
    pub folder: &'a Path,
    /// How long and how often.
    pub effort: Effort,
}

/// A build that runs, and the processor time of what it was asked for: microseconds, the least of all runs, since what
/// else the machine does can only add to them, and the parts of a bar are differences.
struct Subject {
    name: &'static str,
    on_memory: Server,
    on_sqlite: Server,
    /// Its half of a comparison of signatures.
    computes: fn(Timing) -> f64,
    /// An address that nobody serves.
    nothing: f64,
    /// A request with a wrong secret.
    stranger: f64,
    /// Our own signature.
    sign: f64,
    /// By the issuer's key.
    tokens: Vec<Token>,
}

#[derive(Clone)]
struct Token {
    in_memory: f64,
    on_sqlite: f64,
    verify: f64,
}

impl Profile<'_> {
    /// A bar for each key and build.
    pub fn bars(mut self) -> Result<Vec<Bar>> {
        let mut subjects = [
            self.start(PORTABLE, &self.portable, |timing| timing.wasm)?,
            self.start(BY_HOST, &self.by_host, |timing| timing.native)?,
        ];
        // All steps take turns in each run, so that a slow minute of the machine is one of all of them.
        for run in 1..=self.effort.runs {
            eprintln!("run {run} of {}", self.effort.runs);
            self.run(run, &mut subjects)?;
        }
        // The store is the same for all, and best seen where a token takes the least besides.
        let [_, by_host] = &subjects;
        let store = median(by_host.tokens.iter().map(|token| token.on_sqlite - token.in_memory));
        let mut bars = Vec::new();
        for subject in subjects {
            let tokens = self.keys.iter().zip(&subject.tokens);
            for (key, token) in tokens {
                bars.push(subject.bar(key.algorithm(), token, store)?);
            }
            subject.on_memory.stop()?;
            subject.on_sqlite.stop()?;
        }
        Ok(bars)
    }

    fn run(&mut self, run: usize, subjects: &mut [Subject]) -> Result<()> {
        let Effort { duration, .. } = self.effort;
        let most = |per_second: f64| (per_second * duration.as_secs_f64()) as usize;
        let cpu = |server: &Server, calls: &[Call]| -> Result<f64> {
            Ok(measured(server, CONNECTIONS, Pace::Closed(duration), calls)?.1.cpu * 1e3)
        };
        let nothing = vec![Call::of_nothing(); most(MOST_PER_SECOND)];
        let stranger = mint_many(&self.keys[0], "stranger", 1)?.swap_remove(0);
        let stranger = vec![Call::of_a_stranger(&stranger); most(MOST_PER_SECOND)];
        let ours = self.signatures.time(Algorithm::Es256, 1, duration / 4)?;
        let ours = ours.sign.context("ES256 signs")?;
        for subject in &mut *subjects {
            keep_least(&mut subject.nothing, cpu(&subject.on_memory, &nothing)?);
            keep_least(&mut subject.stranger, cpu(&subject.on_memory, &stranger)?);
            keep_least(&mut subject.sign, (subject.computes)(ours));
        }
        for (index, key) in self.keys.iter().enumerate() {
            let verify = self.signatures.time(key.algorithm(), 1, duration / 4)?.verify;
            let assertions = mint_many(key, &format!("run-{run}"), most(MOST_TOKENS_PER_SECOND))?;
            let calls: Vec<_> = assertions.iter().map(|assertion| Call::granted(assertion)).collect();
            for subject in &mut *subjects {
                let token = &mut subject.tokens[index];
                keep_least(&mut token.in_memory, cpu(&subject.on_memory, &calls)?);
                keep_least(&mut token.on_sqlite, cpu(&subject.on_sqlite, &calls)?);
                keep_least(&mut token.verify, (subject.computes)(verify));
            }
        }
        Ok(())
    }

    fn start(&self, name: &'static str, build: &Build, computes: fn(Timing) -> f64) -> Result<Subject> {
        let trust = self.folder.join("trust.json");
        std::fs::write(&trust, trust_document(self.keys).to_string())?;
        let start = |kind, store| Server::start(kind, &self.folder.join(format!("{name}-{store}")), &trust);
        let unknown = f64::INFINITY;
        let token = Token { in_memory: unknown, on_sqlite: unknown, verify: unknown };
        Ok(Subject {
            name,
            on_memory: start(&build.on_memory, "memory")?,
            on_sqlite: start(&build.on_sqlite, "sqlite")?,
            computes,
            nothing: unknown,
            stranger: unknown,
            sign: unknown,
            tokens: vec![token; self.keys.len()],
        })
    }
}

impl Subject {
    fn bar(&self, algorithm: Algorithm, token: &Token, store: f64) -> Result<Bar> {
        let rest = token.on_sqlite - self.stranger - store - token.verify - self.sign;
        let bar = Bar {
            name: format!("{} in, {}", algorithm.name(), self.name),
            parts: vec![
                Part { name: "HTTP, into the sandbox and back", size: self.nothing },
                Part { name: "reading the request, the client", size: self.stranger - self.nothing },
                Part { name: "rules, token, log", size: rest },
                Part { name: "SQLite", size: store },
                Part { name: "the assertion's signature", size: token.verify },
                Part { name: "our signature (ES256)", size: self.sign },
            ],
        };
        for Part { name, size } in &bar.parts {
            let whole = &bar.name;
            ensure!(*size > 0.0, "{whole}: {name} takes {size:.0} us: the machine was not quiet, try again");
        }
        Ok(bar)
    }
}

fn keep_least(least: &mut f64, sample: f64) {
    *least = least.min(sample);
}
