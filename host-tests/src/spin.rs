//! Spin's place in tests: the Spin trigger, served by a process that gives it what Spin does (`host-tests/spin`).

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::SocketAddr;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context as _, Result, ensure};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::components::{self, target};
use crate::local_host::{ADMIN_TOKEN, PUBLIC_URL};

/// The process, with a component compiled. It ends when the last clone is dropped.
#[derive(Clone)]
pub struct Spin(Arc<Mutex<Process>>);

struct Process {
    child: Child,
    orders: ChildStdin,
    done: BufReader<ChildStdout>,
}

/// A served component, with stores of its own.
pub struct SpinApp {
    spin: Spin,
    app: usize,
    /// Where it listens.
    pub address: SocketAddr,
}

/// The variables of `spin.toml`, in development mode: each has a text, if an empty one. Used assertions are in this store,
/// `key-value` or `sqlite`.
#[must_use]
pub fn variables(replay_store: &str) -> BTreeMap<&'static str, String> {
    BTreeMap::from([
        ("public_url", PUBLIC_URL.to_owned()),
        ("admin_token", ADMIN_TOKEN.to_owned()),
        ("dev", "true".to_owned()),
        ("replay_store", replay_store.to_owned()),
        ("access_token_algorithm", String::new()),
        ("dpop_nonce", String::new()),
        ("trust", String::new()),
        ("activity", String::new()),
    ])
}

#[derive(Deserialize)]
struct Started {
    app: usize,
    address: SocketAddr,
}

#[derive(Deserialize)]
struct Nothing {}

impl Spin {
    /// Starts the process for a component.
    ///
    /// # Errors
    /// It, or the component, was not built.
    pub fn load(component: &str) -> Result<Self> {
        components::bytes(component)?;
        let program = target().join("release/spin-stand-in");
        ensure!(program.is_file(), "{} is missing: run `make spin-stand-in` first", program.display());
        let mut child = Command::new(program)
            .arg(components::path(component))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            // What the component logs.
            .stderr(Stdio::null())
            .spawn()?;
        let orders = child.stdin.take().context("its input")?;
        let done = BufReader::new(child.stdout.take().context("its output")?);
        Ok(Self(Arc::new(Mutex::new(Process { child, orders, done }))))
    }

    /// Serves it, with empty stores and a clock that shows `at`.
    ///
    /// # Errors
    /// The process is broken.
    pub fn start(&self, at: u64, variables: &BTreeMap<&str, String>) -> Result<SpinApp> {
        let started: Started = self.order(&json!({"do": "start", "at": at, "variables": variables}))?;
        Ok(SpinApp { spin: self.clone(), app: started.app, address: started.address })
    }

    fn order<T: DeserializeOwned>(&self, order: &Value) -> Result<T> {
        let mut process = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        writeln!(process.orders, "{order}")?;
        let mut line = String::new();
        process.done.read_line(&mut line)?;
        serde_json::from_str(&line).with_context(|| format!("the stand-in for Spin said {line:?}"))
    }
}

impl SpinApp {
    /// Its clock shows this from now on.
    ///
    /// # Errors
    /// The process is broken.
    pub fn set_clock(&self, at: u64) -> Result<()> {
        let Nothing {} = self.spin.order(&json!({"do": "set_clock", "app": self.app, "at": at}))?;
        Ok(())
    }
}

impl Drop for SpinApp {
    fn drop(&mut self) {
        // Where the process is gone, so is this.
        _ = self.spin.order::<Nothing>(&json!({"do": "stop", "app": self.app}));
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        _ = self.child.kill();
        _ = self.child.wait();
    }
}
