//! What becomes of the rate of tokens when something grows: registrations, used assertions, connections,
//! the assertions themselves.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result};
use asserta::keyvalue::{KeyValue as _, SqliteStores};
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};
use serde_json::{Map, Value};

use crate::assertion::{Differing, issuer, mint_each, mint_many, now};
use crate::chart::{Chart, Line};
use crate::exchange::{CONNECTIONS, Effort};
use crate::keys::IssuerKey;
use crate::load::{Call, Pace, send};
use crate::measure::median;
use crate::report::{Figure, Target};
use crate::server::{Kind, Server, application, data_directory, trust_document, trusted_issuer};

/// Applications for each trusted issuer.
const APPLICATIONS: usize = 10;

/// More than a server of ours answers in a second.
const MOST_PER_SECOND: f64 = 5_000.0;

/// What is measured.
pub struct Growth<'a> {
    /// Our server, on SQLite.
    pub server: Kind,
    /// The key of all issuers.
    pub key: &'a IssuerKey,
    /// A folder for data.
    pub folder: &'a Path,
    /// How long and how often.
    pub effort: Effort,
}

/// Which of the registrations are in use.
#[derive(Clone, Copy)]
enum InUse {
    One,
    All,
}

impl Growth<'_> {
    fn start(&self, data: &Path) -> Result<Server> {
        let trust = self.folder.join("trust.json");
        std::fs::write(&trust, trust_document(std::slice::from_ref(self.key)).to_string())?;
        Server::start(&self.server, data, &trust)
    }

    fn data(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    fn calls_of_a_run(&self) -> usize {
        (MOST_PER_SECOND * self.effort.duration.as_secs_f64()) as usize + CONNECTIONS
    }

    /// The best of several runs, each with calls of its own: what else the machine does can only take from it.
    fn rate(
        &self,
        server: &Server,
        connections: usize,
        calls: impl Fn(usize) -> Result<Vec<Call>>,
    ) -> Result<f64> {
        // The first run fills what is kept in memory.
        let rates = (0..=self.effort.runs).map(|run| {
            let pace = Pace::Closed(self.effort.duration);
            Ok(send(server.address(), connections, pace, &calls(run)?)?.rate())
        });
        let rates = rates.collect::<Result<Vec<_>>>()?;
        Ok(rates.into_iter().skip(1).fold(0.0, f64::max))
    }

    fn usual_rate(&self, server: &Server, connections: usize, prefix: &str) -> Result<f64> {
        self.rate(server, connections, |run| {
            let assertions = mint_many(self.key, &format!("{prefix}-{run}"), self.calls_of_a_run())?;
            Ok(assertions.iter().map(|assertion| Call::granted(assertion)).collect())
        })
    }

    fn registered_rate(&self, server: &Server, issuers: usize, in_use: InUse) -> Result<f64> {
        let prefix = format!(
            "{issuers}-{}",
            match in_use {
                InUse::One => "one",
                InUse::All => "all",
            }
        );
        self.rate(server, CONNECTIONS, |run| {
            self.registered_calls(&format!("{prefix}-{run}"), issuers, in_use)
        })
    }

    /// Calls of issuers and applications that [`Self::register`] has registered.
    fn registered_calls(&self, prefix: &str, issuers: usize, in_use: InUse) -> Result<Vec<Call>> {
        let count = self.calls_of_a_run();
        let mut random = StdRng::seed_from_u64(7521);
        let numbers: Vec<usize> = (0..count)
            .map(|_| match in_use {
                InUse::One => 0,
                InUse::All => random.random_range(0..issuers * APPLICATIONS),
            })
            .collect();
        let assertions = mint_each(self.key, count, |index| Differing {
            issuer: numbered_issuer(self.key, numbers[index] / APPLICATIONS),
            jwt_id: format!("{prefix}-{index}"),
            claims: Map::new(),
        })?;
        let calls = numbers.iter().zip(&assertions);
        Ok(calls.map(|(number, assertion)| Call::granted_to(&numbered_client(*number), assertion)).collect())
    }

    /// Registers issuers and their applications over the admin API.
    fn register(&self, server: &Server, issuers: Range<usize>) -> Result<()> {
        let mut calls = Vec::new();
        for number in issuers {
            let name = format!("issuer-{number}");
            let mut document = trusted_issuer(&name, &numbered_issuer(self.key, number), self.key);
            let members = document.as_object_mut().context("a document is an object")?;
            members.remove("name");
            calls.push(Call::registration(&format!("trusted-issuers/{name}"), &document));
            for number in number * APPLICATIONS..(number + 1) * APPLICATIONS {
                let client_id = numbered_client(number);
                let mut document = application(&client_id);
                document.as_object_mut().context("a document is an object")?.remove("client_id");
                calls.push(Call::registration(&format!("applications/{client_id}"), &document));
            }
        }
        // One after the other, as registrations of one organization go in any case.
        send(server.address(), 1, Pace::Closed(Duration::MAX), &calls)?;
        Ok(())
    }

    /// The rate with many registrations against that with one issuer and one application, in turns.
    pub fn figures(&self, issuers: usize) -> Result<Vec<Figure>> {
        let (few, many) = (self.start(&self.data("few"))?, self.start(&self.data("many"))?);
        self.register(&few, 0..1)?;
        eprintln!("registering {issuers} issuers and {} applications", issuers * APPLICATIONS);
        self.register(&many, 0..issuers)?;
        let (mut one, mut all) = (Vec::new(), Vec::new());
        for turn in 0..self.effort.runs {
            let once =
                Self { server: self.server.clone(), effort: Effort { runs: 1, ..self.effort }, ..*self };
            let rate = |server, issuers, in_use, name: &str| {
                let prefix = format!("{name}-{turn}");
                once.rate(server, CONNECTIONS, |run| {
                    once.registered_calls(&format!("{prefix}-{run}"), issuers, in_use)
                })
            };
            let base = rate(&few, 1, InUse::One, "few")?;
            one.push(rate(&many, issuers, InUse::One, "one")? / base);
            all.push(rate(&many, issuers, InUse::All, "all")? / base);
        }
        few.stop()?;
        many.stop()?;
        let name = |in_use: &str| {
            format!(
                "tokens/s, {issuers} issuers, {} applications, {in_use} / 1 and 1",
                issuers * APPLICATIONS
            )
        };
        Ok(vec![
            Figure::new(name("one in use"), median(one), "x", Target::AtLeast(0.95)),
            Figure::new(name("all in use"), median(all), "x", Target::AtLeast(0.95)),
        ])
    }

    /// All curves.
    pub fn charts(&self) -> Result<Vec<Chart>> {
        Ok(vec![self.registrations()?, self.used_assertions()?, self.connections()?, self.sizes()?])
    }

    fn registrations(&self) -> Result<Chart> {
        let server = self.start(&self.data("registrations"))?;
        let (mut one, mut all) = (Vec::new(), Vec::new());
        let mut registered = 0;
        for issuers in [1, 10, 100, 1_000, 10_000] {
            eprintln!("registrations: {issuers} issuers");
            self.register(&server, registered..issuers)?;
            registered = issuers;
            one.push((issuers as f64, self.registered_rate(&server, issuers, InUse::One)?));
            all.push((issuers as f64, self.registered_rate(&server, issuers, InUse::All)?));
        }
        server.stop()?;
        Ok(Chart {
            title: "Registrations",
            axis: "trusted issuers, each with 10 applications",
            lines: vec![Line { name: "one in use", points: one }, Line { name: "all in use", points: all }],
        })
    }

    fn used_assertions(&self) -> Result<Chart> {
        let mut points = Vec::new();
        for used in [1_000, 10_000, 100_000, 1_000_000] {
            eprintln!("used assertions: {used}");
            let data = self.data(&format!("used-{used}"));
            data_directory(&data)?;
            remember(&data, used)?;
            let server = self.start(&data)?;
            points.push((used as f64, self.usual_rate(&server, CONNECTIONS, "used")?));
            server.stop()?;
        }
        Ok(Chart {
            title: "Used assertions",
            axis: "entries of the replay store",
            lines: vec![Line { name: "", points }],
        })
    }

    fn connections(&self) -> Result<Chart> {
        let server = self.start(&self.data("connections"))?;
        let mut points = Vec::new();
        for connections in [1, 4, 16, 64, 256] {
            eprintln!("connections: {connections}");
            let rate = self.usual_rate(&server, connections, &format!("connections-{connections}"))?;
            points.push((connections as f64, rate));
        }
        server.stop()?;
        Ok(Chart { title: "Connections", axis: "open and busy", lines: vec![Line { name: "", points }] })
    }

    fn sizes(&self) -> Result<Chart> {
        let server = self.start(&self.data("sizes"))?;
        let mut points = Vec::new();
        for length in [0, 500, 2_000, 5_000, 11_000] {
            let rate = self.rate(&server, CONNECTIONS, |run| {
                let assertions = mint_each(self.key, self.calls_of_a_run(), |index| Differing {
                    issuer: issuer(self.key),
                    jwt_id: format!("size-{length}-{run}-{index}"),
                    claims: note_of(length),
                })?;
                Ok(assertions.iter().map(|assertion| Call::granted(assertion)).collect())
            })?;
            let example = mint_each(self.key, 1, |_| Differing {
                issuer: issuer(self.key),
                jwt_id: String::new(),
                claims: note_of(length),
            })?;
            let size = example.first().context("one was minted")?.len();
            eprintln!("assertions of {size} bytes");
            points.push((size as f64, rate));
        }
        server.stop()?;
        Ok(Chart {
            title: "Assertions",
            axis: "bytes of an assertion",
            lines: vec![Line { name: "", points }],
        })
    }
}

fn numbered_issuer(key: &IssuerKey, number: usize) -> String {
    format!("{}/{number}", issuer(key))
}

fn numbered_client(number: usize) -> String {
    format!("client-{number}")
}

/// Fills a replay store as so many exchanges of the last hour would have: R45.
fn remember(data: &Path, used: usize) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    runtime.block_on(async {
        let stores = SqliteStores::open(data)?;
        let replay = stores.open("replay").await?;
        let mut random = StdRng::seed_from_u64(7519);
        let bucket = (now() + 3_500) / 3_600 + 1;
        for _ in 0..used {
            let digest: String = (0..43).map(|_| random.random_range('A'..='Z')).collect();
            replay.increment(&format!("r/{bucket:012}/{digest}")).await?;
        }
        Ok(())
    })
}

/// A claim of no meaning, as long as the assertion is to be large.
fn note_of(length: usize) -> Map<String, Value> {
    if length == 0 { Map::new() } else { Map::from_iter([("note".to_owned(), "n".repeat(length).into())]) }
}
