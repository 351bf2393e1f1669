//! Commands as a person types them: a shell in a directory of its own, with `asserta` on its path.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, ensure};
use tempfile::TempDir;

use crate::components::target;
use crate::local_host::ADMIN_TOKEN;

/// A directory to run commands in, against a server.
pub struct CommandLine {
    directory: TempDir,
    server: String,
}

/// What commands printed, and how they ended.
pub struct Ran {
    /// On standard output.
    pub out: String,
    /// On standard error.
    pub err: String,
    code: Option<i32>,
}

impl CommandLine {
    /// An empty directory, and the URL of the server whose admin API the commands use.
    ///
    /// # Errors
    /// The directory can't be made.
    pub fn new(server: &str) -> Result<Self> {
        Ok(Self { directory: tempfile::tempdir()?, server: server.to_owned() })
    }

    /// Where the commands run.
    pub fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// The server.
    pub fn server(&self) -> &str {
        &self.server
    }

    /// A command of this name, in place of one that is not here.
    ///
    /// # Errors
    /// It can't be written.
    pub fn stand_in(&self, name: &str, script: &str) -> Result<()> {
        let file = self.directory().join(name);
        fs::write(&file, format!("#!/bin/sh\n{script}\n"))?;
        Ok(fs::set_permissions(&file, fs::Permissions::from_mode(0o755))?)
    }

    /// Runs a script, which ends at the first command that fails.
    ///
    /// # Errors
    /// There is no shell.
    pub fn run(&self, script: &str, variables: &[(&str, &str)]) -> Result<Ran> {
        let release = target().join("release").canonicalize().context("run `make host` first")?;
        let path = std::env::var("PATH").unwrap_or_default();
        let path = format!("{}:{}:{path}", self.directory().display(), release.display());
        let mut shell = Command::new("sh");
        shell.args(["-e", "-u", "-c", script]).current_dir(self.directory()).stdin(Stdio::null());
        shell.env("PATH", path).env("ASSERTA_URL", &self.server).env("ASSERTA_ADMIN_TOKEN", ADMIN_TOKEN);
        // Everything is on this machine.
        shell.env("no_proxy", "*");
        let done = shell.envs(variables.iter().copied()).output().context("sh is there")?;
        let text = |bytes| String::from_utf8(bytes).context("text");
        Ok(Ran { out: text(done.stdout)?, err: text(done.stderr)?, code: done.status.code() })
    }
}

impl Ran {
    /// What was printed, of a script that must succeed.
    ///
    /// # Errors
    /// It failed.
    pub fn succeeded(self) -> Result<String> {
        ensure!(self.code == Some(0), "{:?}: {}", self.code, self.said());
        Ok(self.out)
    }

    /// All that was printed.
    pub fn said(&self) -> String {
        format!("{}{}", self.out, self.err)
    }
}
