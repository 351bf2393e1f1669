//! `asserta serve`: first start, restart, stop, mistakes.

use std::fs;

use crate::server::{Server, bring_compiled, run, run_program, run_with, spawn};

/// Posts what the printed line says, without a shell: the answer's status and body.
fn paste(line: &str) -> (u16, String) {
    let between =
        |begin: &str, end: &str| line.split(begin).nth(1).and_then(|rest| rest.split(end).next()).unwrap();
    let credentials = between("-u '", "'");
    let form = format!("grant_type={}&assertion={}", between("grant_type=", " "), between("assertion=", " "));
    let url = line.rsplit(' ').next().unwrap();
    let authorization = {
        use jwt_simple::reexports::ct_codecs::{Base64, Encoder as _};
        format!("Basic {}", Base64::encode_to_string(credentials).unwrap())
    };
    let request = ureq::post(url).config().http_status_as_error(false).build();
    let request = request.header("authorization", authorization);
    let mut answer = request.content_type("application/x-www-form-urlencoded").send(form).unwrap();
    (answer.status().as_u16(), answer.body_mut().read_to_string().unwrap())
}

/// R45, R72: the printed line works once; after SIGKILL the registrations and the used assertion are there.
#[test]
fn the_printed_line_works_once_and_a_killed_server_remembers() {
    let directory = tempfile::tempdir().unwrap();
    let server = Server::start(directory.path());
    let line = format!("curl {}", server.line("curl "));
    let (status, body) = paste(&line);
    assert_eq!(status, 200, "{body}");
    assert!(body.contains(r#""token_type":"Bearer""#), "{body}");
    let listen = server.url.strip_prefix("http://").unwrap().to_owned();
    server.kill();

    let server = Server::start_at(directory.path(), &listen);
    let fresh = format!("curl {}", server.line("curl "));
    let (status, body) = paste(&line);
    assert_eq!((status, body.contains(r#""error":"invalid_grant""#)), (400, true), "{body}");
    let (status, body) = paste(&fresh);
    assert_eq!(status, 200, "{body}");
    // The demo is still the one of the first start.
    assert_eq!(server.out(&["app", "list", "--org", "demo"]).lines().count(), 2);
}

#[cfg(unix)]
#[test]
fn a_terminated_server_ends_in_order() {
    let directory = tempfile::tempdir().unwrap();
    let server = Server::start(directory.path());
    server.line("curl ");
    assert!(server.terminate().success());
    // Closed in order: the write-ahead logs are gone.
    let files: Vec<_> = fs::read_dir(directory.path().join("data")).unwrap().collect();
    assert!(files.iter().all(|file| !file.as_ref().unwrap().file_name().to_string_lossy().ends_with("-wal")));
}

#[cfg(unix)]
#[test]
fn nobody_else_can_read_what_is_kept() {
    use std::os::unix::fs::PermissionsExt as _;

    let directory = tempfile::tempdir().unwrap();
    let server = Server::start(directory.path());
    server.line("curl ");
    let mut seen = 0;
    let mut folders = vec![directory.path().join("data")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            let mode = fs::metadata(&path).unwrap().permissions().mode();
            assert_eq!(mode & 0o077, 0, "{}", path.display());
            seen += 1;
            if path.is_dir() {
                folders.push(path);
            }
        }
    }
    assert!(seen >= 7, "databases, compiled form, token and demo: {seen}");
}

/// Somebody who has registered something of their own gets no demo.
#[test]
fn the_demo_is_for_an_empty_server() {
    let directory = tempfile::tempdir().unwrap();
    let server = Server::start(directory.path());
    server.line("curl ");
    server.out(&["app", "add", "mine"]);
    server.kill();
    fs::remove_file(directory.path().join("data/demo.json")).unwrap();
    let server = Server::start(directory.path());
    let demo = server.out(&["app", "list", "--org", "demo"]);
    assert_eq!(demo.lines().count(), 2, "no second demo application: {demo}");
}

#[test]
fn mistakes_are_named() {
    let directory = tempfile::tempdir().unwrap();
    let authority = rcgen::generate_simple_self_signed(vec!["authority".to_owned()]).unwrap();
    fs::write(directory.path().join("ca.pem"), authority.cert.pem()).unwrap();
    let mistakes: [(&[&str], i32, &str); 19] = [
        (&["--trust", r#"{"organizations":[{"name":"X Y"}]}"#], 1, "organizations[0].name"),
        (&["--public-url", "id.example"], 1, "--public-url"),
        (&["--public-url", "https://id.example/?a=b"], 1, "--public-url"),
        (&["--trust", "{"], 1, "--trust"),
        (&["--trust", "@missing.json"], 1, "--trust @missing.json: No"),
        (&["--jwks-ca", "missing.pem"], 1, "--jwks-ca: missing.pem"),
        (&["--store-ca", "missing.pem"], 1, "--store-ca: missing.pem"),
        (&["--store", "redis://:hidden@host", "--store-ca", "ca.pem"], 1, "rediss:// alone"),
        (&["--store", "memory", "--store-ca", "ca.pem"], 1, "--store-ca"),
        (&["--component", "missing.wasm"], 1, "--component missing.wasm: No"),
        (&["--listen", "nowhere"], 1, "--listen nowhere: must be HOST:PORT, such as 127.0.0.1:3000"),
        (&["--listen", "3000"], 1, "--listen 3000: must be HOST:PORT"),
        (&["--metrics-listen", "9090"], 1, "--metrics-listen 9090: must be HOST:PORT"),
        (&["--data", "ca.pem"], 1, "--data ca.pem: File exists"),
        (&["--store", "postgres://:hidden@host/"], 1, "--store"),
        (&["--store", "redis://:hidden@host:port"], 1, "--store"),
        (&["--access-token-algorithm", "HS256"], 2, "--access-token-algorithm"),
        (&["--workers", "0"], 2, "--workers"),
        (&["--activity", "sometimes"], 2, "--activity"),
    ];
    for (arguments, code, named) in mistakes {
        let arguments = [&["serve", "--listen", "127.0.0.1:0"], arguments].concat();
        let arguments: Vec<_> = match arguments.iter().filter(|&&one| one == "--listen").count() {
            2 => [&arguments[..1], &arguments[3..]].concat(),
            _ => arguments,
        };
        let ran = run(directory.path(), &arguments);
        assert_eq!(ran.code, code, "{arguments:?}: {ran:?}");
        assert!(ran.err.contains(named), "{arguments:?}: {ran:?}");
        assert!(!ran.err.contains("hidden"), "a password is shown: {ran:?}");
    }
}

/// A port that is taken is told at once, not when the component is compiled.
#[test]
fn a_port_that_is_taken_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let other = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = other.local_addr().unwrap().to_string();
    for (option, listen) in [("--listen", &[][..]), ("--metrics-listen", &["--listen", "127.0.0.1:0"][..])] {
        let ran =
            run(directory.path(), &[&["serve", option, &taken, "--component", "none.wasm"], listen].concat());
        assert_eq!(ran.code, 1, "{ran:?}");
        let told = format!("error: {option} {taken}: ");
        assert!(ran.err.starts_with(&told) && ran.err.contains("; choose another HOST:PORT"), "{ran:?}");
    }
}

/// Which setting it is, and why, is said whatever the log shows.
#[test]
fn a_setting_that_cannot_be_used_is_named() {
    let directory = tempfile::tempdir().unwrap();
    bring_compiled(&directory.path().join("data"));
    let quiet = [("ASSERTA_LOG", "endpoint=warn".to_owned())];
    let serve = ["serve", "--listen", "127.0.0.1:0"];
    let short = run_with(directory.path(), &quiet, &[&serve[..], &["--admin-token", "short"]].concat());
    assert_eq!(short.code, 1, "{short:?}");
    assert!(short.err.lines().last().unwrap().starts_with("error: --admin-token: must"), "{short:?}");
    assert!(short.err.contains("bad-setting"), "it is in the log too: {short:?}");

    // What only the stores tell.
    let server = Server::start(directory.path());
    let add = ["issuer", "add", "known", "--issuer", "https://p.example", "--no-fetch"];
    server.out(&add);
    server.kill();
    let trust = r#"{"organizations": [{"name": "default", "trusted_issuers":
        [{"name": "other", "issuer": "https://p.example", "jwks_uri": "https://p.example/jwks"}]}]}"#;
    let refused = run_with(directory.path(), &quiet, &[&serve[..], &["--trust", trust]].concat());
    assert_eq!(refused.code, 1, "{refused:?}");
    assert!(refused.err.contains("error: --trust: does not go with what is registered"), "{refused:?}");
    assert!(refused.err.contains("organizations[0].trusted_issuers[0].issuer"), "{refused:?}");
}

/// Who starts a server learns where the console is, or that nobody can administer it.
#[test]
fn the_way_to_administer_it_is_told() {
    let directory = tempfile::tempdir().unwrap();
    bring_compiled(&directory.path().join("data"));
    let serve = ["serve", "--listen", "127.0.0.1:0"];
    let next = |lines: &std::sync::mpsc::Receiver<String>| {
        lines.recv_timeout(std::time::Duration::from_secs(60)).expect("a line comes")
    };
    let without = spawn(directory.path(), &[("ASSERTA_LOG", "endpoint=warn")], &serve);
    let warning = "warning: no admin API and no console: set ASSERTA_ADMIN_TOKEN (openssl rand -hex 32), or ASSERTA_DEV=1";
    assert!(next(&without.err).starts_with(warning));
    drop(without);
    let token = "0123456789abcdef".repeat(4);
    for variable in [("ASSERTA_ADMIN_TOKEN", token.as_str()), ("ASSERTA_DEV", "1")] {
        let with = spawn(directory.path(), &[variable], &serve);
        let url = next(&with.out).strip_prefix("Asserta listens on ").unwrap().to_owned();
        let console = next(&with.out).strip_prefix("Console: ").unwrap().to_owned();
        assert_eq!(console, format!("{url}/console/"));
        assert_eq!(ureq::get(&console).call().unwrap().status().as_u16(), 200);
    }
}

#[test]
fn a_component_that_is_none_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("x.wasm"), b"not wasm").unwrap();
    let ran = run(directory.path(), &["serve", "--component", "x.wasm"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.err.contains("--component x.wasm: the component cannot be compiled"), "{ran:?}");
}

/// A component in the directory where somebody happens to be is not run: it would get the keys.
#[test]
fn the_current_directory_brings_no_component() {
    let directory = tempfile::tempdir().unwrap();
    let [alone, here] = ["bin", "here"].map(|name| directory.path().join(name));
    fs::create_dir(&alone).unwrap();
    let program = alone.join("asserta");
    fs::copy(env!("CARGO_BIN_EXE_asserta"), &program).unwrap();
    let planted = ["here", "here/target/components", "here/components", "components", "target/components"];
    for folder in planted {
        fs::create_dir_all(directory.path().join(folder)).unwrap();
        fs::write(directory.path().join(folder).join("handler.wasm"), "somebody's").unwrap();
    }
    let serve = ["serve", "--listen", "127.0.0.1:0"];
    for from in [&*here, directory.path()] {
        let ran = run_program(&program, from, &serve);
        assert_eq!(ran.code, 1, "{ran:?}");
        assert!(ran.err.contains("--component: no handler.wasm is beside "), "{ran:?}");
    }
    fs::write(alone.join("handler.wasm"), "beside").unwrap();
    let ran = run_program(&program, &here, &serve);
    assert!(ran.err.contains("bin/handler.wasm: the component cannot be compiled"), "{ran:?}");
}
