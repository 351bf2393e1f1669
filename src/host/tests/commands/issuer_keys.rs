//! `asserta issuer check`, and what `add` and `show` say of an issuer's keys.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::{fs, thread};

use serde_json::{Value, json};

use crate::server::Server;

/// RFC 8037 appendices A.2 and A.3.
const X: &str = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
const THUMBPRINT: &str = "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k";

/// A JWKS endpoint on this machine.
struct Endpoint {
    url: String,
    answer: Arc<Mutex<(u16, String)>>,
    asked: Arc<AtomicUsize>,
}

impl Endpoint {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let answer = Arc::new(Mutex::new((200, String::new())));
        let asked = Arc::new(AtomicUsize::new(0));
        let (answers, asks) = (Arc::clone(&answer), Arc::clone(&asked));
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                asks.fetch_add(1, Ordering::SeqCst);
                let (status, body) = answers.lock().unwrap().clone();
                serve(stream, status, &body);
            }
        });
        Self { url, answer, asked }
    }

    fn serves(&self, status: u16, body: impl ToString) {
        *self.answer.lock().unwrap() = (status, body.to_string());
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

fn serve(mut stream: TcpStream, status: u16, body: &str) {
    let mut request: Vec<u8> = Vec::new();
    let mut part = [0; 1024];
    while !request.windows(4).any(|end| end == b"\r\n\r\n") {
        match stream.read(&mut part) {
            Ok(count @ 1..) => request.extend(&part[..count]),
            _ => return,
        }
    }
    let length = body.len();
    _ = write!(stream, "HTTP/1.1 {status} X\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}");
}

#[test]
fn an_endpoint_is_tried_at_once() {
    let directory = tempfile::tempdir().unwrap();
    let server = Server::start(directory.path());
    let endpoint = Endpoint::start();
    let key = json!({"kty": "OKP", "crv": "Ed25519", "x": X, "kid": "k\u{1b}[2J1", "use": "sig"});
    endpoint.serves(200, json!({"keys": [key, {"kty": "oct", "k": "AAAA"}]}));
    let add = ["issuer", "add", "idp", "--issuer", "https://idp.example", "--jwks-uri", &endpoint.url];

    // Without trying.
    let quiet = server.out(&[&add[..], &["--no-fetch"]].concat());
    assert_eq!((quiet.lines().count(), endpoint.asked()), (1, 0), "{quiet}");
    let shown = server.out(&["issuer", "show", "idp"]);
    assert!(shown.contains("never fetched") && shown.contains("0 usable keys of idp"), "{shown}");
    server.out(&["issuer", "remove", "idp"]);

    let added = server.out(&add);
    assert_eq!(endpoint.asked(), 1);
    let told = format!(r"1 usable key (1 skipped) from {}: k\u{{1b}}[2J1 (OKP Ed25519)", endpoint.url);
    assert_eq!(added.lines().last(), Some(told.as_str()), "{added}");

    // It is shown, and nothing is fetched for that.
    let shown = server.out(&["issuer", "show", "idp"]);
    for part in [THUMBPRINT, "OKP Ed25519", " UTC", "skipped: a symmetric key never verifies an assertion"] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    assert!(!shown.contains('\u{1b}'), "{shown:?}");
    let record: Value = serde_json::from_str(&server.out(&["issuer", "show", "idp", "--json"])).unwrap();
    assert_eq!((&record["name"], record.get("keys")), (&json!("idp"), None), "the registration alone");
    assert_eq!(endpoint.asked(), 1);

    // Checked again without a pause; for programs as JSON.
    let checked = server.out(&["issuer", "check", "idp"]);
    assert!(checked.contains(THUMBPRINT) && !checked.contains('\u{1b}'), "{checked:?}");
    let report: Value = serde_json::from_str(&server.out(&["issuer", "check", "idp", "--json"])).unwrap();
    assert_eq!((&report["usable"], &report["keys"][0]["thumbprint"]), (&json!(1), &json!(THUMBPRINT)));
    assert_eq!(endpoint.asked(), 3);
    server.out(&["issuer", "check", "idp", "--no-fetch"]);
    assert_eq!(endpoint.asked(), 3);

    // What was there is used on: that is no failure yet.
    endpoint.serves(404, "gone");
    let failing = server.out(&["issuer", "check", "idp"]);
    assert!(failing.contains("problem: it answered 404 instead of 200"), "{failing}");
    assert!(failing.contains(": tried 2") && !failing.contains("fetched"), "{failing}");
}

#[test]
fn keys_that_do_not_come() {
    let directory = tempfile::tempdir().unwrap();
    let server = Server::start(directory.path());
    let endpoint = Endpoint::start();
    for (status, body, told) in [
        (404, "no".to_owned(), "it answered 404 instead of 200"),
        (302, "no".to_owned(), "a redirect, which is not followed"),
        (200, "x".repeat(70_000), "its document exceeds 64 KiB"),
        (200, "<html>".to_owned(), "HTML"),
        (200, json!({"keys": [{"kty": "oct", "k": "AA"}]}).to_string(), "a symmetric key"),
    ] {
        endpoint.serves(status, body);
        let added = server.run(&[
            "issuer",
            "add",
            "idp",
            "--issuer",
            "https://idp.example",
            "--jwks-uri",
            &endpoint.url,
        ]);
        assert_eq!(added.code, 0, "{added:?}");
        assert!(
            added.err.starts_with("warning: its keys did not come: ") && added.err.contains(told),
            "{added:?}"
        );
        let checked = server.run(&["issuer", "check", "idp"]);
        assert_eq!(checked.code, 1, "{checked:?}");
        assert!(checked.out.contains(told) && checked.err.contains("no key can be used now"), "{checked:?}");
        let as_json = server.run(&["issuer", "check", "idp", "--json"]);
        let report: Value = serde_json::from_str(&as_json.out).unwrap();
        assert_eq!((as_json.code, &report["usable"]), (1, &json!(0)));
        server.out(&["issuer", "remove", "idp"]);
    }
    // Discovery, at the issuer's own place.
    endpoint.serves(200, json!({"issuer": "https://other.example", "jwks_uri": endpoint.url}));
    let added = server.run(&["issuer", "add", "ci", "--issuer", &endpoint.url, "--json"]);
    let registered: Value = serde_json::from_str(&added.out).unwrap();
    assert_eq!((added.code, &registered["discovery"]), (0, &json!(true)), "{added:?}");
    assert!(added.err.contains("its metadata: it names another issuer"), "{added:?}");
    let unknown = server.run(&["issuer", "check", "nobody"]);
    assert_eq!((unknown.code, unknown.err.contains("404")), (2, true), "no verdict: {unknown:?}");
}

#[test]
fn registered_keys_are_shown() {
    let directory = tempfile::tempdir().unwrap();
    let server = Server::start(directory.path());
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../core/tests/certificates");
    let read = |name: &str| fs::read_to_string(path.join(name)).unwrap();
    let pem = read("p256.crt.pem") + &read("expired-with-text.pem");
    fs::write(directory.path().join("chain.pem"), pem).unwrap();
    let add = ["issuer", "add", "legacy", "--issuer", "https://legacy.example", "--certificate", "chain.pem"];
    assert_eq!(server.out(&add).lines().count(), 1, "there is nothing to try");
    let shown = server.out(&["issuer", "show", "legacy"]);
    for part in ["1 usable key of legacy", "O=Asserta tests, CN=p256", "2126-10-31 16:11:57", "expired at"] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    assert_eq!(server.run(&["issuer", "check", "legacy"]).code, 0);
    fs::write(directory.path().join("old.pem"), read("expired-with-text.pem")).unwrap();
    server.out(&["issuer", "set", "legacy", "--certificate", "old.pem"]);
    let expired = server.run(&["issuer", "check", "legacy"]);
    assert_eq!(expired.code, 1, "{expired:?}");
    assert!(expired.out.contains("problem: the certificate expired at 2020-12-31T23:59:59Z"), "{expired:?}");
}
