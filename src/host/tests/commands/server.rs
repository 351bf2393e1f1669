//! A server process, and commands against it.

use std::fs::{self, DirBuilder};
use std::io::{BufRead as _, BufReader, Read};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::LazyLock;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

/// `asserta serve` in development, on a free port.
pub(crate) struct Server {
    process: Child,
    lines: Receiver<String>,
    pub(crate) url: String,
    pub(crate) data: PathBuf,
}

/// The endpoint, compiled once for all servers of these tests.
static COMPILED: LazyLock<PathBuf> = LazyLock::new(|| {
    let target = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../target"));
    let component = fs::read(target.join("components/handler.wasm"));
    let component = component.expect("target/components/handler.wasm is there: `make wasm` builds it");
    let compiled = target.join("host-compiled");
    asserta::Program::load(&component, Some(&compiled)).expect("the endpoint fits this host");
    compiled
});

/// Puts the compiled endpoint where a server looks for it.
pub(crate) fn bring_compiled(data: &Path) {
    let there = data.join("compiled");
    if there.exists() {
        return;
    }
    for directory in [data, &there] {
        DirBuilder::new().mode(0o700).create(directory).unwrap();
    }
    for entry in fs::read_dir(&*COMPILED).unwrap() {
        let path = entry.unwrap().path();
        // A copy has the mode of the original.
        fs::copy(&path, there.join(path.file_name().unwrap())).unwrap();
    }
}

/// What a command printed, and how it ended.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

/// What names a proxy, in both spellings of each.
pub(crate) const PROXY_VARIABLES: [&str; 6] =
    ["ALL_PROXY", "all_proxy", "HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"];

/// The program, with nothing of this process's own settings.
fn asserta() -> Command {
    program(Path::new(env!("CARGO_BIN_EXE_asserta")))
}

fn program(path: &Path) -> Command {
    let mut command = Command::new(path);
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("ASSERTA_")) {
        command.env_remove(name);
    }
    for name in PROXY_VARIABLES.into_iter().chain(["NO_PROXY", "no_proxy"]) {
        command.env_remove(name);
    }
    command
}

/// Runs a command in `directory`.
pub(crate) fn run(directory: &Path, arguments: &[&str]) -> Ran {
    finish(asserta().current_dir(directory).args(arguments))
}

/// Runs a copy of the program.
pub(crate) fn run_program(path: &Path, directory: &Path, arguments: &[&str]) -> Ran {
    finish(program(path).current_dir(directory).args(arguments))
}

/// The same with variables of the environment.
pub(crate) fn run_with(directory: &Path, variables: &[(&str, String)], arguments: &[&str]) -> Ran {
    finish(asserta().current_dir(directory).envs(variables.iter().cloned()).args(arguments))
}

/// Starts a command that does not end by itself.
pub(crate) fn spawn(directory: &Path, variables: &[(&str, &str)], arguments: &[&str]) -> Running {
    let mut command = asserta();
    command.current_dir(directory).envs(variables.iter().copied()).args(arguments);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut process = command.spawn().unwrap();
    let (out, err) = (process.stdout.take().unwrap(), process.stderr.take().unwrap());
    Running { process, out: lines_of(out), err: lines_of(err) }
}

/// A command that runs, and what it prints, line by line as it comes.
pub(crate) struct Running {
    process: Child,
    pub(crate) out: Receiver<String>,
    pub(crate) err: Receiver<String>,
}

impl Drop for Running {
    fn drop(&mut self) {
        _ = self.process.kill();
        _ = self.process.wait();
    }
}

fn finish(command: &mut Command) -> Ran {
    let done = command.stdin(Stdio::null()).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Ran { code: done.status.code().unwrap_or(-1), out: text(done.stdout), err: text(done.stderr) }
}

/// What a process prints, line by line as it comes.
fn lines_of(out: impl Read + Send + 'static) -> Receiver<String> {
    let (sender, lines) = channel();
    let out = BufReader::new(out);
    std::thread::spawn(move || out.lines().map_while(Result::ok).try_for_each(|line| sender.send(line)));
    lines
}

impl Server {
    /// Starts a server on the data in `directory`, and waits until it listens.
    pub(crate) fn start(directory: &Path) -> Self {
        Self::start_at(directory, "127.0.0.1:0")
    }

    /// The same with variables of the environment.
    pub(crate) fn start_with(directory: &Path, variables: &[(&str, String)]) -> Self {
        Self::start_in(directory, "127.0.0.1:0", variables)
    }

    pub(crate) fn start_at(directory: &Path, listen: &str) -> Self {
        Self::start_in(directory, listen, &[])
    }

    fn start_in(directory: &Path, listen: &str, variables: &[(&str, String)]) -> Self {
        let data = directory.join("data");
        bring_compiled(&data);
        let mut command = asserta();
        command.env("ASSERTA_DEV", "1").arg("serve").args(["--listen", listen]).arg("--data").arg(&data);
        command.envs(variables.iter().cloned());
        let mut process = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let lines = lines_of(process.stdout.take().unwrap());
        let mut server = Self { process, lines, url: String::new(), data };
        server.url = server.line("Asserta listens on ");
        server
    }

    /// Waits for the line of output that begins so, and returns the rest of it.
    pub(crate) fn line(&self, begin: &str) -> String {
        loop {
            let line = self.lines.recv_timeout(Duration::from_secs(120)).expect("the server prints the line");
            if let Some(rest) = line.strip_prefix(begin) {
                return rest.to_owned();
            }
        }
    }

    /// Runs a command against the server, in the directory that holds its data.
    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        let mut command = asserta();
        command.current_dir(self.data.parent().unwrap()).env("ASSERTA_URL", &self.url);
        finish(command.args(arguments))
    }

    /// What a command printed that must succeed.
    pub(crate) fn out(&self, arguments: &[&str]) -> String {
        let ran = self.run(arguments);
        assert_eq!(ran.code, 0, "{arguments:?}: {ran:?}");
        ran.out
    }

    pub(crate) fn kill(mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    /// SIGTERM, by the tool that every Unix has.
    pub(crate) fn terminate(mut self) -> ExitStatus {
        let id = self.process.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
        self.process.wait().unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        _ = self.process.kill();
        _ = self.process.wait();
    }
}
