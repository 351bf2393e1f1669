//! The fuel of an exchange: how many Wasm instructions it takes, whatever the machine.
//!
//! Assertions, time and randomness are the same in each run, so that two builds of the same code by the
//! same compiler differ by nothing. What was counted last is kept in `bench/fuel.json`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail, ensure};
use bytes::Bytes;
use http::header;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::assertion::{CLIENT_ID, CLIENT_SECRET, authorization, form, issuer, mint};
use crate::engine::Meter;
use crate::guest::{Endpoint, NOW};
use crate::keys::{Algorithm, IssuerKey};
use crate::rules;
use crate::server::trust_document;

/// How far a count may be above the one that is kept.
pub const TOLERANCE: f64 = 0.03;

/// Assertions that are the same in each run, with the registrations that they need.
#[derive(Debug, Serialize, Deserialize)]
pub struct Fixture {
    /// The seed document.
    pub trust: Value,
    /// Three of each algorithm.
    pub assertions: BTreeMap<String, Vec<String>>,
    /// The seed document with issuers of jobs.
    pub jobs_trust: Value,
    /// Three assertions of each, by what its rows are called.
    pub jobs: BTreeMap<String, Vec<String>>,
}

/// Fuel by what was done.
pub type Fuel = BTreeMap<String, u64>;

/// What was counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counts {
    /// The compiler that built the component: another one writes other instructions.
    pub rustc: String,
    /// What it took.
    pub fuel: Fuel,
}

/// The counts that later ones are compared with, by compiler.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Kept(BTreeMap<String, Fuel>);

impl Fixture {
    /// Mints one. Its private keys are forgotten at once.
    pub fn mint() -> Result<Self> {
        let keys = Algorithm::ALL.map(IssuerKey::generate).into_iter().collect::<Result<Vec<_>>>()?;
        let mut assertions = BTreeMap::new();
        for key in &keys {
            let all = (1..=3).map(|number| mint(key, &issuer(key), &format!("fuel-{number}"), NOW));
            assertions.insert(key.algorithm().name().to_owned(), all.collect::<Result<_>>()?);
        }
        let key = keys.iter().find(|key| key.algorithm() == Algorithm::Es256).context("no key for ES256")?;
        let mut jobs = BTreeMap::new();
        for issuer in rules::Issuer::ALL {
            let all = (1..=3).map(|number| issuer.mint(key, &format!("job-{number}"), NOW));
            jobs.insert(issuer.name().to_owned(), all.collect::<Result<_>>()?);
        }
        Ok(Self { trust: trust_document(&keys), assertions, jobs_trust: rules::trust_document(key), jobs })
    }

    /// The file that it is kept in.
    pub fn path() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("assertions.json")
    }

    /// Reads the one that is kept.
    pub fn load() -> Result<Self> {
        read(&Self::path())
    }
}

impl Kept {
    /// The file that they are kept in.
    pub fn path() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("fuel.json")
    }

    /// Reads those that are kept.
    pub fn load() -> Result<Self> {
        read(&Self::path())
    }

    /// What was counted with the same compiler.
    pub fn of(&self, counts: &Counts) -> Option<&Fuel> {
        self.0.get(&counts.rustc)
    }

    /// The compilers that there are counts of.
    pub fn compilers(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// Keeps counts in place of those of the same compiler.
    pub fn keep(&mut self, counts: Counts) {
        self.0.insert(counts.rustc, counts.fuel);
    }
}

impl Counts {
    /// What grew by more than [`TOLERANCE`], is new or is gone: a sentence each.
    pub fn growth_since(&self, kept: &Fuel) -> Vec<String> {
        let mut findings = Vec::new();
        for (name, now) in &self.fuel {
            match kept.get(name) {
                None => findings.push(format!("{name}: {now}, not counted before")),
                Some(before) if *now as f64 > *before as f64 * (1.0 + TOLERANCE) => {
                    let growth = (*now as f64 / *before as f64 - 1.0) * 100.0;
                    findings.push(format!("{name}: {now}, {growth:.1} % above {before}"));
                }
                Some(_) => {}
            }
        }
        let gone = kept.keys().filter(|name| !self.fuel.contains_key(*name));
        findings.extend(gone.map(|name| format!("{name}: no longer counted")));
        findings
    }
}

/// Writes a value as JSON for people to read and compare.
pub fn write(path: &Path, value: &impl Serialize) -> Result<()> {
    let text = serde_json::to_string_pretty(value)? + "\n";
    std::fs::write(path, text).with_context(|| path.display().to_string())
}

fn read<T: for<'de> Deserialize<'de>>(path: &Path) -> Result<T> {
    let bytes = std::fs::read(path).with_context(|| path.display().to_string())?;
    serde_json::from_slice(&bytes).with_context(|| path.display().to_string())
}

/// Counts the fuel of an exchange under each algorithm, of refusals, and of an instance's first request, in the
/// components of a folder: all inside of Wasm, and where the host computes the signatures.
pub fn count(components: &Path, fixture: &Fixture) -> Result<Counts> {
    let rustc = compiler(components)?;
    let mut fuel = count_all(&components.join("handler.wasm"), fixture)?;
    let by_host = count_all(&components.join("handler-host-signatures.wasm"), fixture)?;
    fuel.extend(by_host.into_iter().map(|(name, fuel)| (format!("by host: {name}"), fuel)));
    Ok(Counts { rustc, fuel })
}

fn count_all(component: &Path, fixture: &Fixture) -> Result<Fuel> {
    let endpoint = Endpoint::load(component, Meter::Fuel, fixture.trust.to_string())?;
    let mut instance = endpoint.instantiate()?;
    let mut fuel = BTreeMap::new();
    let request = http::Request::get("/health").body(Bytes::new())?;
    let (answer, used) = instance.serve(request)?;
    ensure!(answer.status() == 200, "the endpoint is not healthy");
    fuel.insert("an instance's first request".to_owned(), used);
    for (algorithm, assertions) in &fixture.assertions {
        let [first, second, third] = &assertions[..] else { bail!("three of {algorithm} are needed") };
        // The first one finds the issuer's record unread and its key unparsed. The first of all makes the organization's
        // signing key, so that the second of all reads every record anew.
        let calls = [("first exchange", first, 200), ("exchange", second, 200), ("replay", second, 400)];
        for (what, assertion, status) in calls {
            let (answer, used) = instance.serve(token_request(assertion, CLIENT_SECRET)?)?;
            let told = String::from_utf8_lossy(answer.body());
            ensure!(answer.status() == status, "{algorithm}, {what}: {} {told}", answer.status());
            fuel.insert(format!("{algorithm} {what}"), used);
        }
        let (answer, used) = instance.serve(token_request(&with_bad_signature(third), CLIENT_SECRET)?)?;
        ensure!(answer.status() == 400, "{algorithm}: a bad signature was answered with {}", answer.status());
        fuel.insert(format!("{algorithm} bad signature"), used);
        if algorithm == "ES256" {
            let (answer, used) = instance.serve(token_request(third, "a wrong secret")?)?;
            ensure!(answer.status() == 401, "a wrong secret was answered with {}", answer.status());
            fuel.insert("bad client".to_owned(), used);
            // R15: refused for its length, before anybody is asked.
            let scope = "read+".repeat(12_000);
            let request = body_request(format!("{}&scope={scope}", form(third)), "a wrong secret")?;
            let (answer, used) = instance.serve(request)?;
            ensure!(answer.status() == 400, "a scope of 60 kB was answered with {}", answer.status());
            fuel.insert("scope of 60 kB".to_owned(), used);
        }
    }
    let endpoint = Endpoint::load(component, Meter::Fuel, fixture.jobs_trust.to_string())?;
    let mut instance = endpoint.instantiate()?;
    for (issuer, assertions) in &fixture.jobs {
        let [first, second, third] = &assertions[..] else { bail!("three of {issuer} are needed") };
        let calls = [("first exchange", first), ("second exchange", second), ("exchange", third)];
        for (what, assertion) in calls {
            let (answer, used) = instance.serve(token_request(assertion, CLIENT_SECRET)?)?;
            let told = String::from_utf8_lossy(answer.body());
            ensure!(answer.status() == 200, "{issuer}, {what}: {} {told}", answer.status());
            fuel.insert(format!("{issuer}: {what}"), used);
        }
    }
    Ok(fuel)
}

fn token_request(assertion: &str, client_secret: &str) -> Result<http::Request<Bytes>> {
    body_request(form(assertion), client_secret)
}

fn body_request(body: String, client_secret: &str) -> Result<http::Request<Bytes>> {
    let request = http::Request::post("/oauth2/token")
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .header(header::AUTHORIZATION, authorization(CLIENT_ID, client_secret))
        .header(header::CONTENT_LENGTH, body.len());
    Ok(request.body(body.into())?)
}

/// The assertion with another character in the middle of its signature: still canonical base64url.
pub fn with_bad_signature(assertion: &str) -> String {
    let signature = assertion.rfind('.').map_or(0, |dot| dot + 1);
    // Not in the first quarter of either half: beyond the order of the curve nothing is computed.
    let middle = signature + (assertion.len() - signature) * 7 / 8;
    let other = if assertion.as_bytes().get(middle) == Some(&b'A') { "B" } else { "A" };
    let mut assertion = assertion.to_owned();
    assertion.replace_range(middle..=middle, other);
    assertion
}

/// The compiler's version, which `scripts/build-wasm.sh` leaves beside the components.
fn compiler(components: &Path) -> Result<String> {
    let path = components.join("rustc.txt");
    let text = std::fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    Ok(text.trim_end().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(fuel: &[(&str, u64)]) -> Counts {
        let fuel = fuel.iter().map(|(name, count)| ((*name).to_owned(), *count)).collect();
        Counts { rustc: "1".to_owned(), fuel }
    }

    #[test]
    fn growth_beyond_the_tolerance_is_told() {
        let kept = counts(&[("a", 1000), ("b", 1000), ("c", 1000)]);
        assert_eq!(counts(&[("a", 1030), ("b", 500), ("c", 1000)]).growth_since(&kept.fuel), [""; 0]);
        let findings = counts(&[("a", 1031), ("b", 1000), ("d", 1)]).growth_since(&kept.fuel);
        assert_eq!(
            findings,
            ["a: 1031, 3.1 % above 1000", "d: 1, not counted before", "c: no longer counted"]
        );
    }

    #[test]
    fn a_bad_signature_differs_in_one_character() {
        let bad = with_bad_signature("a.b.AAAAAAAA");
        assert_eq!(bad, "a.b.AAAAAAAB");
        assert_eq!(with_bad_signature("a.b.CCCCCCCC"), "a.b.CCCCCCCA");
    }
}
