//! OAuth clients and resource servers of other people, in Python and JavaScript.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, PoisonError};

use anyhow::{Context as _, Result, anyhow, bail, ensure};
use serde_json::Value;

use crate::components::target;

/// The folder with the sources of the clients of a language.
fn sources(language: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("clients").join(language)
}

/// Tests of one program run side by side, and one of them installs for all.
static INSTALLING: Mutex<()> = Mutex::new(());

/// Runs a command to its end, with the folder to run it in.
///
/// # Errors
/// It fails; says what it printed.
fn run(command: &mut Command, what: &str) -> Result<Vec<u8>> {
    let output = command.stdin(Stdio::null()).output().with_context(|| format!("{what} is needed"))?;
    let said = [output.stdout.as_slice(), &output.stderr].concat();
    ensure!(output.status.success(), "{what}: {}", String::from_utf8_lossy(&said));
    Ok(output.stdout)
}

/// A virtual environment in `target/venv` with the pinned packages, made where it is missing or another.
///
/// # Errors
/// There is no python3 with venv, or the packages can't be installed.
pub fn python() -> Result<Interpreter> {
    pinned(sources("python"), "venv")
}

/// The same for schemathesis, which brings as many packages again.
///
/// # Errors
/// There is no python3 with venv, or the packages can't be installed.
pub fn schemathesis() -> Result<Interpreter> {
    pinned(sources("schemathesis"), "venv-schemathesis")
}

/// The sources of Python clients, and an environment in a folder of `target` with the packages that they name.
fn pinned(sources: PathBuf, folder: &str) -> Result<Interpreter> {
    let _installing = INSTALLING.lock().unwrap_or_else(PoisonError::into_inner);
    let venv = target().join(folder);
    let wanted = std::fs::read_to_string(sources.join("requirements.txt"))?;
    let stamp = venv.join("requirements.installed");
    let program = venv.join("bin/python");
    if std::fs::read_to_string(&stamp).ok().as_deref() != Some(&wanted) {
        run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&venv), "python3 -m venv")?;
        let requirements = sources.join("requirements.txt");
        let options = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement"];
        run(Command::new(&program).args(options).arg(requirements), "pip install")?;
        std::fs::write(&stamp, &wanted)?;
    }
    Ok(Interpreter { program, folder: sources })
}

/// A folder in `target/node-clients` with the locked packages, made where it is missing or another.
///
/// # Errors
/// There is no Node, or the packages can't be installed.
pub fn node() -> Result<Interpreter> {
    locked(&sources("node"), "node-clients")
}

/// The same for the conformance suite of MCP, which brings ten times as many packages.
///
/// # Errors
/// There is no Node, or the packages can't be installed.
pub fn mcp_conformance() -> Result<Interpreter> {
    locked(&sources("mcp"), "mcp-conformance")
}

/// The same for what drives a browser through the console.
///
/// # Errors
/// There is no Node, or the packages can't be installed.
pub fn browser() -> Result<Interpreter> {
    locked(&Path::new(env!("CARGO_MANIFEST_DIR")).join("console"), "console-browser")
}

/// The sources of Node clients in a folder of `target`, with the packages that their lock file names.
fn locked(sources: &Path, folder: &str) -> Result<Interpreter> {
    let _installing = INSTALLING.lock().unwrap_or_else(PoisonError::into_inner);
    let folder = target().join(folder);
    std::fs::create_dir_all(&folder)?;
    for entry in std::fs::read_dir(sources)? {
        let entry = entry?;
        std::fs::copy(entry.path(), folder.join(entry.file_name()))?;
    }
    let wanted = std::fs::read_to_string(sources.join("package-lock.json"))?;
    let stamp = folder.join("node_modules/.installed");
    if std::fs::read_to_string(&stamp).ok().as_deref() != Some(&wanted) {
        run(Command::new("npm").args(["ci", "--no-audit", "--no-fund"]).current_dir(&folder), "npm ci")?;
        std::fs::write(&stamp, &wanted)?;
    }
    Ok(Interpreter { program: "node".into(), folder })
}

/// What runs the scripts of a language, and the folder they are in.
pub struct Interpreter {
    program: PathBuf,
    folder: PathBuf,
}

impl Interpreter {
    fn script(&self, name: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command.arg(self.folder.join(name)).args(arguments);
        command
    }

    /// Starts a resource server and waits for the port that it prints.
    ///
    /// It gets none of our own streams: Node makes a pipe that it is given non-blocking for everyone who has it, and
    /// leaves it so where it is killed. What the tests print after that fails as soon as its reader is slow.
    ///
    /// # Errors
    /// It does not start; says what it complained of.
    pub fn resource_server(&self, name: &str, arguments: &[&str]) -> Result<ResourceServer> {
        let mut command = self.script(name, arguments);
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
        let mut stdout = BufReader::new(child.stdout.take().context("its output")?);
        let stderr = child.stderr.take().context("its complaints")?;
        let complaints = std::thread::spawn(move || std::io::read_to_string(stderr));
        let mut line = String::new();
        stdout.read_line(&mut line)?;
        let server = ResourceServer { child, url: format!("http://127.0.0.1:{}/", line.trim()) };
        if line.trim().parse::<u16>().is_err() {
            drop(server);
            let complaints =
                complaints.join().map_err(|_| anyhow!("{name}: nobody read its complaints"))??;
            bail!("{name} does not start: {complaints}");
        }
        Ok(server)
    }

    /// Runs a client to its end, and reads the JSON that it prints.
    ///
    /// # Errors
    /// It fails; says what it printed.
    pub fn client(&self, name: &str, arguments: &[&str]) -> Result<Value> {
        let printed = run(&mut self.script(name, arguments), name)?;
        serde_json::from_slice(&printed).with_context(|| String::from_utf8_lossy(&printed).into_owned())
    }
}

/// A running resource server. It is killed when this is dropped.
pub struct ResourceServer {
    child: Child,
    /// Where it listens.
    pub url: String,
}

impl Drop for ResourceServer {
    fn drop(&mut self) {
        _ = self.child.kill();
        _ = self.child.wait();
    }
}
