//! A real `asserta serve`, as an operator starts it.

use std::io::{BufRead as _, BufReader, Read as _};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};

use crate::components::{self, target};
use crate::local_host::{ADMIN_TOKEN, PUBLIC_URL};

/// The built command.
///
/// # Errors
/// It was not built; says how to.
pub fn command() -> Result<PathBuf> {
    let path = target().join("release/asserta");
    ensure!(path.is_file(), "{} is missing: run `make host` first", path.display());
    Ok(path)
}

/// A running server. It is killed when this is dropped.
pub struct Server {
    child: Child,
    /// Where it listens.
    pub address: SocketAddr,
    log: PathBuf,
}

impl Server {
    /// Starts a server on a data directory and waits until it listens.
    ///
    /// # Errors
    /// It does not come up; says what it logged.
    pub fn start(data: &Path) -> Result<Self> {
        Self::start_with(data, &[])
    }

    /// The same with more options.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub fn start_with(data: &Path, options: &[&str]) -> Result<Self> {
        Self::start_in(data, options, &[])
    }

    /// The same with variables of the environment.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub fn start_in(data: &Path, options: &[&str], environment: &[(&str, &str)]) -> Result<Self> {
        Self::start_component("handler.wasm", data, options, environment)
    }

    /// The same whose public URL is where it listens.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub fn start_where_it_listens(data: &Path) -> Result<Self> {
        Self::start_as("handler.wasm", data, &[], &[])
    }

    /// The same with another component in the endpoint's place.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub fn start_component(
        component: &str,
        data: &Path,
        options: &[&str],
        environment: &[(&str, &str)],
    ) -> Result<Self> {
        let options = [&["--public-url", PUBLIC_URL], options].concat();
        Self::start_as(component, data, &options, environment)
    }

    fn start_as(
        component: &str,
        data: &Path,
        options: &[&str],
        environment: &[(&str, &str)],
    ) -> Result<Self> {
        components::bytes(component)?;
        let log = data.join("log");
        let stderr = std::fs::OpenOptions::new().create(true).append(true).open(&log)?;
        let mut child = Command::new(command()?)
            .args(["serve", "--listen", "127.0.0.1:0", "--dev"])
            .args(["--admin-token", ADMIN_TOKEN])
            .args(options)
            .arg("--component")
            .arg(components::path(component))
            .arg("--data")
            .arg(data)
            .envs(environment.iter().copied())
            .stdout(Stdio::piped())
            .stderr(stderr)
            .spawn()?;
        let stdout = BufReader::new(child.stdout.take().context("its output")?);
        let mut lines = stdout.lines();
        let listens = lines.find_map(|line| {
            let line = line.ok()?;
            line.strip_prefix("Asserta listens on http://").map(|address| address.trim().parse())
        });
        let Some(address) = listens else {
            _ = child.kill();
            bail!("the server does not start: {}", std::fs::read_to_string(&log).unwrap_or_default());
        };
        // Whatever else it prints must find a reader.
        std::thread::spawn(move || lines.count());
        Ok(Self { child, address: address?, log })
    }

    /// What the kernel knows of it: a file of its folder in `/proc`.
    pub fn proc_file(&self, name: &str) -> PathBuf {
        Path::new("/proc").join(self.child.id().to_string()).join(name)
    }

    /// Bytes of memory that it holds (its resident set).
    ///
    /// # Errors
    /// There is no `/proc`.
    pub fn memory(&self) -> Result<u64> {
        let status = std::fs::read_to_string(self.proc_file("status"))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("no VmRSS")?;
        let kilobytes: u64 = line.trim().trim_end_matches(" kB").parse()?;
        Ok(kilobytes << 10)
    }

    /// How long it has computed, on all processors together.
    ///
    /// # Errors
    /// There is no `/proc`.
    pub fn processor_time(&self) -> Result<Duration> {
        let stat = std::fs::read_to_string(self.proc_file("stat"))?;
        // After the name, which may hold anything: the 14th and 15th of all fields, in hundredths of a second.
        let (_, fields) = stat.rsplit_once(") ").context("no name in it")?;
        let ticks = fields.split(' ').skip(11).take(2).map(str::parse::<u64>);
        let ticks = ticks.sum::<Result<u64, _>>()?;
        Ok(Duration::from_millis(ticks * 10))
    }

    /// How many files and connections it has open.
    ///
    /// # Errors
    /// There is no `/proc`.
    pub fn open_files(&self) -> Result<usize> {
        Ok(std::fs::read_dir(self.proc_file("fd"))?.count())
    }

    /// Ends it with SIGKILL, as a crash would.
    ///
    /// # Errors
    /// It is gone already.
    pub fn kill(mut self) -> Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    /// Asks it to stop with SIGTERM.
    ///
    /// # Errors
    /// The signal can't be sent.
    pub fn terminate(&self) -> Result<()> {
        let sent = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status()?;
        ensure!(sent.success(), "no signal could be sent");
        Ok(())
    }

    /// Waits for its end.
    ///
    /// # Errors
    /// It does not end in time.
    pub fn wait(&mut self, patience: Duration) -> Result<ExitStatus> {
        let begin = Instant::now();
        while begin.elapsed() < patience {
            if let Some(status) = self.child.try_wait()? {
                return Ok(status);
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        bail!("the server did not end within {patience:?}")
    }

    /// What it has logged so far.
    ///
    /// # Errors
    /// The log can't be read.
    pub fn log(&self) -> Result<String> {
        let mut text = String::new();
        std::fs::File::open(&self.log)?.read_to_string(&mut text)?;
        Ok(text)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        _ = self.child.kill();
        _ = self.child.wait();
    }
}
