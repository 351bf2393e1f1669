//! Every `sh` example of the guides is run, in its order, against a server of its own.

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A server that is killed with the test.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        _ = self.0.kill();
        _ = self.0.wait();
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("host-tests lies in the project").to_path_buf()
}

/// The blocks that are fenced with `sh`, one after another.
fn script(document: &str) -> String {
    let mut script = String::new();
    let mut inside = false;
    for line in document.lines() {
        match (line, inside) {
            ("```sh", _) => inside = true,
            ("```", _) => inside = false,
            (line, true) => script.extend([line, "\n"]),
            _ => {}
        }
    }
    script
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("an address").port()
}

fn run(document: &str) {
    let text = fs::read_to_string(root().join("docs").join(document)).expect("the document is there");
    let script = script(&text);
    assert!(!script.is_empty(), "{document} has examples");

    let directory = root().join("target/documents").join(document);
    _ = fs::remove_dir_all(&directory);
    fs::create_dir_all(&directory).expect("a directory");
    fs::write(directory.join("script.sh"), script).expect("written");

    let release = root().join("target/release");
    let url = format!("http://127.0.0.1:{}", free_port());
    let token = "0123456789abcdef".repeat(4);
    let path = format!("{}:{}", release.display(), std::env::var("PATH").unwrap_or_default());
    let environment = [
        ("ASSERTA_URL", url.clone()),
        ("ASSERTA_ADMIN_TOKEN", token),
        ("ASSERTA_DEV", "1".to_owned()),
        ("ASSERTA_LISTEN", url.trim_start_matches("http://").to_owned()),
        ("PATH", path),
    ];
    let server = Command::new(release.join("asserta"))
        .arg("serve")
        .arg("--component")
        .arg(root().join("target/components/endpoint.wasm"))
        .current_dir(&directory)
        .envs(environment.clone())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("run `make wasm host` first");
    let _server = Server(server);
    wait_for(&url);

    let outcome = Command::new("bash")
        .args(["-e", "-u", "-o", "pipefail", "script.sh"])
        .current_dir(&directory)
        .envs(environment)
        .output()
        .expect("bash is there");
    let (out, err) = (String::from_utf8_lossy(&outcome.stdout), String::from_utf8_lossy(&outcome.stderr));
    assert!(outcome.status.success(), "{document}: {}\n{out}\n{err}", outcome.status);
}

fn wait_for(url: &str) {
    let begin = Instant::now();
    while begin.elapsed() < Duration::from_secs(60) {
        let health =
            Command::new("curl").args(["-sf", &format!("{url}/health")]).output().expect("curl is there");
        if health.status.success() {
            return;
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    panic!("the server did not answer within a minute");
}

#[test]
fn trust() {
    run("trust.md");
}

#[test]
fn admin_api() {
    run("admin-api.md");
}

#[test]
fn settings() {
    run("settings.md");
}
