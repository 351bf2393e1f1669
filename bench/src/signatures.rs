//! Verifying and signing, in Wasm and natively, with the same keys and texts in the same run.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow, ensure};
use wasmtime::component::{Component, Linker};
use wasmtime::{Engine, Store};

use crate::assertion;
use crate::engine::{Meter, engine};
use crate::keys::{Algorithm, IssuerKey};
use crate::measure::{median, microseconds_each};

mod bindings {
    #![allow(missing_docs, unreachable_pub, reason = "generated code")]
    wasmtime::component::bindgen!({ path: "wasm/wit", world: "bench" });
}

/// Microseconds for one signature.
#[derive(Clone, Copy, Debug)]
pub struct Timing {
    /// In Wasm.
    pub wasm: f64,
    /// With aws-lc.
    pub native: f64,
}

impl Timing {
    /// How many times as long it takes in Wasm.
    pub fn ratio(self) -> f64 {
        self.wasm / self.native
    }
}

/// What one algorithm costs.
#[derive(Clone, Copy, Debug)]
pub struct Signatures {
    /// To verify.
    pub verify: Timing,
    /// To sign, where the endpoint signs with it.
    pub sign: Option<Timing>,
}

/// The signatures of asserta-core, as a component that runs in this process.
pub struct InWasm {
    store: Store<()>,
    bench: bindings::Bench,
}

impl InWasm {
    /// Loads the component that `bench/wasm` is built into.
    pub fn load(component: &Path) -> Result<Self> {
        let engine = engine(Meter::Time)?;
        Self::instantiate(&engine, component).map_err(|error| anyhow!("{}: {error:#}", component.display()))
    }

    fn instantiate(engine: &Engine, component: &Path) -> wasmtime::Result<Self> {
        let component = Component::from_file(engine, component)?;
        let mut linker = Linker::new(engine);
        // Rust's std links WASI, and nothing here calls it.
        linker.define_unknown_imports_as_traps(&component)?;
        let mut store = Store::new(engine, ());
        // Checked as in the host, but never reached: nothing advances the epoch here.
        store.set_epoch_deadline(u64::MAX / 2);
        let bench = bindings::Bench::instantiate(&mut store, &component, &linker)?;
        Ok(Self { store, bench })
    }

    /// Times one algorithm: `runs` times each, taking turns, and the median of them.
    pub fn time(&mut self, algorithm: Algorithm, runs: usize, duration: Duration) -> Result<Signatures> {
        let key = IssuerKey::generate(algorithm)?;
        let assertion = assertion::mint(&key, &assertion::issuer(&key), "one", assertion::now())?;
        let (signing_input, _) = assertion.rsplit_once('.').context("an assertion has dots")?;
        let signing_input = signing_input.as_bytes();
        let verify = self.time_verify(&key, signing_input, runs, duration)?;
        let sign = self.time_sign(&key, signing_input, runs, duration)?;
        Ok(Signatures { verify, sign })
    }

    fn time_verify(
        &mut self,
        key: &IssuerKey,
        text: &[u8],
        runs: usize,
        duration: Duration,
    ) -> Result<Timing> {
        let signature = key.sign(text)?;
        let native = key.native_verifier()?;
        let guest = self.bench.asserta_bench_signatures().verifier();
        let verifier = guest.call_constructor(&mut self.store, &key.jwk().to_string()).map_err(failed)?;
        let mut in_wasm = |times| -> Result<()> {
            let good =
                guest.call_verify(&mut self.store, verifier, text, &signature, times).map_err(failed)?;
            ensure!(good, "a good signature does not verify in Wasm");
            Ok(())
        };
        let natively = |times| -> Result<()> {
            (0..times).try_for_each(|_| native.verify_sig(std::hint::black_box(text), &signature))?;
            Ok(())
        };
        let mut samples = Vec::new();
        for _ in 0..runs {
            let wasm = microseconds_each(duration, &mut in_wasm)?;
            samples.push(Timing { wasm, native: microseconds_each(duration, natively)? });
        }
        Ok(middle(&samples))
    }

    fn time_sign(
        &mut self,
        key: &IssuerKey,
        text: &[u8],
        runs: usize,
        duration: Duration,
    ) -> Result<Option<Timing>> {
        let Some(stored) = key.stored_private_key()? else { return Ok(None) };
        let guest = self.bench.asserta_bench_signatures().signer();
        let signer =
            guest.call_constructor(&mut self.store, key.algorithm().name(), &stored).map_err(failed)?;
        let signature = guest.call_sign(&mut self.store, signer, text, 1).map_err(failed)?;
        key.native_verifier()?
            .verify_sig(text, &signature)
            .context("what is signed in Wasm does not verify")?;
        let mut in_wasm = |times| -> Result<()> {
            guest.call_sign(&mut self.store, signer, text, times).map_err(failed)?;
            Ok(())
        };
        let natively = |times| -> Result<()> {
            (0..times).try_for_each(|_| key.sign(std::hint::black_box(text)).map(drop))
        };
        let mut samples = Vec::new();
        for _ in 0..runs {
            let wasm = microseconds_each(duration, &mut in_wasm)?;
            samples.push(Timing { wasm, native: microseconds_each(duration, natively)? });
        }
        Ok(Some(middle(&samples)))
    }
}

fn middle(samples: &[Timing]) -> Timing {
    Timing {
        wasm: median(samples.iter().map(|sample| sample.wasm)),
        native: median(samples.iter().map(|sample| sample.native)),
    }
}

fn failed(error: wasmtime::Error) -> anyhow::Error {
    anyhow!("{error:#}")
}
