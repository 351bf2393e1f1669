//! `rediss://`: a node speaks TLS with its Redis, and with nobody else. Where it can't be sure whom it speaks with
//! it says nothing, and answers 503 (R70).

use std::net::TcpListener;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use host_tests::admin::{Admin, Client};
use host_tests::assertion::assertion;
use host_tests::client::send;
use host_tests::process::Server;
use host_tests::redis_server::{PASSWORD, RedisServer};
use serde_json::json;

fn text(path: &Path) -> Result<&str> {
    path.to_str().context("a path that is text")
}

/// A token through a Redis whose certificate a private authority has issued: once, as on any store (R45).
#[tokio::test(flavor = "multi_thread")]
async fn a_private_authority() -> Result<()> {
    let redis = RedisServer::start_with_tls("localhost")?;
    let (data, authority) = (tempfile::tempdir()?, redis.authority());
    let server =
        Server::start_with(data.path(), &["--store", &redis.url(), "--store-ca", text(&authority)?])?;
    let client = Admin(server.address).register_acme().await?;
    let used = assertion("es256", &json!({}))?;
    let answer = client.exchange(&used).await?;
    ensure!(answer.status == 200, "{} {}", answer.status, answer.text());
    let answer = client.exchange(&used).await?;
    ensure!(answer.status == 400 && answer.member("error")? == "invalid_grant", "{}", answer.text());
    ensure!(redis.keys()? > 0, "nothing is kept in Redis");
    Ok(())
}

/// The same by the variable that stands for the authorities of the operating system.
#[tokio::test(flavor = "multi_thread")]
async fn an_authority_of_the_system() -> Result<()> {
    let redis = RedisServer::start_with_tls("localhost")?;
    let (data, authority) = (tempfile::tempdir()?, redis.authority());
    let environment = [("SSL_CERT_FILE", text(&authority)?)];
    let server = Server::start_in(data.path(), &["--store", &redis.url()], &environment)?;
    let client = Admin(server.address).register_acme().await?;
    let answer = client.exchange(&assertion("es256", &json!({}))?).await?;
    ensure!(answer.status == 200, "{} {}", answer.status, answer.text());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_authority() -> Result<()> {
    let redis = RedisServer::start_with_tls("localhost")?;
    is_refused(&redis, &redis.url(), None, "UnknownIssuer").await?;
    // Nor do the system's authorities count beside those that are named, nor one for the other.
    let other = RedisServer::start_with_tls("localhost")?;
    is_refused(&redis, &redis.url(), Some(&other.authority()), "certificate").await
}

#[tokio::test(flavor = "multi_thread")]
async fn another_host_s_certificate() -> Result<()> {
    let redis = RedisServer::start_with_tls("redis.example")?;
    is_refused(&redis, &redis.url(), Some(&redis.authority()), "not valid for name").await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_without_tls() -> Result<()> {
    let (plain, with_tls) = (RedisServer::start()?, RedisServer::start_with_tls("localhost")?);
    let url = plain.url().replace("redis://", "rediss://");
    is_refused(&plain, &url, Some(&with_tls.authority()), "Redis cannot be reached").await
}

/// What a node says to somebody in Redis's place who speaks no TLS: no password.
#[tokio::test(flavor = "multi_thread")]
async fn a_listener_without_tls_learns_nothing() -> Result<()> {
    use std::io::Read as _;

    let listener = TcpListener::bind("127.0.0.1:0")?;
    let url = format!("rediss://:{PASSWORD}@localhost:{}", listener.local_addr()?.port());
    let heard = std::thread::spawn(move || -> Result<Vec<u8>> {
        let (mut stream, _) = listener.accept()?;
        stream.set_read_timeout(Some(Duration::from_secs(2)))?;
        let (mut heard, mut some) = (Vec::new(), [0; 4096]);
        while let Ok(length @ 1..) = stream.read(&mut some) {
            heard.extend_from_slice(&some[..length]);
        }
        Ok(heard)
    });
    let data = tempfile::tempdir()?;
    let _server = Server::start_with(data.path(), &["--store", &url])?;
    let heard = heard.join().expect("the listener does not panic")?;
    // 22: a TLS handshake.
    ensure!(heard.first() == Some(&22), "no TLS is spoken: {heard:?}");
    ensure!(!String::from_utf8_lossy(&heard).contains(PASSWORD), "the password is sent in the clear");
    Ok(())
}

/// A node on this address is there and answers 503; nothing came to the server, and the log says why.
async fn is_refused(redis: &RedisServer, url: &str, authority: Option<&Path>, why: &str) -> Result<()> {
    let data = tempfile::tempdir()?;
    let mut options = vec!["--store", url];
    if let Some(authority) = authority {
        options.extend(["--store-ca", text(authority)?]);
    }
    let server = Server::start_with(data.path(), &options)?;
    ensure!(send(server.address, "GET", "/health", &[], "").await?.status == 503, "it is healthy");
    let stranger =
        Client { address: server.address, client_id: "app".to_owned(), client_secret: "secret".to_owned() };
    let answer = stranger.exchange(&assertion("es256", &json!({}))?).await?;
    ensure!(answer.status == 503, "{} {}", answer.status, answer.text());
    ensure!(answer.member("error")? == "temporarily_unavailable", "{}", answer.text());
    ensure!(redis.keys()? == 0, "something is kept in Redis");
    let log = server.log()?;
    ensure!(log.contains(why), "the log does not say {why}: {log}");
    ensure!(!log.contains(PASSWORD), "the log shows the password: {log}");
    Ok(())
}
