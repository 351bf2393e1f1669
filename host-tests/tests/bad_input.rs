//! Bad input at the doors that scenarios do not reach: the admin API's bodies, raw sockets, the seed document
//! and the command line. Each is answered with what is wrong; nothing is stored, nothing crashes.

use std::process::{Command, Output};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use asserta::Secret;
use asserta::keyvalue::MemoryStores;
use host_tests::admin::Admin;
use host_tests::assertion::assertion;
use host_tests::client::send;
use host_tests::components::program;
use host_tests::local_host::{ADMIN_TOKEN, LocalHost};
use host_tests::process::{Server, command};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

#[tokio::test(flavor = "multi_thread")]
async fn bodies_of_the_admin_api() -> Result<()> {
    let host = LocalHost::of(program("handler.wasm")?).start().await?;
    let admin = Admin(host.address());
    let client = admin.register_acme().await?;
    let before = admin.done("GET", "acme/trusted-issuers", None).await?.text();
    let path = "/admin/organizations/acme/trusted-issuers";
    let bearer = format!("Bearer {ADMIN_TOKEN}");
    let json_type: (&str, &[u8]) = ("content-type", b"application/json");
    let deep = format!("{}{}", "[".repeat(20_000), "]".repeat(20_000));
    let long = format!("{{\"name\":\"{}\"}}", "x".repeat(70_000));
    let bodies: [(&[u8], u16); 12] = [
        (b"", 400),
        (b"{", 400),
        (b"[]", 400),
        (b"null", 400),
        (b"\"text\"", 400),
        (b"{} {}", 400),
        (b"{\"name\":\"a\",\"name\":\"b\"}", 400),
        (b"{\"name\":\"\xff\"}", 400),
        (b"{\"name\":\"\\ud800\"}", 400),
        (b"{\"name\":1e999}", 400),
        (deep.as_bytes(), 400),
        (long.as_bytes(), 413),
    ];
    for (body, status) in bodies {
        let headers = [("authorization", bearer.as_bytes()), json_type];
        let answer = send(host.address(), "POST", path, &headers, body.to_vec()).await?;
        let shown = String::from_utf8_lossy(&body[..body.len().min(40)]).into_owned();
        ensure!(answer.status == status, "{shown}: {} {}", answer.status, answer.text());
        ensure!(
            answer.header("content-type") == Some("application/problem+json"),
            "{shown}: {}",
            answer.text()
        );
        ensure!(answer.json()?["status"] == status, "{shown}: {}", answer.text());
    }
    for (method, path, media_type, status) in [
        ("POST", path, "text/plain", 415),
        ("PATCH", path, "application/json", 405),
        ("PUT", "/admin/organizations/Not%20A%20Name", "application/json", 400),
        ("PUT", "/admin/organizations/-x", "application/json", 400),
        ("PUT", "/admin/organizations/%ff", "application/json", 400),
        ("PUT", "/admin/organizations/..", "application/json", 400),
        ("GET", "/admin/organizations/acme/trusted-issuers?limit=none", "application/json", 400),
        ("GET", "/admin/organizations/acme/trusted-issuers/unknown", "application/json", 404),
        ("GET", "/admin/organizations/acme/trusted-issuers/a%2F..%2Fpartner", "application/json", 404),
        ("GET", "/admin/organizations/acme/nothing", "application/json", 404),
    ] {
        let headers = [("authorization", bearer.as_bytes()), ("content-type", media_type.as_bytes())];
        let answer = send(host.address(), method, path, &headers, "{}").await?;
        ensure!(answer.status == status, "{method} {path}: {} {}", answer.status, answer.text());
    }
    let after = admin.done("GET", "acme/trusted-issuers", None).await?.text();
    ensure!(before == after, "something was stored: {after}");
    ensure!(client.exchange(&assertion("es256", &json!({}))?).await?.status == 200, "it lives on");
    host.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn bytes_that_are_no_http() -> Result<()> {
    let host = LocalHost::of(program("handler.wasm")?).start().await?;
    let client = Admin(host.address()).register_acme().await?;
    let large = format!("GET /health HTTP/1.1\r\nhost: x\r\nx: {}\r\n\r\n", "a".repeat(100_000));
    let token = "POST /t/acme/oauth2/token HTTP/1.1\r\nhost: x\r\ncontent-type: application/x-www-form-urlencoded\r\n";
    let both = format!("{token}content-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n");
    let chunk = format!("{token}transfer-encoding: chunked\r\n\r\nzz\r\n");
    let lies = format!("{token}content-length: 99999999999999999999\r\n\r\n");
    let hostile: [&[u8]; 8] = [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"\x00\x00\x00\x00\r\n\r\n",
        b"GET\r\n\r\n",
        b"GET /health HTTP/9.9\r\nhost: x\r\n\r\n",
        large.as_bytes(),
        both.as_bytes(),
        chunk.as_bytes(),
        lies.as_bytes(),
    ];
    for bytes in hostile {
        let mut stream = TcpStream::connect(host.address()).await?;
        // The server may hang up before all is written.
        _ = stream.write_all(bytes).await;
        let mut answer = Vec::new();
        let read = tokio::time::timeout(Duration::from_secs(15), stream.read_to_end(&mut answer)).await;
        ensure!(read.is_ok(), "the server keeps waiting after {:?}", &bytes[..bytes.len().min(20)]);
        let answer = String::from_utf8_lossy(&answer);
        let refused =
            answer.is_empty() || answer.starts_with("HTTP/1.1 4") || answer.starts_with("HTTP/1.0 4");
        ensure!(refused, "{:?}: {answer}", &bytes[..bytes.len().min(20)]);
    }
    ensure!(client.exchange(&assertion("es256", &json!({}))?).await?.status == 200, "it lives on");
    host.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn seed_documents() -> Result<()> {
    let program = program("handler.wasm")?;
    let stores = Arc::new(MemoryStores::new());
    for document in [
        "not JSON",
        "[]",
        r#"{"organisations":[]}"#,
        r#"{"organizations":[{"name":"Not A Name"}]}"#,
        r#"{"organizations":[{"name":"acme","trusted_issuers":[{"name":"x","issuer":"x"}]}]}"#,
        r#"{"organizations":[{"name":"acme","applications":[{"client_id":"x","client_secret":"short"}]}]}"#,
    ] {
        let host = LocalHost::of(program.clone()).stores(stores.clone());
        let started = host.settings(|settings| settings.trust = Some(Secret::new(document))).start().await;
        ensure!(started.is_err(), "it starts with {document}");
    }
    let host = LocalHost::of(program).stores(stores).start().await?;
    let answer = Admin(host.address()).send("GET", "acme", None).await?;
    ensure!(answer.status == 404, "something was stored: {}", answer.text());
    host.stop().await;
    Ok(())
}

#[test]
fn a_seed_document_that_is_wrong_is_named_in_the_log() -> Result<()> {
    let data = tempfile::tempdir()?;
    let document = r#"{"organizations":[{"name":"acme","trusted_issuers":[{"name":"x","issuer":"x","jwks_uri":"http://x.example"}]}]}"#;
    let Err(error) = Server::start_with(data.path(), &["--trust", document]) else { bail!("it starts") };
    let said = error.to_string();
    ensure!(said.contains("organizations[0].trusted_issuers[0].jwks_uri"), "{said}");
    Ok(())
}

#[test]
fn the_command_line() -> Result<()> {
    let data = tempfile::tempdir()?;
    let file = data.path().join("document.json");
    let path = file.to_str().context("a path in UTF-8")?;
    let mut server = Server::start(data.path())?;
    let url = format!("http://{}", server.address);
    let run = |arguments: &[&str]| -> Result<Output> {
        let mut asserta = Command::new(command()?);
        asserta.args(arguments).env("ASSERTA_URL", &url).env("ASSERTA_ADMIN_TOKEN", ADMIN_TOKEN);
        Ok(asserta.current_dir(data.path()).output()?)
    };
    let fails = |arguments: &[&str], named: &str| -> Result<()> {
        let output = run(arguments)?;
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        ensure!(!output.status.success(), "{arguments:?} succeeded");
        ensure!(said.contains(named), "{arguments:?} does not name {named}: {said}");
        ensure!(!said.contains("panicked"), "{arguments:?}: {said}");
        Ok(())
    };
    fails(&["serve", "--listen", "nowhere"], "nowhere")?;
    fails(&["serve", "--access-token-algorithm", "HS256"], "HS256")?;
    fails(&["serve", "--public-url", "not a url"], "--public-url")?;
    fails(&["serve", "--component", "/nonexistent.wasm"], "/nonexistent.wasm")?;
    fails(&["serve", "--trust", "{", "--listen", "127.0.0.1:0"], "--trust")?;
    fails(&["serve", "--workers", "0"], "--workers")?;
    fails(&["nonsense"], "nonsense")?;
    fails(
        &["issuer", "add", "x", "--issuer", "https://x.example", "--certificate", "/nonexistent.pem"],
        "nonexistent.pem",
    )?;
    fails(
        &["issuer", "add", "x", "--issuer", "https://x.example", "--jwks-uri", "http://x.example"],
        "jwks_uri",
    )?;
    fails(&["apply", "/nonexistent.json"], "nonexistent.json")?;
    std::fs::write(&file, "{")?;
    fails(&["apply", path], "document.json")?;
    std::fs::write(&file, r#"{"organizations":[{"name":"acme","colour":"red"}]}"#)?;
    fails(&["apply", path], "colour")?;
    std::fs::write(&file, r#"{"organizations":[{"name":"Not A Name"}]}"#)?;
    fails(&["apply", path], "organization")?;
    fails(&["explain", "not a token", "--org", "nobody"], "organization")?;
    // And the server is none the worse for it.
    let listed = run(&["org", "list", "--json"])?;
    ensure!(listed.status.success(), "{}", String::from_utf8_lossy(&listed.stderr));
    ensure!(!String::from_utf8_lossy(&listed.stdout).contains("Not A Name"), "it was stored");
    server.terminate()?;
    ensure!(server.wait(Duration::from_secs(10))?.success(), "it ends well");
    Ok(())
}
