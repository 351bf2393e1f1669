//! Where the processor time of a token goes: what each step costs more than the one before it.

use std::path::Path;

use anyhow::Result;

use crate::assertion::mint_many;
use crate::chart::{Bar, Part};
use crate::exchange::{BY_HOST, CONNECTIONS, Effort, PORTABLE, measured};
use crate::keys::IssuerKey;
use crate::load::{Call, Pace};
use crate::report::Row;
use crate::server::{Kind, Server, trust_document};

/// More than a server of ours answers in a second.
const MOST_PER_SECOND: f64 = 20_000.0;

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
    /// Keys of issuers, each of which gets a bar of both builds.
    pub keys: &'a [IssuerKey],
    /// What the signatures take alone.
    pub signatures: &'a [Row],
    /// Our own signature, under the algorithm of access tokens.
    pub sign: crate::signatures::Timing,
    /// A folder for data.
    pub folder: &'a Path,
    /// How long and how often.
    pub effort: Effort,
}

/// Processor time of a call to one of our builds, in microseconds.
struct Steps {
    /// An address that nobody serves.
    nothing: f64,
    /// A request with a wrong secret.
    stranger: f64,
    /// A token with the stores in memory, by the issuer's key.
    in_memory: Vec<f64>,
    /// A token on SQLite.
    on_sqlite: Vec<f64>,
}

impl Steps {
    fn unknown(keys: usize) -> Self {
        let unknown = vec![f64::INFINITY; keys];
        Self {
            nothing: f64::INFINITY,
            stranger: f64::INFINITY,
            in_memory: unknown.clone(),
            on_sqlite: unknown,
        }
    }
}

impl Profile<'_> {
    /// A bar for each key and build.
    pub fn bars(&self) -> Result<Vec<Bar>> {
        let builds = [(PORTABLE, &self.portable), (BY_HOST, &self.by_host)];
        let steps = self.measure(builds)?;
        let mut bars = Vec::new();
        for ((name, _), steps) in builds.iter().zip(steps) {
            for ((key, in_memory), on_sqlite) in self.keys.iter().zip(steps.in_memory).zip(steps.on_sqlite) {
                let algorithm = key.algorithm();
                let Some(row) = self.signatures.iter().find(|row| row.algorithm == algorithm) else {
                    continue;
                };
                let (verify, sign) = match *name {
                    PORTABLE => (row.signatures.verify.wasm, self.sign.wasm),
                    _ => (row.signatures.verify.native, self.sign.native),
                };
                let store = (on_sqlite - in_memory).max(0.0);
                let rest = on_sqlite - steps.stranger - store - verify - sign;
                bars.push(Bar {
                    name: format!("{} in, {name}", algorithm.name()),
                    parts: vec![
                        Part { name: "HTTP, into the sandbox and back", size: steps.nothing },
                        Part {
                            name: "reading the request, the client",
                            size: (steps.stranger - steps.nothing).max(0.0),
                        },
                        Part { name: "rules, token, log", size: rest.max(0.0) },
                        Part { name: "SQLite", size: store },
                        Part { name: "the assertion's signature", size: verify },
                        Part { name: "our signature (ES256)", size: sign },
                    ],
                });
            }
        }
        Ok(bars)
    }

    /// The least of several runs after a first one, since what else the machine does can only add to a time, and the
    /// parts are differences. All steps take turns in each run, so that a slow minute is one of all of them.
    fn measure(&self, builds: [(&str, &Build); 2]) -> Result<[Steps; 2]> {
        let mut servers = Vec::new();
        for (name, build) in builds {
            let memory = self.start(&build.on_memory, &format!("{name}-memory"))?;
            let sqlite = self.start(&build.on_sqlite, &format!("{name}-sqlite"))?;
            servers.push((memory, sqlite));
        }
        let mut best = builds.map(|_| Steps::unknown(self.keys.len()));
        let nothing = vec![Call::of_nothing(); self.most()];
        let stranger = mint_many(&self.keys[0], "stranger", 1)?.swap_remove(0);
        let stranger = vec![Call::of_a_stranger(&stranger); self.most()];
        for run in 0..=self.effort.runs {
            eprintln!("run {run} of {}", self.effort.runs);
            if run == 1 {
                best = builds.map(|_| Steps::unknown(self.keys.len()));
            }
            for ((memory, _), best) in servers.iter().zip(&mut best) {
                self.keep_least(&mut best.nothing, memory, &nothing)?;
                self.keep_least(&mut best.stranger, memory, &stranger)?;
            }
            for (index, key) in self.keys.iter().enumerate() {
                let assertions = mint_many(key, &format!("run-{run}"), self.most() / 3)?;
                let calls: Vec<_> = assertions.iter().map(|assertion| Call::granted(assertion)).collect();
                for ((memory, sqlite), best) in servers.iter().zip(&mut best) {
                    self.keep_least(&mut best.in_memory[index], memory, &calls)?;
                    self.keep_least(&mut best.on_sqlite[index], sqlite, &calls)?;
                }
            }
        }
        for (memory, sqlite) in servers {
            memory.stop()?;
            sqlite.stop()?;
        }
        Ok(best)
    }

    fn start(&self, kind: &Kind, name: &str) -> Result<Server> {
        let trust = self.folder.join("trust.json");
        std::fs::write(&trust, trust_document(self.keys).to_string())?;
        Server::start(kind, &self.folder.join(name), &trust)
    }

    fn most(&self) -> usize {
        (MOST_PER_SECOND * self.effort.duration.as_secs_f64()) as usize
    }

    fn keep_least(&self, least: &mut f64, server: &Server, calls: &[Call]) -> Result<()> {
        let cpu = measured(server, CONNECTIONS, Pace::Closed(self.effort.duration), calls)?.1.cpu * 1e3;
        *least = least.min(cpu);
        Ok(())
    }
}
