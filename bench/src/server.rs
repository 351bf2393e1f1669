//! Servers under test: each a process of its own, bound to one core, with one data directory.

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

use crate::assertion::{ADMIN_TOKEN, AUDIENCE, CLIENT_ID, CLIENT_SECRET, issuer};
use crate::cores::{LOAD_CORE, SERVER_CORE, cpu_time, peak_memory};
use crate::keys::{Algorithm, IssuerKey};

/// How a server is started.
#[derive(Clone, Debug)]
pub enum Kind {
    /// Ours: `asserta serve` with the endpoint component.
    Asserta {
        /// The program.
        program: PathBuf,
        /// The component.
        component: PathBuf,
        /// `sqlite` or `memory`.
        store: &'static str,
        /// What it signs its tokens under.
        access_tokens: Algorithm,
        /// Whether it keeps its activity log.
        activity: bool,
        /// How many threads serve: one on the core of the servers, or two on both cores.
        workers: usize,
    },
    /// The rival in native Rust.
    Axum {
        /// The program.
        program: PathBuf,
    },
    /// The rival on Node.
    Node {
        /// Its folder, with its packages installed.
        folder: PathBuf,
        /// What it signs its tokens under.
        access_tokens: Algorithm,
    },
    /// Somebody's API: a component of `wasi:http` on a wasmtime.
    Api {
        /// The wasmtime.
        wasmtime: PathBuf,
        /// The component.
        component: PathBuf,
        /// Its environment.
        settings: Vec<(&'static str, String)>,
    },
}

impl Kind {
    fn command(&self, address: SocketAddr, data: &Path, trust: &Path) -> Command {
        let mut command = Command::new("taskset");
        let listens = address.to_string();
        let cores = match self {
            Self::Asserta { workers: 2.., .. } => format!("{SERVER_CORE},{LOAD_CORE}"),
            _ => SERVER_CORE.to_string(),
        };
        command.args(["--cpu-list", &cores]);
        match self {
            Self::Asserta { program, component, store, access_tokens, workers, activity } => {
                command.arg(program).arg("serve").args(["--workers", &workers.to_string(), "--store", store]);
                command.arg("--component").arg(component).arg("--public-url").arg(AUDIENCE);
                command.arg("--trust").arg(format!("@{}", trust.display()));
                command.arg("--admin-token").arg(ADMIN_TOKEN);
                command.args(["--access-token-algorithm", access_tokens.name()]);
                command.args(["--activity", if *activity { "on" } else { "off" }]);
                command.args(["--listen", &listens]).arg("--data").arg(data);
            }
            Self::Axum { program } => {
                command.arg(program).arg("--trust").arg(trust).args(["--issuer", AUDIENCE]);
                command.args(["--listen", &listens]).arg("--data").arg(data);
            }
            Self::Node { folder, access_tokens } => {
                command.arg("node").arg(folder.join("server.mjs"));
                command.arg("--trust").arg(trust).args(["--issuer", AUDIENCE]);
                command.args(["--alg", access_tokens.name()]);
                command.args(["--listen", &listens]).arg("--data").arg(data);
            }
            Self::Api { wasmtime, component, settings } => {
                command.arg(wasmtime).args(["serve", "--addr", &listens]);
                command.args(["-W", "component-model-async=y", "-S", "cli=y,p3=y"]);
                for (name, value) in settings {
                    command.arg("--env").arg(format!("{name}={value}"));
                }
                command.arg(component);
            }
        }
        // A setting of whoever runs the bench is none of the bench.
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("ASSERTA_")) {
            command.env_remove(name);
        }
        command
    }
}

/// A server that runs. Dropping it ends it.
pub struct Server {
    process: Child,
    address: SocketAddr,
    started: Instant,
}

/// A data directory that the server takes whatever the umask is: nobody else may write to it.
pub fn data_directory(path: &Path) -> Result<()> {
    Ok(std::fs::DirBuilder::new().recursive(true).mode(0o700).create(path)?)
}

impl Server {
    /// Starts a server, and waits until it accepts connections.
    pub fn start(kind: &Kind, data: &Path, trust: &Path) -> Result<Self> {
        let address = free_address()?;
        data_directory(data)?;
        let log = std::fs::File::create(data.join("server.log"))?;
        let mut command = kind.command(address, data, trust);
        // The log goes where a log goes, into a file; what it costs is part of the cost.
        command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
        let started = Instant::now();
        let process = command.spawn().with_context(|| format!("{kind:?} cannot be started"))?;
        let mut server = Self { process, address, started };
        server
            .wait_until_it_listens()
            .with_context(|| format!("see {}", data.join("server.log").display()))?;
        Ok(server)
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// When its process was made.
    pub fn started(&self) -> Instant {
        self.started
    }

    /// The processor time that it has used.
    pub fn cpu_time(&self) -> Result<Duration> {
        cpu_time(self.process.id())
    }

    /// The most memory that it has had resident, in MiB.
    pub fn peak_memory(&self) -> Result<f64> {
        peak_memory(self.process.id())
    }

    /// Asks it to stop, and waits until it has.
    pub fn stop(mut self) -> Result<()> {
        kill_process(Pid::from_child(&self.process), Signal::TERM)?;
        let asked = Instant::now();
        while self.process.try_wait()?.is_none() {
            ensure!(asked.elapsed() < Duration::from_secs(20), "a server does not stop on SIGTERM");
            std::thread::sleep(Duration::from_millis(5));
        }
        Ok(())
    }

    fn wait_until_it_listens(&mut self) -> Result<()> {
        while TcpStream::connect(self.address).is_err() {
            if let Some(status) = self.process.try_wait()? {
                bail!("a server ended at its start: {status}");
            }
            // Without a compiled form, compiling comes first.
            ensure!(self.started.elapsed() < Duration::from_secs(120), "a server does not begin to listen");
            std::thread::sleep(Duration::from_micros(500));
        }
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already.
        _ = self.process.kill();
        _ = self.process.wait();
    }
}

fn free_address() -> Result<SocketAddr> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?)
}

/// The registrations, in the form of the setting `trust`; the rivals read the same document.
pub fn trust_document(keys: &[IssuerKey]) -> Value {
    let issuers: Vec<Value> = keys
        .iter()
        .map(|key| trusted_issuer(&key.algorithm().name().to_lowercase(), &issuer(key), key))
        .collect();
    json!({
        "organizations": [{
            "name": "default",
            "trusted_issuers": issuers,
            "applications": [application(CLIENT_ID)],
        }],
    })
}

/// A trusted issuer with this key, as it is registered.
pub fn trusted_issuer(name: &str, issuer: &str, key: &IssuerKey) -> Value {
    json!({ "name": name, "issuer": issuer, "jwks": { "keys": [key.jwk()] } })
}

/// An application as it is registered.
pub fn application(client_id: &str) -> Value {
    json!({
        "client_id": client_id,
        "client_secret": CLIENT_SECRET,
        "grant_types": ["urn:ietf:params:oauth:grant-type:jwt-bearer"],
        "scope": "read write",
    })
}
