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

impl Profile<'_> {
    /// A bar for each key and build.
    pub fn bars(&self) -> Result<Vec<Bar>> {
        let mut bars = Vec::new();
        for (name, build) in [(PORTABLE, &self.portable), (BY_HOST, &self.by_host)] {
            eprintln!("taking {name} apart");
            let memory = self.start(&build.on_memory, &format!("{name}-memory"))?;
            let sqlite = self.start(&build.on_sqlite, &format!("{name}-sqlite"))?;
            let nothing = self.cpu(&memory, |_| Ok(vec![Call::of_nothing(); self.most()]))?;
            let stranger = self.cpu(&memory, |_| {
                let assertion = mint_many(&self.keys[0], "stranger", 1)?.swap_remove(0);
                Ok(vec![Call::of_a_stranger(&assertion); self.most()])
            })?;
            for key in self.keys {
                let algorithm = key.algorithm();
                let Some(row) = self.signatures.iter().find(|row| row.algorithm == algorithm) else {
                    continue;
                };
                let (verify, sign) = match name {
                    PORTABLE => (row.signatures.verify.wasm, self.sign.wasm),
                    _ => (row.signatures.verify.native, self.sign.native),
                };
                let in_memory = self.token(&memory, key, "memory")?;
                let on_sqlite = self.token(&sqlite, key, "sqlite")?;
                let store = (on_sqlite - in_memory).max(0.0);
                let rest = on_sqlite - stranger - store - verify - sign;
                bars.push(Bar {
                    name: format!("{} in, {name}", algorithm.name()),
                    parts: vec![
                        Part { name: "HTTP, into the sandbox and back", size: nothing },
                        Part { name: "reading the request, the client", size: stranger - nothing },
                        Part { name: "rules, token, log", size: rest.max(0.0) },
                        Part { name: "SQLite", size: store },
                        Part { name: "the assertion's signature", size: verify },
                        Part { name: "our signature (ES256)", size: sign },
                    ],
                });
            }
            memory.stop()?;
            sqlite.stop()?;
        }
        Ok(bars)
    }

    fn start(&self, kind: &Kind, name: &str) -> Result<Server> {
        let trust = self.folder.join("trust.json");
        std::fs::write(&trust, trust_document(self.keys).to_string())?;
        Server::start(kind, &self.folder.join(name), &trust)
    }

    fn most(&self) -> usize {
        (MOST_PER_SECOND * self.effort.duration.as_secs_f64()) as usize
    }

    fn token(&self, server: &Server, key: &IssuerKey, prefix: &str) -> Result<f64> {
        self.cpu(server, |run| {
            let assertions = mint_many(key, &format!("{prefix}-{run}"), self.most() / 3)?;
            Ok(assertions.iter().map(|assertion| Call::granted(assertion)).collect())
        })
    }

    /// Processor time of a call in microseconds: the least of several runs after a first one, since what else the
    /// machine does can only add to it, and the parts are differences.
    fn cpu(&self, server: &Server, calls: impl Fn(usize) -> Result<Vec<Call>>) -> Result<f64> {
        let samples = (0..=self.effort.runs).map(|run| {
            let pace = Pace::Closed(self.effort.duration);
            Ok(measured(server, CONNECTIONS, pace, &calls(run)?)?.1.cpu * 1e3)
        });
        let samples = samples.collect::<Result<Vec<_>>>()?;
        Ok(samples.into_iter().skip(1).fold(f64::INFINITY, f64::min))
    }
}
