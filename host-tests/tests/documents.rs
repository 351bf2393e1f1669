//! Every `sh` example of the README and the guides is run, in its order, against a server of its own.

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

/// The blocks that are fenced with `sh`.
fn blocks(document: &str) -> Vec<String> {
    let mut blocks = Vec::new();
    let mut inside = false;
    for line in document.lines() {
        match (line, inside) {
            ("```sh", _) => {
                blocks.push(String::new());
                inside = true;
            }
            ("```", _) => inside = false,
            (line, true) => blocks.last_mut().expect("a block began").extend([line, "\n"]),
            _ => {}
        }
    }
    blocks
}

/// An empty directory of a document's own.
fn directory(document: &str) -> PathBuf {
    let directory = root().join("target/documents").join(document.replace('/', "-"));
    _ = fs::remove_dir_all(&directory);
    fs::create_dir_all(&directory).expect("a directory");
    directory
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("an address").port()
}

fn read(document: &str) -> String {
    fs::read_to_string(root().join(document)).expect("the document is there")
}

fn run(document: &str) {
    run_script(document, &blocks(&read(document)).concat());
}

/// Runs the examples of a document as a reader does: `ASSERTA_DEV=1 asserta serve` in an empty directory, the blocks beside
/// it, and no variable that a page does not set. The port alone differs, and `API_URL`, which is the reader's own.
fn run_script(document: &str, script: &str) {
    assert!(!script.is_empty(), "{document} has examples");
    let directory = directory(document);
    let address = format!("127.0.0.1:{}", free_port());
    fs::write(directory.join("script.sh"), script.replace("127.0.0.1:3000", &address)).expect("written");

    let release = root().join("target/release");
    let url = format!("http://{address}");
    let api = host_tests::guarded_api::start(&format!("{url}/t/acme")).expect("an API");
    let server = without_settings(&release.join("asserta"))
        .arg("serve")
        .arg("--component")
        .arg(root().join("target/components/handler.wasm"))
        .current_dir(&directory)
        .envs([("ASSERTA_DEV", "1"), ("ASSERTA_LISTEN", &address)])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("run `make wasm host` first");
    let _server = Server(server);
    wait_for(&url);

    let path = format!("{}:{}", release.display(), std::env::var("PATH").unwrap_or_default());
    let outcome = without_settings(Path::new("bash"))
        .args(["-e", "-u", "-o", "pipefail", "script.sh"])
        .current_dir(&directory)
        .envs([("API_URL", api), ("PATH", path)])
        .output()
        .expect("bash is there");
    let (out, err) = (String::from_utf8_lossy(&outcome.stdout), String::from_utf8_lossy(&outcome.stderr));
    assert!(outcome.status.success(), "{document}: {}\n{out}\n{err}", outcome.status);
}

/// A program that sees no setting of whoever runs the tests.
fn without_settings(program: &Path) -> Command {
    let mut command = Command::new(program);
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.as_encoded_bytes().starts_with(b"ASSERTA_"))
    {
        command.env_remove(name);
    }
    command
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
    run("docs/trust.md");
}

#[test]
fn presets() {
    if Command::new("jq").arg("--version").output().is_err() {
        host_tests::summary::not_tested("docs/presets.md: there is no jq");
        return;
    }
    run("docs/presets.md");
}

#[test]
fn client_keys() {
    run("docs/client-keys.md");
}

#[test]
fn introspection_and_revocation() {
    run("docs/introspection-and-revocation.md");
}

#[test]
fn activity() {
    run("docs/activity.md");
}

#[test]
fn token_exchange() {
    run("docs/token-exchange.md");
}

#[test]
fn dpop() {
    run("docs/dpop.md");
}

#[test]
fn mcp() {
    run("docs/mcp.md");
}

#[test]
fn id_jag() {
    run("docs/id-jag.md");
}

#[test]
fn admin_api() {
    run("docs/admin-api.md");
}

#[test]
fn settings() {
    run("docs/settings.md");
}

/// What has no gaps for the reader to fill in; `guide_curl.rs` fills in those of the product guide's command.
#[test]
fn readme() {
    let certificate = "asserta mint --key legacy-key.pem --generate --iss https://legacy.example --sub a --aud b >jwt\n\
                       mv legacy-key.pub.pem legacy.pem\n";
    let blocks = blocks(&read("README.md"));
    let whole = blocks.iter().filter(|block| !block.contains('<') && !block.starts_with("make "));
    let whole: Vec<&str> = whole.map(String::as_str).collect();
    assert!(whole.len() >= 2, "README.md has examples");
    run_script("README.md", &format!("{certificate}{}", whole.concat()));
}

/// Each link within the repository leads to a file, and to a heading of it.
#[test]
fn links() {
    let mut documents = vec![PathBuf::from("README.md")];
    let folders = [
        ".",
        "docs",
        "docs/decisions",
        "docs/platforms",
        "embed/rust",
        "embed/python",
        "embed/javascript",
        "fuzz",
    ];
    for folder in folders {
        let entries =
            fs::read_dir(root().join(folder)).expect("a folder").map(|entry| entry.expect("an entry"));
        let names = entries.map(|entry| Path::new(folder).join(entry.file_name()));
        documents.extend(names.filter(|name| name.extension().is_some_and(|end| end == "md")));
    }
    let slug = |heading: &str| -> String {
        let heading = heading.trim_start_matches('#').trim().to_lowercase();
        let kept = heading.chars().filter(|char| char.is_alphanumeric() || " -_".contains(*char));
        kept.map(|char| if char == ' ' { '-' } else { char }).collect()
    };
    for document in documents {
        let text = fs::read_to_string(root().join(&document)).expect("it is there");
        for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            if link.contains("://") || link.contains(char::is_whitespace) {
                continue;
            }
            let (file, heading) = link.split_once('#').unwrap_or((link, ""));
            let folder = document.parent().expect("a folder");
            let target = if file.is_empty() { document.clone() } else { folder.join(file) };
            let target = root().join(target);
            assert!(target.exists(), "{}: {link} leads nowhere", document.display());
            if !heading.is_empty() {
                let text = fs::read_to_string(target).expect("a document");
                let has = text.lines().any(|line| line.starts_with('#') && slug(line) == heading);
                assert!(has, "{}: {link} has no such heading", document.display());
            }
        }
    }
}

/// The two stores of both manifests are in files of the shipped runtime configuration, and but for the component and how
/// it is built the manifests are the same.
#[test]
fn spin_files() {
    let parse = |file: &str| read(file).parse::<toml::Table>().expect("it is TOML");
    let runtime = parse("runtime-config.toml");
    let [manifest, manifest_p2] = ["spin.toml", "spin-p2.toml"].map(|file| {
        let mut manifest = parse(file);
        let component = manifest["component"]["endpoint"].as_table_mut().expect("a table");
        assert!(component.remove("source").is_some() && component.remove("build").is_some());
        let wanted = component["key_value_stores"].as_array().expect("an array");
        assert_eq!(wanted.len(), 2, "{wanted:?}");
        for store in wanted {
            let store = &runtime["key_value_store"][store.as_str().expect("a name")];
            assert_eq!(store["type"].as_str(), Some("spin"));
            // Without a path Spin keeps it in memory.
            assert!(store["path"].as_str().expect("a path").starts_with(".spin/"), "{store}");
        }
        manifest
    });
    assert_eq!(manifest, manifest_p2);
    let command = "--runtime-config-file runtime-config.toml";
    for document in ["README.md", "spin.toml", "spin-p2.toml", "docs/spin.md"] {
        assert!(read(document).contains(command), "{document} does not name the file");
    }
    assert!(read(".gitignore").lines().any(|line| line == "/.spin"), ".gitignore lacks /.spin");
}

/// The commands of the guide for Spin that need no Spin: a write-ahead log, and a store that is too large to be swept.
#[test]
fn spin() {
    let Ok(_) = Command::new("sqlite3").arg("--version").output() else {
        host_tests::summary::not_tested("docs/spin.md: there is no sqlite3");
        return;
    };
    let directory = directory("docs/spin.md");
    let [faster, sweep] = &blocks(&read("docs/spin.md"))[..] else { panic!("two examples") };
    let sh = |script: &str| {
        let output = Command::new("bash")
            .args(["-e", "-u", "-o", "pipefail", "-c", script])
            .current_dir(&directory)
            .output()
            .expect("bash is there");
        assert!(output.status.success(), "{script}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("text")
    };
    sh(faster);
    for database in ["sqlite_key_value", "replay"] {
        assert_eq!(sh(&format!("sqlite3 .spin/{database}.db 'PRAGMA journal_mode'")).trim(), "wal");
        assert_eq!(sh(&format!("stat -c %a .spin/{database}.db")).trim(), "600");
    }
    // As Spin makes it, with a used assertion that may go, and some that may not yet.
    sh("sqlite3 .spin/replay.db 'CREATE TABLE spin_key_value \
            (store TEXT, key TEXT, value BLOB, PRIMARY KEY (store, key))'\n\
        for hours in -100 -3 -2 0 5; do\n\
            bucket=$(printf %012d $(($(date +%s) / 3600 + hours)))\n\
            sqlite3 .spin/replay.db \"INSERT INTO spin_key_value VALUES ('replay', 'r/$bucket/d', x'01')\"\n\
        done");
    sh(sweep);
    assert_eq!(sh("sqlite3 .spin/replay.db 'SELECT count(*) FROM spin_key_value'").trim(), "3");
}
