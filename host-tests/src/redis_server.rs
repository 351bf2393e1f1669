//! A real `redis-server` on a free port, which a test can kill and start again.

use std::fs::OpenOptions;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use tempfile::TempDir;

/// The password of such servers.
pub const PASSWORD: &str = "a-redis-password-for-tests";

/// A Redis server with data of its own. It is killed when this is dropped.
pub struct RedisServer {
    directory: TempDir,
    port: u16,
    child: Option<Child>,
}

impl RedisServer {
    /// Starts a server that keeps its word when it dies: each write is on disk before it is acknowledged.
    ///
    /// # Errors
    /// `redis-server` is not installed or does not start.
    pub fn start() -> Result<Self> {
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let mut server = Self { directory: tempfile::tempdir()?, port, child: None };
        server.start_again()?;
        Ok(server)
    }

    /// Where it is, with the password.
    pub fn url(&self) -> String {
        format!("redis://:{PASSWORD}@127.0.0.1:{}", self.port)
    }

    /// Starts it on the same port with what it has kept.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub fn start_again(&mut self) -> Result<()> {
        let log = OpenOptions::new().create(true).append(true).open(self.log())?;
        let child = Command::new("redis-server")
            .args(["--port", &self.port.to_string(), "--bind", "127.0.0.1", "--requirepass", PASSWORD])
            .args(["--save", "", "--appendonly", "yes", "--appendfsync", "always"])
            .arg("--dir")
            .arg(self.directory.path())
            .stdout(Stdio::from(log))
            .stderr(Stdio::null())
            .spawn()
            .context("redis-server can't be started: install Debian's package redis-server")?;
        self.child = Some(child);
        let begin = Instant::now();
        while !self.answers() {
            if begin.elapsed() > Duration::from_secs(20) {
                bail!("redis-server does not come up: {}", std::fs::read_to_string(self.log())?);
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        Ok(())
    }

    /// Ends it with SIGKILL.
    ///
    /// # Errors
    /// It is gone already.
    pub fn kill(&mut self) -> Result<()> {
        let mut child = self.child.take().context("the Redis server is gone")?;
        child.kill()?;
        child.wait()?;
        Ok(())
    }

    /// Whether it has loaded its data and serves.
    fn answers(&self) -> bool {
        let ask = || -> std::io::Result<String> {
            let mut stream = TcpStream::connect(("127.0.0.1", self.port))?;
            stream.set_read_timeout(Some(Duration::from_secs(1)))?;
            stream.write_all(format!("AUTH {PASSWORD}\r\nPING\r\nQUIT\r\n").as_bytes())?;
            let mut answer = String::new();
            stream.read_to_string(&mut answer)?;
            Ok(answer)
        };
        ask().is_ok_and(|answer| answer.contains("+PONG"))
    }

    fn log(&self) -> PathBuf {
        self.directory.path().join("log")
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            _ = child.kill();
            _ = child.wait();
        }
    }
}
