//! The public vectors inside Wasm: R30, R31, R33, R53.
//!
//! Their messages are no assertions, so that an exchange refuses them for their form. They are judged by
//! `host-tests/vectors`: asserta-core and nothing else, built with the flags and features of the endpoint, and
//! again with those of the WIT component. What of them can be handed to the component as it is shipped is handed
//! to it too: every token is refused, and every key is registered or not as it is natively.

#[allow(unexpected_cfgs, reason = "the feature of core that brings the second verifier")]
#[path = "../../src/core/tests/vectors/mod.rs"]
mod vectors;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write as _;

use anyhow::{Context as _, Result, anyhow, ensure};
use asserta_exchanger::documents::{ApplicationMetadata, NewApplication, TrustedIssuer};
use asserta_exchanger::{Error, ExchangeRequest, Exchanger, MemoryStore, Options};
use host_tests::torture::report;
use host_tests::{components, summary};
use vectors::judge;
use vectors::suite::{Case, FILES, cases, compare};
use wasmtime::component::{Component, Linker};
use wasmtime::{Engine, Store};

mod bindings {
    #![allow(missing_docs, unreachable_pub, reason = "generated code")]
    wasmtime::component::bindgen!({ path: "vectors/wit", world: "vectors" });
}

/// The component of `host-tests/vectors`, running.
struct InWasm {
    store: Store<()>,
    vectors: bindings::Vectors,
}

impl InWasm {
    fn start(file: &str) -> Result<Self> {
        Self::instantiate(&components::bytes(file)?).map_err(|error| anyhow!("{file}: {error:#}"))
    }

    fn instantiate(bytes: &[u8]) -> wasmtime::Result<Self> {
        let engine = Engine::default();
        let component = Component::new(&engine, bytes)?;
        let mut linker = Linker::new(&engine);
        // Rust's std links WASI, and verifying calls none of it.
        linker.define_unknown_imports_as_traps(&component)?;
        let mut store = Store::new(&engine, ());
        let vectors = bindings::Vectors::instantiate(&mut store, &component, &linker)?;
        Ok(Self { store, vectors })
    }

    fn verifies(&mut self, case: &Case) -> wasmtime::Result<bool> {
        let verdicts = self.vectors.asserta_vectors_verdicts();
        match case {
            Case::Token { token, keys } => {
                verdicts.call_token_verifies(&mut self.store, token, &keys.to_string())
            }
            Case::Signature { algorithm, keys, message, signature } => {
                // A form of the key is as good as another: they take turns.
                let form = &keys[message.len() % keys.len()];
                verdicts.call_signature_verifies(&mut self.store, algorithm, form, message, signature)
            }
        }
    }
}

fn every_file(component: &str) -> Result<()> {
    let mut wasm = InWasm::start(component)?;
    let mut table =
        format!("{component}\n{:<56} {:>6} {:>6} {:>10}\n", "file", "cases", "agree", "deviations");
    let mut row = |file: &str, cases: usize, deviations: usize| {
        writeln!(table, "{file:<56} {cases:>6} {:>6} {deviations:>10}", cases - deviations)
    };
    let (mut all, mut deviations) = (0, 0);
    for file in &FILES {
        let summary = compare(file, |case| wasm.verifies(case).expect("no trap"));
        row(summary.path, summary.cases, summary.deviations)?;
        (all, deviations) = (all + summary.cases, deviations + summary.deviations);
    }
    row("all", all, deviations)?;
    report(&format!("public vectors in {component}"), all, 0);
    ensure!(all > 5000, "only {all} cases were judged");
    // Shown whether the test passes or not: the figures are what it is run for.
    std::io::stdout().lock().write_all(table.as_bytes())?;
    summary::ran("vectors", all);
    Ok(())
}

#[test]
fn built_as_the_endpoint() -> Result<()> {
    every_file("vectors-endpoint.wasm")
}

#[test]
fn built_as_the_exchanger() -> Result<()> {
    every_file("vectors-exchanger.wasm")
}

/// No token of the vectors is an assertion, whatever its signature: `exchanger.wasm` refuses each in good order.
#[test]
fn r30_no_token_is_exchanged() -> Result<()> {
    let (mut exchanger, app) = exchanger()?;
    let mut reasons: BTreeMap<String, usize> = BTreeMap::new();
    for file in FILES.iter().filter(|file| file.algorithm.is_none()) {
        for (number, _, case) in cases(file) {
            let Case::Token { token, keys } = case else { unreachable!("a file of tokens") };
            // With the key itself among the trusted ones, wherever it can be.
            let issuer = TrustedIssuer { jwks: Some(keys), ..partner() };
            drop(exchanger.replace_trusted_issuer("default", &issuer));
            let request = ExchangeRequest::new(&token, &app.application.client_id, &app.client_secret);
            match exchanger.exchange(&request) {
                Err(Error::Refused(refusal)) => {
                    let known = matches!(
                        refusal.reason.as_str(),
                        "assertion-malformed"
                            | "algorithm-not-allowed"
                            | "critical-header"
                            | "assertion-missing"
                            // RFC 7515 has whole assertions, of an issuer called joe.
                            | "issuer-unknown"
                    );
                    ensure!(known, "{} {number}: {}", file.path, refusal.reason);
                    *reasons.entry(refusal.reason).or_default() += 1;
                }
                other => return Err(anyhow!("{} {number}: {other:?}", file.path)),
            }
        }
    }
    println!("refused by exchanger.wasm: {reasons:?}");
    Ok(())
}

/// `exchanger.wasm` takes a key of the vectors exactly where core, natively, can use it.
#[test]
fn r53_keys_are_registered_as_natively() -> Result<()> {
    let (mut exchanger, _) = exchanger()?;
    let (mut taken, mut refused, mut last) = (0, 0, String::new());
    for file in &FILES {
        for (number, _, case) in cases(file) {
            let sources = match case {
                Case::Token { keys, .. } => {
                    let usable = asserta_core::jose::JwkSet::parse(keys.to_string().as_bytes());
                    let usable = usable.is_ok_and(|set| !set.keys.is_empty());
                    vec![(TrustedIssuer { jwks: Some(keys), ..partner() }, usable)]
                }
                // All cases of a group have the same key.
                Case::Signature { keys, .. } if keys[0] == last => continue,
                Case::Signature { keys, .. } => {
                    last.clone_from(&keys[0]);
                    keys.iter().map(|text| (with_key(text), judge::key(text).is_some())).collect()
                }
            };
            for (issuer, usable) in sources {
                let outcome = exchanger.replace_trusted_issuer("default", &issuer);
                match &outcome {
                    Ok(_) => taken += 1,
                    Err(Error::Invalid(_)) => refused += 1,
                    Err(error) => return Err(anyhow!("{} {number}: {error}", file.path)),
                }
                ensure!(outcome.is_ok() == usable, "{} {number}: natively {usable}, {outcome:?}", file.path);
            }
        }
    }
    println!("keys registered with exchanger.wasm: {taken}, refused: {refused}");
    ensure!(taken > 100 && refused > 10, "only {taken} and {refused} keys");
    Ok(())
}

/// An issuer whose keys are yet to be said.
fn partner() -> TrustedIssuer {
    TrustedIssuer::new("partner", "https://partner.example")
}

/// An issuer with this key alone.
fn with_key(text: &str) -> TrustedIssuer {
    match serde_json::from_str::<serde_json::Value>(text) {
        Ok(key) => TrustedIssuer { jwks: Some(serde_json::json!({ "keys": [key] })), ..partner() },
        Err(_) => TrustedIssuer { certificate: Some(text.to_owned()), ..partner() },
    }
}

fn exchanger() -> Result<(Exchanger<MemoryStore>, NewApplication)> {
    let options = Options::new("https://tokens.example.com");
    let mut exchanger = Exchanger::new(MemoryStore::default(), options).context("run `make wasm` first")?;
    let app = exchanger.register_application("default", &ApplicationMetadata::jwt_bearer())?;
    Ok((exchanger, app))
}
