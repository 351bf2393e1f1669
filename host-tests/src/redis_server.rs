//! A real `redis-server` on a free port, with or without TLS, which a test can kill and start again.

use std::fs::OpenOptions;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use tempfile::TempDir;

/// The socket of a server in its directory.
const SOCKET: &str = "socket";

/// The password of such servers.
pub const PASSWORD: &str = "a-redis-password-for-tests";

/// A Redis server with data of its own. It is killed when this is dropped.
pub struct RedisServer {
    directory: TempDir,
    port: u16,
    with_tls: bool,
    child: Option<Child>,
}

impl RedisServer {
    /// Starts a server that keeps its word when it dies: each write is on disk before it is acknowledged.
    ///
    /// # Errors
    /// `redis-server` is not installed or does not start.
    pub fn start() -> Result<Self> {
        Self::new(false)?.started()
    }

    /// The same with TLS alone, by a certificate for this name that a new authority has issued.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub fn start_with_tls(name: &str) -> Result<Self> {
        let server = Self::new(true)?;
        let mut authority = CertificateParams::new(Vec::new())?;
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate()?)?;
        let key = KeyPair::generate()?;
        let certificate = CertificateParams::new(vec![name.to_owned()])?.signed_by(&key, &authority)?;
        std::fs::write(server.authority(), authority.pem())?;
        std::fs::write(server.file("server.pem"), certificate.pem())?;
        std::fs::write(server.file("server.key"), key.serialize_pem())?;
        server.started()
    }

    fn new(with_tls: bool) -> Result<Self> {
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        Ok(Self { directory: tempfile::tempdir()?, port, with_tls, child: None })
    }

    fn started(mut self) -> Result<Self> {
        self.start_again()?;
        Ok(self)
    }

    /// Where it is, with the password.
    pub fn url(&self) -> String {
        let (scheme, host) = if self.with_tls { ("rediss", "localhost") } else { ("redis", "127.0.0.1") };
        format!("{scheme}://:{PASSWORD}@{host}:{}", self.port)
    }

    /// The certificate authority of one with TLS, in PEM.
    pub fn authority(&self) -> PathBuf {
        self.file("authority.pem")
    }

    /// How many keys it holds.
    ///
    /// # Errors
    /// It does not answer.
    pub fn keys(&self) -> Result<usize> {
        let answer = self.ask("DBSIZE")?;
        let count = answer.lines().find_map(|line| line.strip_prefix(':')).context("no number of keys")?;
        Ok(count.trim().parse()?)
    }

    /// Lets it have so many bytes of memory; 0: as many as it likes. One that has more takes deletions alone.
    ///
    /// # Errors
    /// It does not answer, or refuses.
    pub fn limit_memory(&self, bytes: u64) -> Result<()> {
        let answer = self.ask(&format!("CONFIG SET maxmemory {bytes}"))?;
        ensure!(!answer.contains('-'), "{answer}");
        Ok(())
    }

    /// Starts it on the same port with what it has kept.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub fn start_again(&mut self) -> Result<()> {
        let log = OpenOptions::new().create(true).append(true).open(self.log())?;
        let child = Command::new("redis-server")
            .args(["--bind", "127.0.0.1", "--requirepass", PASSWORD, "--unixsocket", SOCKET])
            .args(["--save", "", "--appendonly", "yes", "--appendfsync", "always"])
            .args(self.port_options())
            .current_dir(self.directory.path())
            .stdout(Stdio::from(log))
            .stderr(Stdio::null())
            .spawn()
            .context("redis-server can't be started: install Debian's package redis-server")?;
        self.child = Some(child);
        let begin = Instant::now();
        // It answers so when it has loaded its data.
        while !self.ask("PING").is_ok_and(|answer| answer.contains("+PONG")) {
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

    fn port_options(&self) -> Vec<String> {
        let port = self.port.to_string();
        let options = match self.with_tls {
            false => vec!["--port", &port],
            true => vec![
                "--port",
                "0",
                "--tls-port",
                &port,
                "--tls-cert-file",
                "server.pem",
                "--tls-key-file",
                "server.key",
                "--tls-auth-clients",
                "no",
            ],
        };
        options.into_iter().map(str::to_owned).collect()
    }

    /// Its answer to a command, by a socket that is there with and without TLS.
    fn ask(&self, command: &str) -> std::io::Result<String> {
        let mut stream = UnixStream::connect(self.file(SOCKET))?;
        stream.set_read_timeout(Some(Duration::from_secs(1)))?;
        stream.write_all(format!("AUTH {PASSWORD}\r\n{command}\r\nQUIT\r\n").as_bytes())?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer)
    }

    fn file(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn log(&self) -> PathBuf {
        self.file("log")
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
