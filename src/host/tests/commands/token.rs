//! The admin token goes to the server that it belongs to, and to nobody else.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::server::{PROXY_VARIABLES, Server, run_with};

const TOKEN: &str = "an-admin-token-of-a-test-that-goes-nowhere-else";

/// Something that listens, keeps what it is sent, and answers each request with the same.
struct Listener {
    address: SocketAddr,
    seen: Arc<Mutex<Vec<u8>>>,
}

impl Listener {
    fn start(answer: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (address, seen) = (listener.local_addr().unwrap(), Arc::new(Mutex::new(Vec::new())));
        let kept = seen.clone();
        std::thread::spawn(move || {
            for mut stream in listener.incoming().map_while(Result::ok) {
                let kept = kept.clone();
                std::thread::spawn(move || {
                    stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
                    let mut buffer = [0; 4096];
                    while let Ok(count @ 1..) = stream.read(&mut buffer) {
                        kept.lock().unwrap().extend(&buffer[..count]);
                        _ = stream.write_all(answer.as_bytes());
                    }
                });
            }
        });
        Self { address, seen }
    }

    /// A proxy that agrees to everything.
    fn proxy() -> Self {
        Self::start("HTTP/1.1 200 OK\r\n\r\n")
    }

    /// Names it as the proxy in every variable that programs read.
    fn variables(&self) -> Vec<(&'static str, String)> {
        PROXY_VARIABLES.iter().map(|&name| (name, format!("http://{}", self.address))).collect()
    }

    fn seen(&self) -> String {
        String::from_utf8_lossy(&self.seen.lock().unwrap()).into_owned()
    }
}

/// The server prepares its demo and answers commands, and the proxy of the environment hears of neither.
#[test]
fn no_proxy_is_on_the_way_to_this_machine() {
    let directory = tempfile::tempdir().unwrap();
    let proxy = Listener::proxy();
    let variables = proxy.variables();
    let server = Server::start_with(directory.path(), &variables);
    let line = server.line("curl ");
    // The line works where it is pasted, whatever proxy is set there.
    assert!(line.starts_with("-sS --noproxy '*' -u "), "{line}");
    let given = [&variables[..], &[("ASSERTA_URL", server.url.clone())]].concat();
    let listed = run_with(directory.path(), &given, &["org", "list"]);
    assert_eq!((listed.code, listed.out.contains("demo")), (0, true), "{listed:?}");
    let token = std::fs::read_to_string(directory.path().join("data/admin-token")).unwrap();
    let listed = run_with(directory.path(), &given, &["org", "list", "--admin-token", token.trim()]);
    assert_eq!(listed.code, 0, "{listed:?}");
    assert_eq!(proxy.seen(), "");
}

#[test]
fn by_http_to_another_machine_no_token_is_sent_unasked_and_through_no_proxy() {
    let directory = tempfile::tempdir().unwrap();
    let proxy = Listener::proxy();
    for name in PROXY_VARIABLES {
        let variables =
            [(name, format!("http://{}", proxy.address)), ("ASSERTA_ADMIN_TOKEN", TOKEN.to_owned())];
        let to_server = ["org", "list", "--url", "http://asserta.invalid:3000"];
        let refused = run_with(directory.path(), &variables, &to_server);
        assert_eq!((refused.code, refused.err.contains("--insecure-http")), (2, true), "{name}: {refused:?}");
        let insecure = [&to_server[..], &["--insecure-http"]].concat();
        let lost = run_with(directory.path(), &variables, &insecure);
        assert!(lost.err.contains("does not answer"), "{name}: {lost:?}");
        let insecure = [&variables[..], &[("ASSERTA_INSECURE_HTTP", "1".to_owned())]].concat();
        let lost = run_with(directory.path(), &insecure, &to_server);
        assert!(lost.err.contains("does not answer"), "{name}: {lost:?}");
    }
    assert_eq!(proxy.seen(), "");
}

/// A proxy for https sees where it goes and no more.
#[test]
fn by_https_a_proxy_sees_no_token() {
    let directory = tempfile::tempdir().unwrap();
    let proxy = Listener::proxy();
    let variables = [&proxy.variables()[..], &[("ASSERTA_ADMIN_TOKEN", TOKEN.to_owned())]].concat();
    let ran = run_with(directory.path(), &variables, &["org", "list", "--url", "https://asserta.invalid"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    let seen = proxy.seen();
    assert!(seen.starts_with("CONNECT asserta.invalid:443") && !seen.contains(TOKEN), "{seen}");
}

#[test]
fn a_token_that_is_found_goes_to_this_machine_alone() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    std::fs::create_dir(&data).unwrap();
    std::fs::write(data.join("admin-token"), TOKEN).unwrap();
    let listener = Listener::proxy();
    let port = listener.address.port();
    let elsewhere = [
        format!("http://0.0.0.0:{port}"),
        format!("http://127.0.0.1.:{port}"),
        format!("http://2130706433:{port}"),
        "http://asserta.invalid".to_owned(),
        "https://asserta.invalid".to_owned(),
    ];
    for url in &elsewhere {
        for more in [&[][..], &["--insecure-http"]] {
            let command = [&["org", "list", "--url", url], more].concat();
            let refused = run_with(directory.path(), &[], &command);
            assert_eq!(refused.code, 2, "{url}: {refused:?}");
            assert!(refused.err.contains("no admin token for ") && refused.err.contains(url), "{refused:?}");
            assert!(refused.err.contains("on this machine alone"), "{refused:?}");
        }
    }
    let hidden = format!("http://127.0.0.1@asserta.invalid:{port}");
    let refused = run_with(directory.path(), &[], &["org", "list", "--url", &hidden]);
    assert!(refused.err.contains("--url: must have no credentials"), "{refused:?}");
    assert_eq!(listener.seen(), "");
}

#[test]
fn a_redirect_carries_no_token() {
    let directory = tempfile::tempdir().unwrap();
    let target = Listener::proxy();
    let answer =
        format!("HTTP/1.1 307 X\r\nlocation: http://{}/\r\ncontent-length: 0\r\n\r\n", target.address);
    let server = Listener::start(answer.leak());
    let url = format!("http://{}", server.address);
    for command in [&["org", "list"][..], &["org", "add", "x"]] {
        let command = [command, &["--admin-token", TOKEN, "--url", &url]].concat();
        let ran = run_with(directory.path(), &[], &command);
        assert_eq!((ran.code, ran.err.contains("answered 307")), (1, true), "{ran:?}");
    }
    assert!(server.seen().contains(TOKEN));
    assert_eq!(target.seen(), "");
}
